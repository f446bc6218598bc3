from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.core.paths import ProjectPaths
from headrace.project.edit_plan import Wiring
from headrace.project.files import Project
from headrace.project.pipeline import Block, Pipeline, PipelineFiles


class SimpleCode:
    """Code edits by regular expressions: enough for functions of one line."""

    def add_argument(self, source: str, name: str) -> str:
        found = re.search(r"def \w+\((.*?)\)", source)
        if found is None or name in found.group(1).split(", "):
            return source
        arguments = f"{found.group(1)}, {name}" if found.group(1) else name
        return source[: found.start(1)] + arguments + source[found.end(1) :]

    def remove_argument(self, source: str, name: str) -> str:
        return re.sub(rf"\(({name})(, )?|, {name}\b", lambda m: "(" if m.group(1) else "", source)

    def rename_upstream(self, source: str, language: str, old: str, new: str) -> str:
        return re.sub(rf"\b{old}\b", new, source)

    def rename_function(self, source: str, old: str, new: str) -> str:
        return re.sub(rf"def {old}\(", f"def {new}(", source)

    def names_upstream(self, source: str, language: str, name: str) -> bool:
        return re.search(rf"\b{name}\b", source) is not None

    def connected(
        self, pipeline: Pipeline, block: Block, source: str, upstream: str, *, own: bool
    ) -> Wiring:
        return Wiring(inputs=block.inputs, argument=own and upstream not in block.inputs.values())

    def disconnected(
        self, pipeline: Pipeline, block: Block, source: str, upstream: str
    ) -> dict[str, str]:
        return {key: above for key, above in block.inputs.items() if above != upstream}


@pytest.fixture
def code() -> SimpleCode:
    return SimpleCode()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(ProjectPaths.of(tmp_path))


Write = Callable[..., PipelineFiles]


@pytest.fixture
def write(project: Project) -> Write:
    """Write pipeline `p` and its sources as they are, and read them back."""

    def write(text: str, **sources: str) -> PipelineFiles:
        folder = project.paths.root / "pipelines/p"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pipeline.yaml").write_bytes(text.encode())
        for name, source in sources.items():
            stem, _, suffix = name.rpartition("_")
            (folder / f"{stem}.{suffix}").write_bytes(source.encode())
        return project.read("p")

    return write
