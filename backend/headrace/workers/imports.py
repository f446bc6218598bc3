"""The modules of the project that blocks load: always from their sources, and what these meant."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

from headrace.analysis.meaning import meaning_of
from headrace.analysis.modules import decode

_ELSEWHERE = ("site-packages", "dist-packages")


class _Loaded(NamedTuple):
    """A module as it was when it was loaded."""

    name: str
    path: str
    """Relative to the project."""
    file: str
    state: tuple[int, int]
    text: str


class _Loader(SourceFileLoader):
    """Compiles the source that is there now: what is cached may be that of another second."""

    def __init__(self, name: str, file: str, modules: ProjectModules) -> None:
        super().__init__(name, file)
        self._modules = modules

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source, and remember it."""
        file = self.get_filename(fullname)
        state = state_of(file)  # before it is read: a later change of the file is then seen
        source = self.get_data(file)
        self._modules.note(fullname, file, state, source)
        return self.source_to_code(source, file)


class ProjectModules:
    """The modules of the project in this process; a finder of Python's import system."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._prefix = f"{root}{os.sep}"
        self._known: dict[str, _Loaded] = {}
        """Modules that are loaded, by name."""
        self._now: list[_Loaded] = []
        """Those that the present job has loaded."""

    def install(self) -> None:
        """Come before the finder of all other sources."""
        place = next((i for i, finder in enumerate(sys.meta_path) if finder is PathFinder), 0)
        sys.meta_path.insert(place, self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of the project; None for what others find."""
        among = sys.path if path is None else list(path)
        ours = [entry for entry in among if self._is_ours(entry)]
        spec = PathFinder.find_spec(name, ours, target) if ours else None
        if spec is None or spec.origin is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        if among[: len(ours)] != ours:
            first = PathFinder.find_spec(name, among, target)
            if first is None or first.origin != spec.origin:
                return None
        spec.loader = _Loader(name, spec.origin, self)
        return spec

    def _is_ours(self, entry: str) -> bool:
        inside = entry == self._root or entry.startswith(self._prefix)
        return inside and not any(part in entry for part in _ELSEWHERE)

    def note(self, name: str, file: str, state: tuple[int, int], source: bytes) -> None:
        """Remember what is being loaded."""
        path = file.removeprefix(self._prefix).replace(os.sep, "/")
        loaded = self._known[name] = _Loaded(name, path, file, state, decode(source))
        self._now.append(loaded)

    def begin(self, wanted: Mapping[str, str]) -> None:
        """Forget all of them when one was changed since it was loaded, or is not what is wanted.

        All, because one that did not change may hold names of one that did. `wanted` maps paths to
        digests of what the modules mean.
        """
        self._now.clear()
        if any(
            state_of(loaded.file) != loaded.state or not _is_as(loaded, wanted)
            for loaded in self._known.values()
        ):
            for name in self._known:
                sys.modules.pop(name, None)
            self._known.clear()
        importlib.invalidate_caches()

    def surprises(self, wanted: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """Return the paths of modules that are not as wanted, and of those nobody knew of."""
        moved = {one.path for one in self._known.values() if not _is_as(one, wanted)}
        moved |= {one.path for one in self._now if not _is_as(one, wanted)}
        return sorted(moved), sorted({one.path for one in self._now} - wanted.keys())


def _is_as(loaded: _Loaded, wanted: Mapping[str, str]) -> bool:
    content = wanted.get(loaded.path)
    return content is None or content == meaning_of(loaded.text).digest


def state_of(file: str) -> tuple[int, int]:
    """Return a file's time of change in ns and its size; zeros when it is gone."""
    try:
        status = Path(file).stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
