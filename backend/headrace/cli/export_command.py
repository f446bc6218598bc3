"""`headrace export`: a pipeline as a notebook or a script that runs without Headrace."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.cli.diagnosis import analyse_pipeline
from headrace.cli.project import project_option
from headrace.core.durable import write_durable
from headrace.core.errors import InvalidInput
from headrace.core.paths import ProjectPaths

if TYPE_CHECKING:
    from headrace.session.draft import Draft


@click.command("export", short_help="Write a pipeline as a notebook or a script.")
@click.argument("pipeline")
@click.option("--to", "form", type=click.Choice(["notebook", "script"]), required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file; else it is printed.")
@project_option
def command(pipeline: str, *, form: str, output: Path | None, folder: str) -> None:
    """Write PIPELINE as a notebook or a Python script with the same steps in the same order."""
    from headrace.notebooks.render import material_of, render

    paths = ProjectPaths.of(folder)
    content = asyncio.run(render(material_of(_draft(paths, pipeline), form, paths.root)))
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        write_durable(output, content)
    except OSError as error:
        raise InvalidInput(f"Cannot write {output}: {error.strerror or error}.") from error


def _draft(paths: ProjectPaths, pipeline: str) -> Draft:
    from headrace.project.files import Project
    from headrace.session.draft import Draft

    files = Project(paths).read(pipeline)
    analysis = analyse_pipeline(paths.root, files)
    return Draft.of(files, analysis, root=paths.root, used_in={})
