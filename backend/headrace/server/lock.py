"""One server for one project: a lock that the kernel gives back however the holder ends."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import ClassVar

import msgspec

from headrace.core.paths import ProjectPaths


class ProjectLock:
    """An advisory lock on `.headrace/lock`."""

    _held: ClassVar[set[Path]] = set()
    """Projects whose lock this process has."""

    def __init__(self, paths: ProjectPaths) -> None:
        self._paths = paths
        self._descriptor: int | None = None

    def take(self, wait_s: float = 0.0) -> bool:
        """Take the lock; False when another process has it, and keeps it for `wait_s`.

        Nothing is wrong without it: `HEADRACE_LOCK=off` lets tests prove that.
        """
        if os.environ.get("HEADRACE_LOCK") == "off":
            return True
        descriptor = os.open(self._paths.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        last_try = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= last_try:
                    os.close(descriptor)
                    return False
            time.sleep(0.01)
        self._descriptor = descriptor
        self._held.add(self._paths.root)
        return True

    @property
    def is_held_here(self) -> bool:
        """True when this process has the lock already, by whichever object."""
        return self._paths.root in self._held

    def holder(self) -> str | None:
        """Return address and process id of the server that has the lock, None while it starts."""
        try:
            described = msgspec.json.decode(
                self._paths.server_file.read_bytes(), type=dict[str, object]
            )
            return f"{described['url']} (process {described['pid']})"
        except (OSError, msgspec.DecodeError, KeyError):
            return None

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            self._held.discard(self._paths.root)
