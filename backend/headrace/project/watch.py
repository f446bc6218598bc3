"""Notice what others change in a project: an editor, `git checkout`, another server.

The operating system only wakes us; what changed is found by comparing two looks at the files. So
nothing is lost while folders come and go, and our own temporary files never show.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from headrace.core.ids import NAME_RULE
from headrace.core.paths import ProjectPaths
from headrace.project.languages import SUFFIXES

QUIET_MS = 150
"""A batch ends when nothing has changed for so long…"""
LONGEST_MS = 1000
"""…or after this time."""
_WAKE_MS = 60_000
_RECENT_NS = 5_000_000_000
_MAX_FOLDERS = 5_000
_PRUNED = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "env"})
_OF_PIPELINES = frozenset({*SUFFIXES.values(), ".yaml"})
_OF_BLOCKS = frozenset(SUFFIXES.values())


class Batch(NamedTuple):
    """What changed together: written, made or deleted."""

    pipelines: frozenset[str] = frozenset()
    """Names of pipelines with a changed file."""
    modules: frozenset[str] = frozenset()
    """`.py` files outside `pipelines/`, relative to the project."""
    shared: frozenset[str] = frozenset()
    """Shared blocks of the project as `block:` names them."""
    settings: bool = False
    """headrace.yaml changed."""
    paths: frozenset[str] = frozenset()
    """All files that changed, relative to the project; folders of libraries by their full path."""


class Watched:
    """What others want watched beside the project's own files. Any thread may add to it."""

    def __init__(self) -> None:
        self.files: frozenset[str] = frozenset()
        """Relative to the project."""
        self.folders: frozenset[str] = frozenset()
        """Absolute; each counts by itself, without what is below."""
        self.moved = False

    def add(self, files: Iterable[str], folders: Iterable[str]) -> None:
        """Watch these too, from a moment later on."""
        before = self.files, self.folders
        self.files |= {path for path in files if not path.endswith(".py")}
        self.folders |= frozenset(folders)
        if (self.files, self.folders) != before:
            self.moved = True


class _Wake:
    """Ends a wait for changes: at the end of all, or when something else is to be watched."""

    def __init__(self, stop: threading.Event, watched: Watched) -> None:
        self._stop = stop
        self._watched = watched

    def is_set(self) -> bool:
        return self._stop.is_set() or self._watched.moved


class _Look(NamedTuple):
    """The watched folders, and each file's time, size and inode."""

    folders: list[str]
    files: dict[str, tuple[int, int, int]]
    more: set[str]
    """Those of the files that are watched for others."""


def watch(paths: ProjectPaths, watched: Watched | None = None) -> AsyncGenerator[Batch, None]:
    """Yield a batch for all that changes from this call on, until the generator is closed."""
    more = watched or Watched()
    return _batches(paths, more, _look(paths.root, more))


async def _batches(
    paths: ProjectPaths, watched: Watched, known: _Look
) -> AsyncGenerator[Batch, None]:
    stop = threading.Event()
    wake = _Wake(stop, watched)
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, "headrace-watch")
    try:
        notify = await loop.run_in_executor(thread, _notifier, known.folders)
        while True:
            # The first look after the notifier stands finds what happened before it did.
            look = await loop.run_in_executor(thread, _look, paths.root, watched)
            if look.folders != known.folders:
                fresh = await loop.run_in_executor(thread, _notifier, look.folders)
                notify, look = fresh, await loop.run_in_executor(thread, _look, paths.root, watched)
            batch = _classify(known, look)
            moved_on = look.folders != known.folders
            known = look
            if batch != Batch():
                yield batch
            elif not moved_on:
                await loop.run_in_executor(thread, _wait, notify, wake)
    finally:
        stop.set()
        thread.shutdown(wait=False)  # it ends within a moment; nobody else has to wait for that


def _notifier(folders: list[str]) -> Any:
    from watchfiles._rust_notify import RustNotify

    # Folder by folder, because a recursive watch cannot leave out node_modules.
    there = [folder for folder in folders[:_MAX_FOLDERS] if Path(folder).is_dir()]
    return RustNotify(there, False, False, 300, False, True)  # noqa: FBT003


def _wait(notify: Any, stop: _Wake) -> None:
    notify.watch(LONGEST_MS, QUIET_MS, _WAKE_MS, stop)


def _look(root: Path, watched: Watched) -> _Look:
    watched.moved = False  # before its contents are read: what comes later wakes us again
    look = _Look([], {}, set(watched.files | watched.folders))
    top = str(root)
    for folder, folders, names in os.walk(top):
        inside = PurePosixPath(folder).relative_to(top).parts
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in _PRUNED
        )
        if "pyvenv.cfg" in names:
            folders.clear()
            continue
        look.folders.append(folder)
        wanted = _wanted(inside)
        for name in names:
            if not name.startswith(".") and wanted(name):
                _note(look, root, "/".join((*inside, name)))
    look.folders.extend(sorted(place for place in look.more if place.startswith("/")))
    for place in look.more:
        _note(look, root, place)
    return look


def _note(look: _Look, root: Path, place: str) -> None:
    try:
        status = (root / place).stat()
    except OSError:
        return
    look.files[place] = status.st_mtime_ns, status.st_size, status.st_ino


def _wanted(inside: tuple[str, ...]) -> Callable[[str], bool]:
    """Return which file names count in a folder."""
    if inside[:1] == ("pipelines",):
        return lambda name: PurePosixPath(name).suffix in _OF_PIPELINES
    if inside[:1] == ("blocks",):
        return lambda name: PurePosixPath(name).suffix in _OF_BLOCKS
    if not inside:
        return lambda name: name.endswith(".py") or name == "headrace.yaml"
    return lambda name: name.endswith(".py")


def _classify(before: _Look, after: _Look) -> Batch:
    changed = {
        path
        for path in before.files.keys() | after.files.keys()
        if before.files.get(path) != after.files.get(path)
    } - _only_new_to_us(before, after)
    pipelines: set[str] = set()
    modules: set[str] = set()
    shared: set[str] = set()
    for path in changed:
        parts = path.split("/")
        if not parts[0]:
            continue  # a folder of libraries
        if parts[0] == "pipelines":
            if len(parts) > 2 and NAME_RULE.fullmatch(parts[1]):
                pipelines.add(parts[1])
            continue
        if path.endswith(".py"):
            modules.add(path)
        if parts[0] == "blocks" and len(parts) > 2:
            shared.add(PurePosixPath(*parts[1:]).with_suffix("").as_posix())
    return Batch(
        frozenset(pipelines),
        frozenset(modules),
        frozenset(shared),
        "headrace.yaml" in changed,
        frozenset(changed),
    )


def _only_new_to_us(before: _Look, after: _Look) -> set[str]:
    """Return the files that are watched since the last look and were not changed lately."""
    recent = time.time_ns() - _RECENT_NS
    new = after.more - before.more - before.files.keys()
    return {path for path in new if path in after.files and after.files[path][0] < recent}
