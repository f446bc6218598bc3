"""What every edit is made of: the pipeline's YAML, its sources, and the changes to them so far."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from msgspec import Struct

from headrace.core.errors import InvalidInput, NotFound
from headrace.project.changes import FileChange
from headrace.project.entries import Entries
from headrace.project.pipeline import Block, Pipeline, PipelineFiles, Source
from headrace.project.yaml_nodes import Node
from headrace.project.yaml_text import YamlText
from headrace.protocol.tables import Expectation


class Wiring(Struct, frozen=True, kw_only=True):
    """How a block takes a new upstream: all its `inputs:`, and whether it gets an argument."""

    inputs: dict[str, str]
    argument: bool


class CodeEdits(Protocol):
    """Edits of code that an edit of the pipeline brings along; analysis knows how."""

    def add_argument(self, source: str, name: str) -> str:
        """Add an argument to the block's function; the text unchanged when it has it."""
        ...

    def remove_argument(self, source: str, name: str) -> str:
        """Take an argument away from the block's function, when it has it."""
        ...

    def add_check(self, source: str, expectation: Expectation, type_name: str) -> str:
        """Add a check of the output; `type_name` is that of what the block returns."""
        ...

    def rename_upstream(self, source: str, language: str, old: str, new: str) -> str:
        """Rename an argument with its uses, or a table in SQL."""
        ...

    def rename_function(self, source: str, old: str, new: str) -> str:
        """Rename the block's function when it is called `old`."""
        ...

    def names_upstream(self, source: str, language: str, name: str) -> bool:
        """Tell whether the code has an argument of this name, or reads a table of it."""
        ...

    def connected(
        self, pipeline: Pipeline, block: Block, source: str, upstream: str, *, own: bool
    ) -> Wiring:
        """Tell how a Python block takes one more upstream; `own` code may get an argument."""
        ...

    def disconnected(
        self, pipeline: Pipeline, block: Block, source: str, upstream: str
    ) -> dict[str, str]:
        """Return the `inputs:` of a Python block that loses an upstream."""
        ...


class Plan:
    """One edit in the making; nothing is written before `changes` goes to Project.save."""

    def __init__(
        self,
        files: PipelineFiles,
        code: CodeEdits,
        taken_files: Collection[str] = (),
        *,
        shared_text: str | None = None,
    ) -> None:
        """Parse pipeline.yaml; raise InvalidInput when it cannot be understood.

        `taken_files` are names in the pipeline's folder that no new block may get, `shared_text`
        the Python source of a shared block that is added.
        """
        self.files = files
        self.code = code
        self.taken_files = taken_files
        self.shared_text = shared_text
        self.pipeline = files.pipeline
        self.yaml = YamlText(files.text)
        self.blocks = Entries(self.yaml, "blocks")
        self._sources: dict[str, FileChange] = {}

    @property
    def folder(self) -> str:
        """The pipeline's folder, relative to the project."""
        return f"pipelines/{self.pipeline.name}"

    def block(self, name: str) -> Block:
        """Return a block; raise NotFound."""
        found = self.pipeline.block(name)
        if found is None:
            raise NotFound(f"There is no block {name!r}.", kind="block", name=name)
        return found

    def index(self, name: str) -> int:
        """Return the place of a block's entry, which may be one that the reader refused."""
        found = self.blocks.find(name)
        if found is None:
            raise NotFound(f"There is no block {name!r}.", kind="block", name=name)
        return found

    def entry(self, name: str) -> Node:
        """Return a block's entry."""
        return self.blocks.nodes[self.index(name)]

    def own_source(self, name: str) -> Source | None:
        """Return a block's source when it is there and belongs to this block alone."""
        block, source = self.pipeline.block(name), self.files.sources.get(name)
        if block is None or source is None or source.missing or source.shared:
            return None
        if not source.writable or self.is_unreadable(name):
            return None
        others = (other for other in self.pipeline.blocks if other.name != name)
        return None if any(other.file == block.file for other in others) else source

    def is_unreadable(self, name: str) -> bool:
        """True when the block's file is there but its text is not known."""
        return any(
            problem.block == name and problem.code == "unreadable-file"
            for problem in self.pipeline.problems
        )

    def text_of(self, name: str) -> str:
        """Return a block's source with the changes of this plan."""
        source = self.files.sources[name]
        change = self._sources.get(source.path)
        return source.text if change is None or change.after is None else change.after

    def write(self, source: Source, text: str) -> None:
        """Plan a new text for a source."""
        if text != source.text or source.path in self._sources:
            self._sources[source.path] = FileChange(source.path, source.text, text)

    def create(self, path: str, text: str) -> None:
        """Plan a new file."""
        self._sources[path] = FileChange(path, None, text)

    def delete(self, source: Source) -> None:
        """Plan the end of a file."""
        self._sources[source.path] = FileChange(source.path, source.text, None)

    def move_file(self, name: str, path: str) -> None:
        """Plan another path for the source of a block, with the text as it is in this plan."""
        source = self.files.sources[name]
        text = self.text_of(name)
        if path == source.path:
            self.write(source, text)
            return
        self.delete(source)
        self.create(path, text)

    def changes(self) -> list[FileChange]:
        """Return all changes, new files before the YAML that names them, deletions last."""
        text = self.yaml.result()
        changed = [FileChange(f"{self.folder}/pipeline.yaml", self.files.text, text)]
        if text == self.files.text:
            changed = []
        sources = list(self._sources.values())
        written = [change for change in sources if change.after is not None]
        deleted = [change for change in sources if change.after is None]
        return [
            change for change in (*written, *changed, *deleted) if change.before != change.after
        ]

    def check_free(self, name: str) -> None:
        """Raise InvalidInput when a block has this name."""
        if name in self.blocks.names():
            raise InvalidInput(f"There is a block {name!r} already.", field="name", name=name)

    def free_name(self, stem: str, suffix: str) -> str:
        """Return `stem`, or `stem_2` and so on, such that neither block nor file has it."""
        taken = set(self.blocks.names()) | {
            file.removesuffix(suffix) for file in self.taken_files if file.endswith(suffix)
        }
        name, number = stem[:60], 1
        while name in taken:
            number += 1
            name = f"{stem[:60]}_{number}"
        return name
