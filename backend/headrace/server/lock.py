"""One server for one project: a lock that the kernel gives back however the holder ends."""

from __future__ import annotations

import fcntl
import os

import msgspec

from headrace.core.paths import ProjectPaths


class ProjectLock:
    """An advisory lock on `.headrace/lock`."""

    def __init__(self, paths: ProjectPaths) -> None:
        self._paths = paths
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take the lock; False when another process has it.

        Nothing is wrong without it: `HEADRACE_LOCK=off` lets tests prove that.
        """
        if os.environ.get("HEADRACE_LOCK") == "off":
            return True
        descriptor = os.open(self._paths.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

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
