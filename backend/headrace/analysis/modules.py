"""Finds the modules of a project as a worker does: in the pipeline's folder, then in the root."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from headrace.core.ids import digest

_LARGEST_READ = 16 << 20
"""Bytes of a file up to which its content counts; of a larger one its size and time do."""


class _Place(NamedTuple):
    """Where a module is: its file, and the folders in which its own modules are looked for."""

    file: Path | None
    folders: tuple[Path, ...] = ()


_NOWHERE = _Place(None)


class ModuleFinder:
    """Reads modules for the analysis of one pipeline; each is read once.

    `looked` are all the paths, relative to the root, of which the answers depend: also those where
    nothing is, because a file made there would be found next time.
    """

    def __init__(self, root: Path, folders: Iterable[Path]) -> None:
        self._root = root
        self._top = tuple(dict.fromkeys((*folders, root)))
        self._places: dict[str, _Place] = {}
        self._read: dict[str, tuple[str, str] | None] = {}
        self.looked: set[str] = set()

    @classmethod
    def of_pipeline(cls, root: Path, pipeline: str) -> ModuleFinder:
        """Look where the blocks of a pipeline look."""
        return cls(root, [root / "pipelines" / pipeline])

    def __call__(self, dotted: str) -> tuple[str, str] | None:
        """Return (relative path, text) of a module of the project, None when it has none."""
        if dotted not in self._read:
            self._read[dotted] = self._text(self._find(dotted).file)
        return self._read[dotted]

    def _text(self, file: Path | None) -> tuple[str, str] | None:
        if file is None:
            return None
        try:
            raw = file.read_bytes()
        except OSError:
            return None
        return self._relative(file), decode(raw)

    def _find(self, dotted: str) -> _Place:
        place = self._places.get(dotted)
        if place is None:
            above, _, name = dotted.rpartition(".")
            folders = self._find(above).folders if above else self._top
            place = self._look(folders, name) if name.isidentifier() else _NOWHERE
            self._places[dotted] = place
        return place

    def _look(self, folders: tuple[Path, ...], name: str) -> _Place:
        """Look through folders in the order and with the preferences of Python's own finder."""
        portions: list[Path] = []
        for folder in folders:
            inside, module = folder / name, folder / f"{name}.py"
            start = inside / "__init__.py"
            self.looked.update((self._relative(start), self._relative(module)))
            if start.is_file():
                return _Place(start, (inside,))
            if module.is_file():
                return _Place(module)
            if inside.is_dir():
                portions.append(inside)
        return _Place(None, tuple(portions))

    def _relative(self, file: Path) -> str:
        return file.relative_to(self._root).as_posix()


class FileStates:
    """States of files that a text names. Kept from one analysis to the next by time and size."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int, int], str]] = {}

    def state(self, root: Path, named: str) -> tuple[str, str] | None:
        """Return (relative path, digest) of a file of the project, None when there is none.

        Python modules are left out, as they count by what they mean, and what Headrace keeps.
        """
        try:
            file = root / named
            if not file.is_file() or not file.resolve().is_relative_to(root):
                return None
            relative = file.resolve().relative_to(root).as_posix()
            if relative.startswith(".headrace/"):
                return None
            status = file.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            known = self._known.get(file)
            if known is None or known[0] != stamp:
                large = status.st_size > _LARGEST_READ
                content = digest(str(stamp)) if large else digest(file.read_bytes())
                known = self._known[file] = stamp, content
            return relative, known[1]
        except (OSError, ValueError):
            return None


def decode(raw: bytes) -> str:
    """Read a source as Python does; one that it cannot read still has a text, to be compared."""
    try:
        return importlib.util.decode_source(raw)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return "\0" + raw.decode("latin-1")  # no code, whatever it looks like
