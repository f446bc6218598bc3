"""`headrace publish`: lets triggers run a pipeline as it is now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from headrace.cli.project import json_option, paths_of, print_json, project_option

if TYPE_CHECKING:
    from headrace.core.paths import ProjectPaths
    from headrace.protocol.versions import Difference, PublishedVersion


@click.command("publish", short_help="Let triggers run a pipeline as it is now.")
@click.argument("pipeline")
@project_option
@click.option("-m", "--message", default="", help="What is different, in a few words.")
@json_option
def command(pipeline: str, *, folder: str, message: str, as_json: bool) -> None:
    """Publish PIPELINE. Exits with 1 when it could not run; without a change nothing happens."""
    before, version, changes = asyncio.run(_publish(paths_of(folder), pipeline, message))
    if as_json:
        print_json(version)
        return
    if before == version:
        click.echo(f"{pipeline}: version {version.number} is published already.")
        return
    click.echo(f"{pipeline}: version {version.number} is published.")
    for line in _lines(changes):
        click.echo(f"  {line}")


async def _publish(
    paths: ProjectPaths, pipeline: str, message: str
) -> tuple[PublishedVersion | None, PublishedVersion, Difference]:
    """Return what was published before, what is now, and what that changed."""
    from headrace.protocol.commands import Publish
    from headrace.server.runtime import Runtime

    runtime = Runtime(paths)
    try:
        await runtime.open(serve=False)
        session = await runtime.sessions.open(pipeline)
        before = await runtime.history.call(lambda known: known.published(pipeline))
        changes = await session.difference_to_draft(None if before is None else before.number)
        version = await session.handle(Publish(pipeline=pipeline, message=message))
    finally:
        await runtime.close()
    return before, version, changes


def _lines(changes: Difference) -> list[str]:
    """Say each change in a line."""
    signs = {"added": "+", "removed": "-", "changed": "~"}
    lines = [
        f"{signs[block.change]} {block.name}"
        + (f" ({', '.join(block.what)})" if block.what else "")
        for block in changes.blocks
    ]
    lines += [f"{signs[one.change]} parameter {one.name}" for one in changes.parameters]
    return [*lines, *(["~ order of the blocks"] if changes.order else [])]
