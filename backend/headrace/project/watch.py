"""Notice what others change in a project: an editor, `git checkout`, another server.

The operating system only wakes us; what changed is found by comparing two looks at the files. So
nothing is lost while folders come and go, and our own temporary files never show.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable
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


class _Look(NamedTuple):
    """The watched folders, and each file's time, size and inode."""

    folders: list[str]
    files: dict[str, tuple[int, int, int]]


def watch(paths: ProjectPaths) -> AsyncGenerator[Batch, None]:
    """Yield a batch for all that changes from this call on, until the generator is closed."""
    return _batches(paths, _look(paths.root))


async def _batches(paths: ProjectPaths, known: _Look) -> AsyncGenerator[Batch, None]:
    stop = threading.Event()
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, "headrace-watch")
    try:
        notify = await loop.run_in_executor(thread, _notifier, known.folders)
        while True:
            # The first look after the notifier stands finds what happened before it did.
            look = await loop.run_in_executor(thread, _look, paths.root)
            if look.folders != known.folders:
                fresh = await loop.run_in_executor(thread, _notifier, look.folders)
                notify, look = fresh, await loop.run_in_executor(thread, _look, paths.root)
            batch = _classify(known, look)
            moved_on = look.folders != known.folders
            known = look
            if batch != Batch():
                yield batch
            elif not moved_on:
                await loop.run_in_executor(thread, _wait, notify, stop)
    finally:
        stop.set()
        thread.shutdown(wait=False)  # it ends within a moment; nobody else has to wait for that


def _notifier(folders: list[str]) -> Any:
    from watchfiles._rust_notify import RustNotify

    # Folder by folder, because a recursive watch cannot leave out node_modules.
    there = [folder for folder in folders[:_MAX_FOLDERS] if Path(folder).is_dir()]
    return RustNotify(there, False, False, 300, False, True)  # noqa: FBT003


def _wait(notify: Any, stop: threading.Event) -> None:
    notify.watch(LONGEST_MS, QUIET_MS, _WAKE_MS, stop)


def _look(root: Path) -> _Look:
    look = _Look([], {})
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
                try:
                    status = Path(folder, name).stat()
                except OSError:
                    continue
                look.files["/".join((*inside, name))] = (
                    status.st_mtime_ns,
                    status.st_size,
                    status.st_ino,
                )
    return look


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
    }
    pipelines: set[str] = set()
    modules: set[str] = set()
    shared: set[str] = set()
    for path in changed:
        parts = path.split("/")
        if parts[0] == "pipelines":
            if len(parts) > 2 and NAME_RULE.fullmatch(parts[1]):
                pipelines.add(parts[1])
            continue
        if path.endswith(".py"):
            modules.add(path)
        if parts[0] == "blocks" and len(parts) > 2:
            shared.add(PurePosixPath(*parts[1:]).with_suffix("").as_posix())
    return Batch(
        frozenset(pipelines), frozenset(modules), frozenset(shared), "headrace.yaml" in changed
    )
