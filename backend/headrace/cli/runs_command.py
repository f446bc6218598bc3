"""`headrace runs`: the history."""

from __future__ import annotations

import click

from headrace.cli.project import json_option, open_history, paths_of, print_json, project_option


@click.command("runs", short_help="List past runs.")
@click.argument("pipeline", required=False)
@project_option
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@json_option
def command(pipeline: str | None, *, folder: str, limit: int, as_json: bool) -> None:
    """List the newest runs, of PIPELINE or of all."""
    history = open_history(paths_of(folder))
    runs = history.runs(pipeline=pipeline, limit=limit)
    history.close()
    if as_json:
        print_json({"runs": runs})
        return
    for run in runs:
        seconds = "" if run.seconds is None else f"{run.seconds:.2f} s"
        click.echo(
            f"{run.id}  {run.queued_at:%Y-%m-%d %H:%M:%SZ}  {run.pipeline}  {run.state}  {seconds}"
        )
