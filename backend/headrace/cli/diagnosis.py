"""What is wrong in a project, found in this process: nothing is started, nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.core.errors import NotFound

if TYPE_CHECKING:
    from headrace.analysis.analyse import Analysis
    from headrace.core.paths import ProjectPaths
    from headrace.project.pipeline import PipelineFiles, Problem
    from headrace.protocol.replies import Diagnostic


def analyse_pipeline(root: Path, files: PipelineFiles) -> Analysis:
    """Analyse a pipeline from its texts alone, without the columns that runs have shown."""
    from headrace.analysis.analyse import analyse
    from headrace.analysis.modules import ModuleFinder

    return analyse(files, ModuleFinder.of_pipeline(root, files.pipeline.name), {})


def diagnose(paths: ProjectPaths, pipeline: str | None = None) -> dict[str, list[Diagnostic]]:
    """Return what is wrong in one pipeline, or in all and in headrace.yaml (under "")."""
    from headrace.analysis.environment import skip_environment
    from headrace.project.files import Project

    skip_environment()  # only results are named by it
    project = Project(paths)
    if pipeline is not None:
        return {pipeline: _of_pipeline(project.read(pipeline), paths)}
    found = {"": _of_settings(paths)}
    for name in project.list_pipelines():
        try:
            found[name] = _of_pipeline(project.read(name), paths)
        except NotFound:
            continue  # deleted meanwhile
    return {name: some for name, some in found.items() if name or some}


def _of_pipeline(files: PipelineFiles, paths: ProjectPaths) -> list[Diagnostic]:
    return [
        *analyse_pipeline(paths.root, files).diagnostics,
        *_of_triggers(files),
        *_of_notify(files, paths),
    ]


def _of_notify(files: PipelineFiles, paths: ProjectPaths) -> list[Diagnostic]:
    """Find channels that headrace.yaml does not name."""
    from headrace.project.files import Project
    from headrace.project.notifications import unknown_channels

    if files.pipeline.notify is None:
        return []
    channels = Project(paths).settings().notify
    problems = unknown_channels(files.pipeline.name, files.pipeline.notify, channels)
    return [_diagnostic(problem) for problem in problems]


def _of_triggers(files: PipelineFiles) -> list[Diagnostic]:
    """Find triggers whose schedule means nothing."""
    if not files.pipeline.triggers:
        return []
    from datetime import UTC, datetime

    from headrace.core.errors import InvalidInput
    from headrace.protocol.replies import Diagnostic
    from headrace.scheduling.triggers import next_of_spec

    found: list[Diagnostic] = []
    for trigger in files.pipeline.triggers:
        try:
            next_of_spec(trigger, datetime.now(UTC))
        except InvalidInput as error:
            file = f"pipelines/{files.pipeline.name}/pipeline.yaml"
            found.append(
                Diagnostic(
                    block="",
                    severity="error",
                    code="trigger",
                    message=f"Trigger {trigger.name!r}: {error.message}",
                    file=file,
                    line=trigger.line,
                )
            )
    return found


def _of_settings(paths: ProjectPaths) -> list[Diagnostic]:
    from headrace.project.files import Project

    return [_diagnostic(problem, "settings") for problem in Project(paths).settings().problems]


def _diagnostic(problem: Problem, code: str | None = None) -> Diagnostic:
    from headrace.protocol.replies import Diagnostic

    return Diagnostic(
        block="",
        severity="warning" if problem.severity == "warning" else "error",
        code=code or problem.code,
        message=problem.message,
        file=problem.file,
        line=problem.line,
        column=problem.column,
    )


def tell(name: str, diagnostic: Diagnostic, *, err: bool = False) -> None:
    """Print one line, as compilers do: editors and terminals can lead to the place."""
    place = f"{diagnostic.file or name}:{diagnostic.line}:{diagnostic.column + 1}"
    words = f"{place}: {diagnostic.severity}: {diagnostic.message} ({diagnostic.code})"
    click.echo(words, err=err)
