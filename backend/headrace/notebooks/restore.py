"""A notebook or script that `headrace export` wrote → the pipeline's files, edits included."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, cast

import msgspec
from msgspec import Struct, field

from headrace.analysis.code_edits import CodeEditor
from headrace.core.errors import InvalidInput
from headrace.core.ids import text_hash
from headrace.notebooks.cells import FORMAT, Cell, module_text, parameter_text, source_of
from headrace.project.changes import FileChange
from headrace.project.edits import plan_edit
from headrace.project.entries import Entries
from headrace.project.files import assembled
from headrace.project.languages import SUFFIXES
from headrace.project.pipeline import Block, PipelineFiles, Source
from headrace.project.reader import read_pipeline
from headrace.project.yaml_text import YamlText
from headrace.protocol import commands as cmd
from headrace.protocol.tables import Language


class Restored(Struct, frozen=True, kw_only=True):
    """The files of a pipeline, by path in its folder, and what was not as it was written."""

    name: str
    files: dict[str, str]
    shared: dict[str, str] = field(default_factory=dict[str, str])
    """Shared blocks that it uses as they are: file in `blocks/` → text."""
    notes: list[str] = field(default_factory=list[str])


def is_exported(about: Mapping[str, Any]) -> bool:
    """Tell by the metadata of a whole notebook whether all of a pipeline is in it."""
    return isinstance(about.get("yaml"), str) and isinstance(about.get("pipeline"), str)


def restore(cells: list[Cell], about: Mapping[str, Any]) -> Restored:
    """Return the files as they were, with what was changed in the cells since.

    Raises InvalidInput for a notebook of a newer format.
    """
    if about.get("format") != FORMAT:
        raise InvalidInput(
            f"This notebook is of format {about.get('format')!r}; this Headrace reads {FORMAT}.",
            field="file",
        )
    restored = _Restorer(cells, str(about["pipeline"]), str(about["yaml"])).restored()
    beside = about.get("files")
    texts = cast("dict[str, Any]", beside) if isinstance(beside, dict) else {}
    restored.files.update({file: text for file, text in texts.items() if isinstance(text, str)})
    return restored


class _Restorer:
    def __init__(self, cells: list[Cell], name: str, yaml: str) -> None:
        self._name, self._yaml = name, yaml
        self._cells = {cell.block: cell for cell in cells if cell.block is not None}
        self._others = [cell for cell in cells if cell.block is None]
        self._notes: list[str] = []

    def restored(self) -> Restored:
        pipeline = read_pipeline(self._name, self._yaml)
        files: dict[str, str] = {}
        shared: dict[str, str] = {}
        for block in pipeline.blocks:
            cell = self._cells.get(block.name)
            if cell is None:
                continue
            language = _language(cell, block)
            text = source_of(cell, language)
            edited = text_hash(text) != cell.about.get("hash")
            if edited:
                self._notes.append(f"{block.name}: its source was changed in the notebook.")
            if block.block is not None and not edited:
                shared[f"{block.block}{SUFFIXES[language]}"] = text
            else:
                path = block.file or self._own_file(block, language, files)
                if edited or path not in files:
                    files[path] = text
        self._without_blocks([b.name for b in pipeline.blocks if b.name not in self._cells], files)
        self._modules(files)
        self._parameters(files)
        self._note_others()
        return Restored(
            name=self._name,
            files={"pipeline.yaml": self._yaml, **files},
            shared=shared,
            notes=self._notes,
        )

    def _own_file(self, block: Block, language: Language, files: Mapping[str, str]) -> str:
        """Give a shared block that was edited a file of its own; return its name."""
        name = f"{block.name}{SUFFIXES[language]}"
        while name in files:
            name = f"own_{name}"
        yaml = YamlText(self._yaml)
        entries = Entries(yaml, "blocks")
        node = entries.nodes[cast("int", entries.find(block.name))]
        for key, value in node.pairs:
            if key.text == "block":
                yaml.replace(value.start, value.end, name)
                yaml.replace(key.start, key.end, "file")
        self._yaml = yaml.result()
        self._notes.append(f"{block.name}: the shared block {block.block} is now its own file.")
        return name

    def _without_blocks(self, gone: list[str], files: Mapping[str, str]) -> None:
        if gone:
            self._edit(cmd.DeleteBlocks(pipeline=self._name, blocks=gone), files)
            self._notes += [f"{name}: its cell was deleted, and so is the block." for name in gone]

    def _modules(self, files: dict[str, str]) -> None:
        for cell in self._others:
            if cell.about.get("role") != "module":
                continue
            file, text = str(cell.about.get("file")), module_text(cell)
            if text is None:
                self._notes.append(f"{file}: its text cannot be found in the notebook.")
                continue
            files[file] = text
            if text_hash(text) != cell.about.get("hash"):
                self._notes.append(f"{file}: it was changed in the notebook.")

    def _parameters(self, files: Mapping[str, str]) -> None:
        """Take over defaults that were changed in the cell with the parameters."""
        pipeline = read_pipeline(self._name, self._yaml)
        written = {p.name: p.default for p in pipeline.parameters}
        cell = next((c for c in self._others if c.about.get("role") == "parameters"), None)
        if cell is None or cell.source == parameter_text(written):
            return
        found = _assigned(cell.source)
        changed = {n: v for n, v in found.items() if n in written and written[n] != v}
        if not changed:
            return
        parameters = [
            msgspec.structs.replace(p, default=changed[p.name]) if p.name in changed else p
            for p in pipeline.parameters
        ]
        self._edit(cmd.ConfigurePipeline(pipeline=self._name, parameters=parameters), files)
        self._notes += [f"The default of the parameter {name} was changed." for name in changed]

    def _edit(self, command: cmd.Command, files: Mapping[str, str]) -> None:
        pipeline = read_pipeline(self._name, self._yaml)
        sources = {
            block.name: Source(
                path=block.file or "",
                text=files.get(block.file or "", ""),
                hash="",
                shared=True,
            )
            for block in pipeline.blocks
        }
        before = PipelineFiles(pipeline=pipeline, text=self._yaml, sources=sources, version="")
        changes: list[FileChange] = plan_edit(before, command, CodeEditor())
        for change in changes:
            if change.path.endswith("/pipeline.yaml") and change.after is not None:
                self._yaml = change.after

    def _note_others(self) -> None:
        for cell in self._others:
            if "role" not in cell.about and cell.source.strip():
                first = cell.source.strip().splitlines()[0][:60]
                self._notes.append(f"The cell “{first}” belongs to no block and is left out.")


def files_of(restored: Restored) -> PipelineFiles:
    """Return what was restored as the files of a pipeline, without writing any."""
    text = restored.files["pipeline.yaml"]
    pipeline = read_pipeline(restored.name, text, f"pipelines/{restored.name}/pipeline.yaml")
    sources: dict[str, Source] = {}
    shared = {PurePosixPath(file).with_suffix("").as_posix(): file for file in restored.shared}
    for block in pipeline.blocks:
        if block.block is not None:
            file = shared.get(block.block, f"{block.block}.py")
            path, found = f"blocks/{file}", restored.shared.get(file)
        else:
            path = f"pipelines/{restored.name}/{block.file}"
            found = restored.files.get(block.file or "")
        sources[block.name] = Source(
            path=path,
            text=found or "",
            hash=text_hash(found or ""),
            shared=block.block is not None,
            missing=found is None,
        )
    return assembled(pipeline, text, sources)


def _language(cell: Cell, block: Block) -> Language:
    """Say the language of a cell; that of a shared block is not in the pipeline's file."""
    if cell.kind == "markdown":
        return "markdown"
    if cell.kind == "raw":
        return "notebook"
    if block.block is not None:
        return "sql" if "headrace_query(" in cell.source else "python"
    return block.language


def _assigned(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return found
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found
