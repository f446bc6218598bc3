"""`headrace backfill`: runs the past ticks of a trigger."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.project import json_option, paths_of, print_json, project_option

if TYPE_CHECKING:
    from headrace.core.paths import ProjectPaths
    from headrace.protocol.backfills import Backfill, BackfillPlan, BackfillRequest


@click.command("backfill", short_help="Run the past ticks of a trigger.")
@click.argument("pipeline")
@click.argument("trigger")
@click.option("--from", "first", required=True, metavar="MOMENT", help="The first day or moment.")
@click.option("--to", "last", metavar="MOMENT", help="The last one; now without it.")
@click.option("--missing", "which", flag_value="missing", default=True, help="Fill the holes.")
@click.option("--all", "which", flag_value="all", help="What succeeded, too.")
@click.option("--skipped", is_flag=True, help="With ticks that overlap or a pause left out.")
@click.option("--parallel", default=1, show_default=True, help="So many runs at once.")
@click.option("--newest-first", is_flag=True, help="Begin with the newest tick.")
@click.option("--dry-run", is_flag=True, help="Say what would run, and run nothing.")
@click.option("--no-wait", is_flag=True, help="Record it, and leave it to a server.")
@project_option
@json_option
def command(
    pipeline: str,
    trigger: str,
    *,
    folder: str,
    as_json: bool,
    dry_run: bool,
    no_wait: bool,
    newest_first: bool,
    **said: Any,
) -> None:
    """Run the ticks of TRIGGER in a span of the past. Exits with 0 only when all succeeded.

    A server that has the project open carries it out; without one, this command does.
    """
    from headrace.cli.backfilling import follow
    from headrace.protocol.backfills import BackfillRequest

    order = "newest" if newest_first else "oldest"
    asked = BackfillRequest(trigger=trigger, order=order, **said)
    paths = paths_of(folder)
    plan, backfill = asyncio.run(_begin(paths, pipeline, asked, dry_run=dry_run))
    if backfill is None:
        _tell_plan(plan, as_json=as_json)
        return
    click.echo(f"{pipeline}/{trigger}: {_words(plan)}", err=True)
    if no_wait:
        _answer(backfill, as_json=as_json)
        return
    over, code = follow(paths, backfill.id)
    _answer(over, as_json=as_json)
    sys.exit(code)


async def _begin(
    paths: ProjectPaths, pipeline: str, asked: BackfillRequest, *, dry_run: bool
) -> tuple[BackfillPlan, Backfill | None]:
    from headrace.core.clock import SystemClock
    from headrace.project.files import Project
    from headrace.runs.thread import HistoryThread
    from headrace.scheduling.backfilling import add_backfill, plan, trigger_of

    project = Project(paths)
    history = HistoryThread(project.settings().history or paths.database)
    now = SystemClock().now()
    try:
        trigger = await trigger_of(project, history, pipeline, asked.trigger, now)
        told, new = await plan(history, trigger, asked, now)
        return told, None if dry_run else await add_backfill(history, new)
    finally:
        await history.close()


def _answer(backfill: Backfill, *, as_json: bool) -> None:
    if as_json:
        print_json(backfill)
    else:
        click.echo(backfill.id)


def _tell_plan(plan: BackfillPlan, *, as_json: bool) -> None:
    if as_json:
        print_json(plan)
        return
    click.echo(_words(plan))
    for tick in plan.ticks:
        click.echo(f"  {tick.local}  {tick.state}{f': {tick.reason}' if tick.reason else ''}")
    if plan.total > len(plan.ticks):
        click.echo(f"  … and {plan.total - len(plan.ticks):,} more")


def _words(plan: BackfillPlan) -> str:
    """Say `31 runs × 4 m 12 s, 3 at once → about 43 m 24 s`."""
    from headrace.cli.live import span

    if plan.total == 0:
        return "nothing to run"
    words = f"{plan.total:,} run" + ("" if plan.total == 1 else "s")
    if plan.run_seconds is not None:
        words += f" × {span(plan.run_seconds)}"
    if plan.parallel > 1:
        words += f", {plan.parallel} at once"
    return words if plan.seconds is None else f"{words} → about {span(plan.seconds)}"
