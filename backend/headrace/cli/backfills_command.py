"""`headrace backfills`: what makes up for past ticks, and how far it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from headrace.cli.project import json_option, open_history, paths_of, print_json, project_option

if TYPE_CHECKING:
    from headrace.protocol.backfills import Backfill, BackfillState


@click.group(
    "backfills",
    invoke_without_command=True,
    short_help="List backfills; pause, resume or cancel one.",
)
@project_option
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@json_option
@click.pass_context
def command(context: click.Context, *, folder: str, limit: int, as_json: bool) -> None:
    """List the newest backfills. `pause`, `resume` and `cancel` take the id of one."""
    if context.invoked_subcommand is not None:
        return
    history = open_history(paths_of(folder))
    found = history.backfills(limit=limit)
    history.close()
    if as_json:
        print_json({"backfills": found})
        return
    for backfill in found:
        click.echo(_line(backfill))


@command.command("pause", short_help="Start no more of its runs for now.")
@click.argument("backfill")
@project_option
@json_option
def pause(backfill: str, *, folder: str, as_json: bool) -> None:
    """Start no more runs of BACKFILL; those that go on come to their end."""
    _answer(_set(folder, backfill, "paused"), as_json=as_json)


@command.command("resume", short_help="Let it go on.")
@click.argument("backfill")
@click.option("--no-wait", is_flag=True, help="Leave it to a server.")
@project_option
@json_option
def resume(backfill: str, *, folder: str, no_wait: bool, as_json: bool) -> None:
    """Let BACKFILL go on; without a server, this command carries it out."""
    from headrace.cli.backfilling import follow

    going = _set(folder, backfill, "running")
    if no_wait:
        _answer(going, as_json=as_json)
        return
    over, code = follow(paths_of(folder), backfill)
    _answer(over, as_json=as_json)
    sys.exit(code)


@command.command("cancel", short_help="End it, and cancel its runs.")
@click.argument("backfill")
@project_option
@json_option
def cancel(backfill: str, *, folder: str, as_json: bool) -> None:
    """End BACKFILL: what waits is given up, and the process that has its runs cancels them."""
    _answer(_set(folder, backfill, "cancelled"), as_json=as_json)


def _set(folder: str, backfill: str, state: BackfillState) -> Backfill:
    from headrace.core.clock import SystemClock
    from headrace.core.ids import check_run_id

    history = open_history(paths_of(folder))
    try:
        history.set_backfill(check_run_id(backfill), state, SystemClock().now())
        return history.backfill(backfill)
    finally:
        history.close()


def _answer(backfill: Backfill, *, as_json: bool) -> None:
    if as_json:
        print_json(backfill)
    else:
        click.echo(_line(backfill))


def _line(backfill: Backfill) -> str:
    from headrace.cli.backfilling import progress_of

    zone = ZoneInfo(backfill.timezone)
    first, last = backfill.first.astimezone(zone), backfill.last.astimezone(zone)
    span = f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"
    name = f"{backfill.pipeline}/{backfill.trigger}"
    problem = f"  {backfill.problem}" if backfill.problem else ""
    return f"{backfill.id}  {name}  {span}  {backfill.state}  {progress_of(backfill)}{problem}"
