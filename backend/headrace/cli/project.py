"""How commands open a project and speak: as text for people, as JSON for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from headrace.core.paths import ProjectPaths

if TYPE_CHECKING:
    from headrace.runs.history import History

project_option = click.option(
    "-C", "--project", "folder", default=".", help="The project's folder; this one by default."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def paths_of(folder: str) -> ProjectPaths:
    """Return the paths of a project, with its state folder in place; raise NotFound."""
    paths = ProjectPaths.of(folder)
    paths.make_state()
    return paths


def print_json(value: Any) -> None:
    """Print a value as one line of JSON."""
    click.echo(msgspec.json.encode(value))


def open_history(paths: ProjectPaths) -> History:
    """Open the project's history, wherever `history:` of headrace.yaml puts it."""
    from headrace.project.files import Project
    from headrace.runs.history import History

    return History.open(Project(paths).settings().history or paths.database)
