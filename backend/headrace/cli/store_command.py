"""`headrace store`: how much room outputs take."""

from __future__ import annotations

import click

from headrace.cli.project import json_option, paths_of, print_json, project_option


@click.command("store", short_help="Show how much room outputs take.")
@project_option
@json_option
def command(*, folder: str, as_json: bool) -> None:
    """Show the size of everything that is stored."""
    from headrace.store.files import StoreFiles

    size = StoreFiles(paths_of(folder).store).usage()
    if as_json:
        print_json({"bytes": size})
    else:
        click.echo(f"{size / 1024 / 1024:.1f} MB")
