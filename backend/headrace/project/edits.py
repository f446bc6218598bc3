"""Edits of a pipeline's structure: a command in, changes of files out. Pure, nothing written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from msgspec.structs import replace

from headrace.core.errors import InvalidInput, NotFound
from headrace.core.ids import check_name
from headrace.project.changes import FileChange, keep_line_ends
from headrace.project.edit_checks import add_check
from headrace.project.edit_contract import set_contract
from headrace.project.edit_edges import connect, delete_blocks, disconnect, rename_block
from headrace.project.edit_options import configure_block, configure_pipeline
from headrace.project.edit_plan import CodeEdits, Plan
from headrace.project.edit_triggers import delete_trigger, put_trigger
from headrace.project.languages import KIND_OF_FOLDER, SUFFIXES
from headrace.project.pipeline import Block, PipelineFiles
from headrace.project.templates import NAME_STEMS, template
from headrace.project.yaml_write import flow, quoted
from headrace.protocol.commands import (
    AddBlock,
    AddCheck,
    Command,
    ConfigureBlock,
    ConfigurePipeline,
    Connect,
    DeleteBlocks,
    Disconnect,
    DuplicateBlock,
    MoveBlock,
    RenameBlock,
    SetContract,
)
from headrace.protocol.tables import Kind, Language

__all__ = [
    "CodeEdits",
    "change_source",
    "delete_trigger",
    "is_structural",
    "plan_edit",
    "put_trigger",
]


def plan_edit(
    files: PipelineFiles,
    command: Command,
    code: CodeEdits,
    taken_files: Collection[str] = (),
    *,
    shared_text: str | None = None,
) -> list[FileChange]:
    """Return what a structural command changes; an empty list when all is as it asks.

    Raises NotFound, InvalidName, CycleError with the path, InvalidInput. `taken_files` are the
    names in the pipeline's folder, so that a chosen name does not meet a file that is no block's.
    `shared_text` is the Python source of the shared block that AddBlock names: its edges then go to
    its arguments.
    """
    plan = Plan(files, code, taken_files, shared_text=shared_text)
    edit = _EDITS.get(type(command))
    if edit is None:
        raise InvalidInput(f"{type(command).__name__} does not edit a pipeline.")
    edit(plan, command)
    return plan.changes()


def is_structural(command: Command) -> bool:
    """True for the commands that `plan_edit` takes."""
    return type(command) in _EDITS


def change_source(files: PipelineFiles, block: str, text: str) -> list[FileChange]:
    """Return the change of a block's source; CRLF stays when the editor has lost it.

    Raises NotFound, and InvalidInput for sources that cannot be written from here.
    """
    source = files.sources.get(block)
    if source is None:
        raise NotFound(f"There is no block {block!r}.", kind="block", name=block)
    if not source.writable:
        raise InvalidInput(
            f"{source.path} cannot be written: it belongs to Headrace or is not readable."
            " Copy it into the pipeline.",
            field="block",
        )
    before = None if source.missing else source.text
    change = FileChange(source.path, before, keep_line_ends(source.text, text))
    return [] if change.before == change.after else [change]


def _add_block(plan: Plan, command: AddBlock) -> None:
    if command.library is not None:
        _add_shared(plan, command, command.library)
        return
    kind, language = _kind_and_language(command.kind, command.language)
    suffix = SUFFIXES[language]
    if command.name is None:
        name = plan.free_name("query" if language == "sql" else NAME_STEMS[kind], suffix)
    else:
        name = check_name(command.name)
        plan.check_free(name)
    upstream = _known(plan, command.upstream)
    fields = {"name": quoted(name), "kind": kind, "file": quoted(name + suffix)}
    _insert(plan, command, fields, upstream)
    text = command.text
    if text is None:
        text = template(kind, language, name, upstream)
    elif language == "python":
        for argument in upstream:
            text = plan.code.add_argument(text, argument)
    plan.create(f"{plan.folder}/{name}{suffix}", text)


def _add_shared(plan: Plan, command: AddBlock, path: str) -> None:
    parts = PurePosixPath(path).parts
    kind = KIND_OF_FOLDER.get(parts[0]) if parts else None
    if kind is None or len(parts) < 2:
        raise InvalidInput(f"{path[:80]!r} is not a shared block.", field="library")
    name = check_name(command.name or plan.free_name(parts[-1], ""))
    plan.check_free(name)
    upstream = _known(plan, command.upstream)
    fields = {"name": quoted(name), "kind": kind, "block": quoted(path)}
    block = Block(name=name, kind=kind, block=path, settings=command.settings)
    for above in upstream if plan.shared_text is not None else ():
        wiring = plan.code.connected(plan.pipeline, block, plan.shared_text or "", above, own=False)
        block = replace(block, upstream=(*block.upstream, above), inputs=wiring.inputs)
    _insert(plan, command, fields, upstream, inputs=block.inputs)


def _insert(
    plan: Plan,
    command: AddBlock,
    fields: dict[str, str],
    upstream: list[str],
    *,
    inputs: Mapping[str, str] | None = None,
) -> None:
    if upstream:
        fields["upstream"] = flow(upstream)
    if inputs:
        fields["inputs"] = flow(dict(inputs))
    if command.settings:
        fields["with"] = flow(command.settings)
    plan.blocks.insert(_entry_index(plan, command.index), fields)


def _entry_index(plan: Plan, index: int | None, without: str | None = None) -> int:
    """Return the place among all entries for a place among the blocks that the editor shows."""
    if index is None:
        return len(plan.blocks.nodes)
    shown = [block.name for block in plan.pipeline.blocks if block.name != without]
    if index < 0 or index > len(shown):
        raise InvalidInput(f"The index must be from 0 to {len(shown)}.", field="index")
    if index < len(shown):
        return plan.index(shown[index])
    return plan.index(shown[-1]) + 1 if shown else len(plan.blocks.nodes)


def _kind_and_language(kind: Kind, language: Language) -> tuple[Kind, Language]:
    if kind == "markdown" or language == "markdown":
        return "markdown", "markdown"
    if kind in ("exporter", "sensor") and language == "sql":
        raise InvalidInput("SQL only reads: choose loader or transformer.", field="language")
    return kind, language


def _known(plan: Plan, upstream: list[str]) -> list[str]:
    for name in upstream:
        plan.block(name)
    return list(dict.fromkeys(upstream))


def _move_block(plan: Plan, command: MoveBlock) -> None:
    plan.block(command.block)
    before = _entry_index(plan, command.index, without=command.block)
    plan.blocks.move(plan.index(command.block), before)


def _duplicate_block(plan: Plan, command: DuplicateBlock) -> None:
    block = plan.block(command.block)
    source = plan.files.sources[block.name]
    suffix = PurePosixPath(block.file).suffix if block.file is not None else ""
    name = plan.free_name(f"{block.name[:55]}_copy", suffix)
    fields = {"name": quoted(name)}
    if block.file is not None:
        if source.missing:
            raise InvalidInput(f"{source.path} is missing: there is nothing to copy.")
        file = PurePosixPath(block.file).with_name(name + suffix).as_posix()
        fields["file"] = quoted(file)
        text = source.text
        if block.language == "python":
            text = plan.code.rename_function(text, block.name, name)
        plan.create(f"{plan.folder}/{file}", text)
    index = plan.index(block.name)
    plan.blocks.insert_copy(index + 1, index, fields)


_EDITS: dict[type[Command], Callable[[Plan, Any], None]] = {
    AddBlock: _add_block,
    AddCheck: add_check,
    SetContract: set_contract,
    MoveBlock: _move_block,
    RenameBlock: rename_block,
    DeleteBlocks: delete_blocks,
    DuplicateBlock: _duplicate_block,
    Connect: connect,
    Disconnect: disconnect,
    ConfigureBlock: configure_block,
    ConfigurePipeline: configure_pipeline,
}
