"""`headrace check`: diagnostics of pipelines, without running anything."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from headrace.cli.project import json_option, paths_of, print_json, project_option

if TYPE_CHECKING:
    from headrace.core.paths import ProjectPaths
    from headrace.protocol.replies import Diagnostic


@click.command("check", short_help="Look for problems without running anything.")
@click.argument("pipeline", required=False)
@project_option
@json_option
def command(pipeline: str | None, *, folder: str, as_json: bool) -> None:
    """Check PIPELINE, or all of them. Exits with 1 when there are errors."""
    found = asyncio.run(_check(paths_of(folder), pipeline))
    problems = [(name, one) for name, diagnostics in found.items() for one in diagnostics]
    if as_json:
        print_json({"pipelines": found})
    else:
        for name, one in problems:
            place = f"{one.file or name}:{one.line}:{one.column + 1}"
            click.echo(f"{place}: {one.severity}: {one.message} ({one.code})")
        if not problems:
            click.echo("No problems found.")
    sys.exit(1 if any(one.severity == "error" for _, one in problems) else 0)


async def _check(paths: ProjectPaths, pipeline: str | None) -> dict[str, list[Diagnostic]]:
    from headrace.server.runtime import Runtime

    runtime = Runtime(paths)
    try:
        await runtime.open(serve=False)
        names = [pipeline] if pipeline else runtime.project.list_pipelines()
        found: dict[str, list[Diagnostic]] = {}
        for name in names:
            session = await runtime.sessions.open(name)
            state = session.snapshot().state
            found[name] = state.diagnostics if state else []
        return found
    finally:
        await runtime.close()
