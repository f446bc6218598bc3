"""Looks at what triggers wait for: files, runs of other pipelines, outputs of blocks."""

from __future__ import annotations

import asyncio
import glob
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.core.clock import Clock
from headrace.core.errors import HeadraceError, InvalidInput
from headrace.runs.arrivals import Waiting
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.scheduling.arrivals import (
    MOST_FILES,
    Found,
    files_arrived,
    output_arrived,
    runs_arrived,
    seen_until,
)

logger = logging.getLogger(__name__)

_STATE_KEYS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "updated")


class Observer:
    """One look records all that arrived since the look before, by whichever process that was."""

    def __init__(self, root: Path, history: HistoryThread, clock: Clock) -> None:
        self._root = root
        self._history = history
        self._clock = clock

    async def look(self, *, far: bool = True) -> set[str]:
        """Return the pipelines for which something arrived. `far`: look into other storages too."""
        told: set[str] = set()
        for trigger in await self._history.call(History.waiting_triggers):
            if not far and "://" in (trigger.spec.files or ""):
                continue
            try:
                if await self._look_for(trigger):
                    told.add(trigger.pipeline)
            except HeadraceError as error:
                if error.message != trigger.problem:
                    told.add(trigger.pipeline)
                    await self._history.call(History.set_problem, trigger.id, error.message)
        return told

    async def _look_for(self, trigger: Waiting) -> bool:
        found, memory = await self._found(trigger)
        if trigger.problem is not None:
            await self._history.call(History.set_problem, trigger.id, None)
        if not found and memory == trigger.memory:
            return trigger.problem is not None
        return bool(await self._history.call(History.arrive, trigger, found, memory))

    async def _found(self, trigger: Waiting) -> Found:
        spec, memory, now = trigger.spec, trigger.memory, self._clock.now()
        if spec.files is not None:
            present = await asyncio.to_thread(files_of, self._root, spec.files)
            return files_arrived(memory, present, now)
        if spec.after is not None:
            since = seen_until(memory, now)
            ended = await self._history.call(History.succeeded_since, spec.after, since)
            return runs_arrived(memory, ended, now)
        pipeline, _, block = (spec.changed or "").partition("/")
        newest = await self._history.call(History.newest_output, pipeline, block)
        return output_arrived(memory, newest, now)


def files_of(root: Path, pattern: str) -> Mapping[str, str]:
    """Return path → state of the files that a pattern names; blocks.

    Paths are relative to the project, absolute, or URLs of any storage that fsspec knows. Raises
    InvalidInput when the storage cannot be looked into.
    """
    if "://" in pattern:
        return _far_files(pattern)
    found: dict[str, str] = {}
    for path in glob.iglob(pattern, root_dir=root, recursive=True):  # noqa: PTH207 absolute too
        try:
            status = (root / path).stat()
        except OSError:
            continue  # gone meanwhile
        if (root / path).is_file():
            found[path] = f"{status.st_mtime_ns} {status.st_size} {status.st_ino}"
        if len(found) > MOST_FILES:
            break
    return found


def _far_files(pattern: str) -> Mapping[str, str]:
    from fsspec.core import url_to_fs  # storages import libraries of their own

    try:
        storage, path = url_to_fs(pattern)
        listed: dict[str, dict[str, Any]] = storage.glob(path, detail=True, refresh=True)
    except Exception as error:  # storages raise what their libraries raise
        raise InvalidInput(f"files: {type(error).__name__}: {error}", field="files") from error
    return {
        storage.unstrip_protocol(name): " ".join(
            str(known[key]) for key in (*_STATE_KEYS, "size") if key in known
        )
        for name, known in listed.items()
        if known.get("type") == "file"
    }
