"""`headrace watermarks`: how far incremental blocks have come; sets and resets their marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from headrace.cli.project import json_option, open_history, paths_of, print_json, project_option

if TYPE_CHECKING:
    from headrace.protocol.watermarks import WatermarkTable


@click.group(
    "watermarks",
    invoke_without_command=True,
    short_help="Show how far incremental loads have come; set that anew.",
)
@project_option
@json_option
@click.pass_context
def command(context: click.Context, *, folder: str, as_json: bool) -> None:
    """List the marks of all incremental blocks. `set` and `reset` change one."""
    from headrace.project.files import Project
    from headrace.project.watermarks import listed

    if context.invoked_subcommand is not None:
        return
    paths = paths_of(folder)
    project, history = Project(paths), open_history(paths)
    found: list[WatermarkTable] = []
    for name in project.list_pipelines():
        blocks = project.read_pipeline(name).blocks
        incremental = [block.name for block in blocks if block.incremental is not None]
        found += listed(name, incremental, history.watermarks(name))
    history.close()
    if as_json:
        print_json({"watermarks": found})
        return
    for table in found:
        click.echo(_line(table))


@command.command("set", short_help="Let the next run go on from a value.")
@click.argument("pipeline")
@click.argument("block")
@click.argument("value")
@project_option
@json_option
def set_(pipeline: str, block: str, value: str, *, folder: str, as_json: bool) -> None:
    """Let the next run of BLOCK load what is beyond VALUE."""
    _answer(_set(folder, pipeline, block, value), as_json=as_json)


@command.command("reset", short_help="Let the next run load from the beginning.")
@click.argument("pipeline")
@click.argument("block")
@project_option
@json_option
def reset(pipeline: str, block: str, *, folder: str, as_json: bool) -> None:
    """Let the next run of BLOCK load everything, or what is beyond its `start:`."""
    _answer(_set(folder, pipeline, block, None), as_json=as_json)


def _set(folder: str, pipeline: str, block: str, value: str | None) -> WatermarkTable:
    from headrace.core.clock import SystemClock
    from headrace.project.files import Project
    from headrace.project.watermarks import mark_to_set

    paths = paths_of(folder)
    found = Project(paths).read_pipeline(pipeline).block(block)
    incremental = None if found is None else found.incremental
    history = open_history(paths)
    try:
        mark = mark_to_set(block, incremental, history.watermarks(pipeline), value)
        return history.set_watermark(pipeline, block, mark, SystemClock().now())
    finally:
        history.close()


def _answer(table: WatermarkTable, *, as_json: bool) -> None:
    if as_json:
        print_json(table)
    else:
        click.echo(_line(table))


def _line(table: WatermarkTable) -> str:
    mark = table.mark
    said = "from the beginning" if mark is None else f"{mark.column} > {mark.value} ({mark.type})"
    by = f"by run {table.run}" if table.run else "by hand"
    when = f"  {table.moved_at:%Y-%m-%d %H:%M:%SZ} {by}" if table.moved_at else ""
    return f"{table.pipeline}/{table.block}  {said}{when}"
