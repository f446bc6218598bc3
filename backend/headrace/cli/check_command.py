"""`headrace check`: diagnostics of pipelines, without running anything."""

from __future__ import annotations

import sys

import click

from headrace.cli.diagnosis import diagnose, tell
from headrace.cli.project import json_option, print_json, project_option
from headrace.core.paths import ProjectPaths


@click.command("check", short_help="Look for problems without running anything.")
@click.argument("pipeline", required=False)
@project_option
@json_option
def command(pipeline: str | None, *, folder: str, as_json: bool) -> None:
    """Check PIPELINE, or all of them. Exits with 1 when there are errors."""
    found = diagnose(ProjectPaths.of(folder), pipeline)
    problems = [(name, one) for name, diagnostics in found.items() for one in diagnostics]
    if as_json:
        print_json({"pipelines": found})
    else:
        for name, one in problems:
            tell(name or "headrace.yaml", one)
        if not problems:
            click.echo("No problems found.")
    sys.exit(1 if any(one.severity == "error" for _, one in problems) else 0)
