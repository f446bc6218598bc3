"""`headrace store`: how much room outputs take, and making room."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from headrace.cli.project import json_option, open_history, paths_of, print_json, project_option

if TYPE_CHECKING:
    from headrace.core.paths import ProjectPaths

_OTHER = "(no longer named)"


class Held(Struct):
    """What the outputs of a block take; an output of several blocks counts for each."""

    pipeline: str
    block: str
    outputs: int = 0
    bytes: int = 0


class Swept(Struct):
    """What a sweep removed, or would remove."""

    applied: bool
    outputs: int = 0
    bytes: int = 0
    results: int = 0
    note: str = ""


@click.group("store", short_help="Show how much room outputs take.", invoke_without_command=True)
@project_option
@json_option
@click.pass_context
def command(context: click.Context, *, folder: str, as_json: bool) -> None:
    """Show what the outputs of each block take, the largest first."""
    context.obj = folder
    if context.invoked_subcommand is not None:
        return
    held, total = _held(paths_of(folder))
    if as_json:
        print_json({"bytes": total, "blocks": held})
        return
    for one in held:
        name = f"{one.pipeline}/{one.block}" if one.pipeline else one.block
        click.echo(f"{_size(one.bytes):>10}  {one.outputs:>6}  {name}")
    click.echo(f"{_size(total):>10}  in all")


def _held(paths: ProjectPaths) -> tuple[list[Held], int]:
    from headrace.store.files import StoreFiles

    sizes = dict(StoreFiles(paths.store).sizes())
    history = open_history(paths)
    try:
        named: dict[tuple[str, str], set[str]] = defaultdict(set)
        for pipeline, block, address in history.stored():
            if address in sizes:
                named[pipeline, block].add(address)
    finally:
        history.close()
    held = [
        Held(p, b, len(found), sum(sizes[address] for address in found))
        for (p, b), found in named.items()
    ]
    rest = sizes.keys() - set[str]().union(*named.values())
    if rest:
        held.append(Held("", _OTHER, len(rest), sum(sizes[address] for address in rest)))
    held.sort(key=lambda one: (-one.bytes, one.pipeline, one.block))
    return held, sum(sizes.values())


@command.command("sweep", short_help="Remove outputs that nothing needs.")
@click.option("-C", "--project", "folder", help="The project's folder; this one by default.")
@click.option(
    "--older-than", default="7d", show_default=True, help="Keep what was used since; 1h at least."
)
@click.option("--keep", type=click.IntRange(1), help="Forget all but so many results of a block.")
@click.option(
    "--apply", "applied", is_flag=True, help="Remove; without it, only say what would go."
)
@json_option
@click.pass_context
def sweep(
    context: click.Context,
    *,
    folder: str | None,
    older_than: str,
    keep: int | None,
    applied: bool,
    as_json: bool,
) -> None:
    """Say which outputs nothing needs any more, and with --apply remove them.

    What a result, a block's last run, a kept run or a run under way names always stays.
    """
    from headrace.project.durations import parse_duration

    age = max(timedelta(seconds=parse_duration(older_than, "older-than")), timedelta(hours=1))
    swept = sweep_store(paths_of(folder or context.obj), age, keep, applied=applied)
    if as_json:
        print_json(swept)
        return
    verb = "Removed" if applied else "Would remove"
    click.echo(f"{verb} {swept.outputs} outputs, {_size(swept.bytes)}.")
    if swept.note:
        click.echo(swept.note)
    elif not applied:
        click.echo("Nothing was changed: add --apply.")


def sweep_store(paths: ProjectPaths, age: timedelta, keep: int | None, *, applied: bool) -> Swept:
    """Sweep beside whatever runs; results are only forgotten when nobody has them in mind."""
    from headrace.core.clock import SystemClock
    from headrace.project.files import Project
    from headrace.server.upkeep import DEFAULT_RUNS
    from headrace.store.files import StoreFiles
    from headrace.store.use import StoreUse

    swept = Swept(applied)
    before = SystemClock().now() - age
    runs = Project(paths).settings().retention.runs
    store = StoreFiles(paths.store)
    use = StoreUse.alone(paths.store) if keep is not None and applied else None
    if keep is not None and applied and use is None:
        swept.note = "Results were not forgotten: a server or a run of this project uses them."
    history = open_history(paths)
    try:
        if use is not None and keep is not None:
            swept.results = history.forget_results(keep, before)
        needed: set[str] = set()
        for pipeline in history.pipelines():
            needed |= history.needed(pipeline, DEFAULT_RUNS if runs is None else runs)
        going = list(store.unneeded(needed, before))
        swept.outputs = len(going)
        swept.bytes = store.sweep(needed, before) if applied else sum(size for _, size in going)
    finally:
        history.close()
        if use is not None:
            use.release()
    return swept


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:.1f} MB"
