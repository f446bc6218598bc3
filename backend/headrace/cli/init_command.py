"""`headrace init`: a new project that already does something real."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

import headrace
from headrace.core.errors import Conflict, NotFound
from headrace.core.paths import ProjectPaths

IGNORED = "out/\n.headrace/\n__pycache__/\n"
_SKIPPED = shutil.ignore_patterns("__pycache__", ".*")


def shipped_examples() -> Path:
    """Return the folder with the examples and their data: in the wheel, or in the repository."""
    package = Path(headrace.__file__).resolve().parent
    for folder in (package / "examples", package.parents[1]):
        if (folder / "pipelines" / "late_flights").is_dir():
            return folder
    raise NotFound("This installation of Headrace has no examples.", kind="examples")


@click.command("init", short_help="Make a new project with an example pipeline.")
@click.argument("folder")
@click.option("--empty", is_flag=True, help="Without the examples and their data.")
def command(folder: str, *, empty: bool) -> None:
    """Make a new project in FOLDER, with example pipelines on real flights."""
    root = Path(folder)
    if root.exists() and any(root.iterdir()):
        raise Conflict(f"{folder!r} is not empty.", kind="project")
    root.mkdir(parents=True, exist_ok=True)
    for name in ("pipelines", "blocks"):
        (root / name).mkdir()
    if not empty:
        examples = shipped_examples()
        for name in ("pipelines", "data"):
            shutil.copytree(examples / name, root / name, ignore=_SKIPPED, dirs_exist_ok=True)
    (root / ".gitignore").write_text(IGNORED, encoding="utf-8")
    ProjectPaths.of(root).make_state()
    click.echo(f"Made {folder}. Next: headrace start {folder}")
