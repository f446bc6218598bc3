"""Shared blocks: those of the project's `blocks/` first, then those that ship with Headrace."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from headrace.core.errors import HeadraceError
from headrace.core.paths import ProjectPaths, beneath
from headrace.project.languages import KIND_OF_FOLDER, SUFFIXES, language_of
from headrace.project.textfiles import decode, read_bytes
from headrace.protocol.tables import Kind, Language

_NAME = re.compile(r"[a-z0-9_]+(?:/[a-z0-9_]+)+")


class LibraryFile(NamedTuple):
    """A shared block: `path` as `block:` names it, and where it is."""

    path: str
    file: Path
    kind: Kind
    language: Language
    text: str


def shipped_library() -> Path | None:
    """Return the folder of blocks that ship with Headrace: in the wheel, or in the repository."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "library", package.parents[1] / "blocks"):
        if folder.is_dir():
            return folder
    return None


class Library:
    """All shared blocks that a project can use."""

    def __init__(self, paths: ProjectPaths, shipped: Path | None) -> None:
        self._own = paths.blocks
        self._shipped = None if shipped == paths.blocks else shipped

    def folders(self) -> list[Path]:
        """Return the folders to search, the project's own first."""
        return [self._own] if self._shipped is None else [self._own, self._shipped]

    def find(self, name: str) -> Path | None:
        """Return the file of `loaders/read_csv`, None when there is none."""
        if not _NAME.fullmatch(name):
            return None
        for folder in self.folders():
            for suffix in SUFFIXES.values():
                if (folder / f"{name}{suffix}").is_file():
                    try:
                        return beneath(folder, f"{name}{suffix}")
                    except HeadraceError:
                        continue
        return None

    def is_own(self, file: Path) -> bool:
        """True when `file` lies in the project, so that it may be changed."""
        return file.is_relative_to(self._own.resolve())

    def all(self) -> list[LibraryFile]:
        """Return every readable shared block by path; the project's hide shipped ones."""
        found: dict[str, LibraryFile] = {}
        for folder in self.folders():
            for file in _files_below(folder):
                path = file.relative_to(folder).with_suffix("").as_posix()
                language = language_of(file.name)
                kind = KIND_OF_FOLDER.get(PurePosixPath(path).parts[0])
                if kind is None or language is None or path in found or not _NAME.fullmatch(path):
                    continue
                try:
                    text = decode(read_bytes(file), file.name)
                except HeadraceError:
                    continue
                found[path] = LibraryFile(path, file, kind, language, text)
        return sorted(found.values())


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        for name in sorted(files):
            if not name.startswith((".", "__")):
                yield Path(parent) / name
