"""Who has a project's results in mind: a lock that all may share, and a sweep has alone."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

_NAME = "in-use"


class StoreUse:
    """An advisory lock on the store; the kernel gives it back however its holder ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def shared(cls, store: Path) -> Self:
        """Say that results are known here that must stay; waits for a sweep under way."""
        descriptor = _open(store)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return cls(descriptor)

    @classmethod
    def alone(cls, store: Path) -> Self | None:
        """Have the store alone; None while others use it."""
        descriptor = _open(store)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def release(self) -> None:
        """Give it back."""
        os.close(self._descriptor)


def _open(store: Path) -> int:
    return os.open(store / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
