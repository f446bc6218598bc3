"""`headrace triggers`: what starts runs."""

from __future__ import annotations

import click

from headrace.cli.project import json_option, open_history, paths_of, print_json, project_option
from headrace.core.clock import SystemClock


@click.command("triggers", short_help="List what starts runs.")
@project_option
@json_option
def command(*, folder: str, as_json: bool) -> None:
    """List all triggers with their next ticks."""
    from headrace.project.files import Project
    from headrace.scheduling.files import with_triggers_of_files

    paths = paths_of(folder)
    history = open_history(paths)
    known = history.triggers()
    history.close()
    triggers = with_triggers_of_files(Project(paths), known, SystemClock().now())
    if as_json:
        print_json({"triggers": triggers})
        return
    for trigger in triggers:
        when = trigger.cron or f"every {trigger.every}"
        following = f"{trigger.next_at:%Y-%m-%d %H:%M:%SZ}" if trigger.next_at else "paused"
        if trigger.problem is not None:
            following = trigger.problem
        click.echo(f"{trigger.pipeline}/{trigger.name}  {when} {trigger.timezone}  {following}")
