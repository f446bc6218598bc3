"""Edits of a pipeline's files: saves of sources, structural changes, and taking them back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from headrace.core.errors import Conflict, InvalidInput, NotFound
from headrace.core.ids import text_hash
from headrace.core.paths import beneath
from headrace.project.changes import FileChange, invert
from headrace.project.edits import change_source, plan_edit
from headrace.project.files import Project
from headrace.project.pipeline import PipelineFiles
from headrace.project.restore import left_by_restore, plan_restore
from headrace.project.textfiles import decode, read_bytes
from headrace.protocol import commands as cmd

KEPT_EDITS = 100

StructuralCommand = (
    cmd.AddBlock
    | cmd.MoveBlock
    | cmd.RenameBlock
    | cmd.DeleteBlocks
    | cmd.DuplicateBlock
    | cmd.Connect
    | cmd.Disconnect
    | cmd.ConfigureBlock
    | cmd.AddCheck
    | cmd.SetContract
    | cmd.ConfigurePipeline
)


@dataclass(frozen=True)
class Edit:
    """A structural edit that was carried out, with its title for the undo menu."""

    title: str
    changes: Sequence[FileChange]


@dataclass(frozen=True)
class _Before:
    """What takes the last write back: its changes, and the lists of edits as they were."""

    changes: Sequence[FileChange]
    done: Sequence[Edit]
    undone: Sequence[Edit]


@dataclass
class Editing:
    """The files of one pipeline, as far as a session changes them. One edit at a time."""

    project: Project
    pipeline: str
    done: list[Edit] = field(default_factory=list[Edit])
    undone: list[Edit] = field(default_factory=list[Edit])
    _before: _Before | None = None

    @property
    def undo_title(self) -> str | None:
        return self.done[-1].title if self.done else None

    @property
    def redo_title(self) -> str | None:
        return self.undone[-1].title if self.undone else None

    async def read(self) -> PipelineFiles:
        """Read all files of the pipeline as one batch."""
        return await asyncio.to_thread(self.project.read, self.pipeline)

    async def save_source(self, files: PipelineFiles, command: cmd.SaveSource) -> str:
        """Write one source and return its new hash.

        Raises Conflict with both texts when the file is no longer what the caller edited.
        """
        self._before = None
        source = files.sources.get(command.block)
        if source is None:
            raise NotFound(f"There is no block {command.block!r}.", kind="block")
        if source.hash != command.base:
            raise Conflict(
                f"{source.path} changed meanwhile.",
                hash=source.hash,
                text=source.text,
                yours=command.text,
            )
        changes = change_source(files, command.block, command.text)
        if not changes:
            return source.hash
        await self._write(changes)
        return text_hash(changes[0].after or "")

    async def _write(self, changes: Sequence[FileChange]) -> None:
        self._before = None
        await asyncio.to_thread(self.project.save, changes)
        self._before = _Before(changes, list(self.done), list(self.undone))

    async def take_back(self) -> None:
        """Undo the last write as if it had not been; Conflict when the files changed since."""
        before, self._before = self._before, None
        if before is None:
            return
        await asyncio.to_thread(self.project.save, list(invert(before.changes)))
        self.done[:] = before.done
        self.undone[:] = before.undone

    async def change(self, files: PipelineFiles, command: StructuralCommand) -> None:
        """Carry out a structural command and remember how to take it back."""
        self._before = None
        changes = await asyncio.to_thread(self._plan, files, command)
        await self._do(_title(command), changes)

    async def restore(self, present: PipelineFiles, then: PipelineFiles, title: str) -> list[str]:
        """Make the pipeline's own files those of a version; return the paths that stay different.

        Remembers how to take it back.
        """
        self._before = None
        changes = await asyncio.to_thread(plan_restore, present, then, self._text_of)
        await self._do(title, changes)
        return left_by_restore(present, then)

    def _text_of(self, path: str) -> str | None:
        try:
            place = beneath(self.project.paths.root, path)
            return decode(read_bytes(place), place.name)
        except NotFound:
            return None

    async def _do(self, title: str, changes: Sequence[FileChange]) -> None:
        if not changes:
            return
        await self._write(changes)
        self.done.append(Edit(title, changes))
        del self.done[:-KEPT_EDITS]
        self.undone.clear()

    def _plan(self, files: PipelineFiles, command: StructuralCommand) -> list[FileChange]:
        taken = self.project.taken_files(self.pipeline)
        shared = self._shared_text(command)
        from headrace.analysis.code_edits import (
            CodeEditor,  # with all that parses, at the first edit
        )

        return plan_edit(files, command, CodeEditor(), taken, shared_text=shared)

    def _shared_text(self, command: StructuralCommand) -> str | None:
        """Return the Python source of the shared block that is added with edges."""
        if not isinstance(command, cmd.AddBlock) or not command.library or not command.upstream:
            return None
        found = (entry for entry in self.project.library() if entry.path == command.library)
        return next((entry.text for entry in found if entry.language == "python"), None)

    async def undo(self) -> Edit:
        """Take back the last edit; Conflict when its files changed since."""
        if not self.done:
            raise InvalidInput("There is nothing to undo.")
        last = self.done[-1]
        changes = list(invert(last.changes))
        await self._write(changes)
        self.done.pop()
        self.undone.append(Edit(last.title, changes))
        return last

    async def redo(self) -> Edit:
        """Do again what was taken back last."""
        if not self.undone:
            raise InvalidInput("There is nothing to redo.")
        last = self.undone[-1]
        changes = list(invert(last.changes))
        await self._write(changes)
        self.undone.pop()
        self.done.append(Edit(last.title, changes))
        return last


def _title_of_promise(command: cmd.AddCheck | cmd.SetContract) -> str:
    if isinstance(command, cmd.AddCheck):
        return f"add a check to {command.block}"
    done = "remove" if command.contract is None else "set"
    return f"{done} the contract of {command.block}"


def _title(command: StructuralCommand) -> str:
    match command:
        case cmd.AddBlock():
            return f"add {command.name or command.kind}"
        case cmd.MoveBlock():
            return f"move {command.block}"
        case cmd.RenameBlock():
            return f"rename {command.block} to {command.name}"
        case cmd.DeleteBlocks():
            return f"delete {', '.join(command.blocks)}"
        case cmd.DuplicateBlock():
            return f"duplicate {command.block}"
        case cmd.Connect():
            return f"connect {command.upstream} to {command.downstream}"
        case cmd.Disconnect():
            return f"disconnect {command.upstream} from {command.downstream}"
        case cmd.ConfigureBlock():
            return f"change settings of {command.block}"
        case cmd.AddCheck() | cmd.SetContract():
            return _title_of_promise(command)
        case _:
            return "change the pipeline"
