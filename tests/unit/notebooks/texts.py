"""Pipelines from texts, with nothing on the disk."""

from __future__ import annotations

from pathlib import Path

from headrace.analysis.analyse import analyse
from headrace.core.ids import text_hash
from headrace.notebooks.executed import Material
from headrace.project.files import assembled
from headrace.project.pipeline import Source
from headrace.project.reader import read_pipeline
from headrace.session.draft import Draft


def files_of(name: str, files: dict[str, str], shared: dict[str, str] | None = None):
    """Return the files of a pipeline as they would be read from its folder."""
    pipeline = read_pipeline(name, files["pipeline.yaml"])
    sources = {}
    for block in pipeline.blocks:
        file = block.file or next(
            file for file in shared or {} if file.rpartition(".")[0] == block.block
        )
        text = files[file] if block.file else (shared or {})[file]
        path = f"pipelines/{name}/{file}" if block.file else f"blocks/{file}"
        sources[block.name] = Source(
            path=path, text=text, hash=text_hash(text), shared=block.file is None
        )
    return assembled(pipeline, files["pipeline.yaml"], sources)


def material(name: str, files: dict[str, str], shared=None, form="notebook") -> Material:
    """Return what an export is made of."""
    read = files_of(name, files, shared)
    draft = Draft.of(read, analyse(read, lambda _: None, {}), root=Path("/x"), used_in={})
    own = {block.file for block in read.pipeline.blocks}
    return Material(
        definition=draft.definition,
        title=read.pipeline.title,
        files=read,
        beside={f: text for f, text in files.items() if f not in {*own, "pipeline.yaml"}},
        form=form,
    )
