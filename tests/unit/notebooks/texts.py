"""Pipelines from texts, with nothing on the disk."""

from __future__ import annotations

from pathlib import Path

from headrace.analysis.analyse import analyse
from headrace.core.ids import text_hash
from headrace.notebooks.executed import Material
from headrace.project.pipeline import PipelineFiles, Source
from headrace.project.reader import read_pipeline
from headrace.session.draft import Draft


def files_of(name: str, files: dict[str, str], shared: dict[str, str] | None = None):
    """Return the files of a pipeline as they would be read from its folder."""
    pipeline = read_pipeline(name, files["pipeline.yaml"])
    sources = {}
    for block in pipeline.blocks:
        text = files[block.file] if block.file else (shared or {})[block.block]
        path = f"pipelines/{name}/{block.file}" if block.file else f"blocks/{block.block}.py"
        sources[block.name] = Source(
            path=path, text=text, hash=text_hash(text), shared=block.file is None
        )
    return PipelineFiles(
        pipeline=pipeline, text=files["pipeline.yaml"], sources=sources, version=""
    )


def material(name: str, files: dict[str, str], shared=None, form="notebook") -> Material:
    """Return what an export is made of."""
    read = files_of(name, files, shared)
    draft = Draft.of(read, analyse(read, lambda _: None, {}), root=Path("/x"), used_in={})
    return Material(definition=draft.definition, title=read.pipeline.title, files=read, form=form)
