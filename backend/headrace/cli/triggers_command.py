"""`headrace triggers`: what starts runs."""

from __future__ import annotations

import click

from headrace.cli.project import json_option, open_history, paths_of, print_json, project_option


@click.command("triggers", short_help="List what starts runs.")
@project_option
@json_option
def command(*, folder: str, as_json: bool) -> None:
    """List all triggers with their next ticks."""
    history = open_history(paths_of(folder))
    triggers = history.triggers()
    history.close()
    if as_json:
        print_json({"triggers": triggers})
        return
    for trigger in triggers:
        when = trigger.cron or f"every {trigger.every}"
        following = f"{trigger.next_at:%Y-%m-%d %H:%M:%SZ}" if trigger.next_at else "paused"
        click.echo(f"{trigger.pipeline}/{trigger.name}  {when} {trigger.timezone}  {following}")
