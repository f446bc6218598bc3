"""`headrace runs`: the history."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import click

from headrace.cli.project import json_option, open_history, paths_of, print_json, project_option
from headrace.core.errors import InvalidInput
from headrace.protocol.tables import Origin, RunState


def _read_moment(_: click.Context, option: click.Parameter, text: str | None) -> datetime | None:
    """Read a date or a moment; without a zone it is of this machine's."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"--{option.name} must be a date or a moment, such as 2026-03-01 or 2026-03-01T06:00Z."
        ) from None


@click.command("runs", short_help="List past runs.")
@click.argument("pipeline", required=False)
@project_option
@click.option("--state", type=click.Choice(get_args(RunState)), help="Only runs in this state.")
@click.option("--origin", type=click.Choice(get_args(Origin)), help="Only runs started by this.")
@click.option("--since", callback=_read_moment, metavar="MOMENT", help="Queued from then on.")
@click.option("--until", callback=_read_moment, metavar="MOMENT", help="Queued before.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@json_option
def command(
    pipeline: str | None,
    *,
    folder: str,
    state: str | None,
    origin: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """List the newest runs, of PIPELINE or of all."""
    history = open_history(paths_of(folder))
    runs = history.runs(pipeline, state, origin, limit, since=since, until=until)
    history.close()
    if as_json:
        print_json({"runs": runs})
        return
    for run in runs:
        seconds = "" if run.seconds is None else f"{run.seconds:.2f} s"
        click.echo(
            f"{run.id}  {run.queued_at:%Y-%m-%d %H:%M:%SZ}  {run.pipeline}  {run.state}  {seconds}"
        )
