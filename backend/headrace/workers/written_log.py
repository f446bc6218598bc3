"""What blocks have printed, as it lies on the disk."""

from __future__ import annotations

import contextlib
from pathlib import Path

from msgspec import Struct


class WrittenLog(Struct, frozen=True):
    """One attempt's log, or those of all attempts, oldest first, as they are now."""

    parts: list[tuple[Path, int]]
    """Files, each with its size in bytes."""

    @classmethod
    def of(cls, folder: Path, block: str, attempt: int) -> WrittenLog:
        """Find the log of an attempt, of all with 0; it is empty when nothing was written."""
        files = [folder / f"{block}.{attempt}.log"]
        if not attempt:
            files = sorted(
                folder.glob(f"{block}.*.log"), key=lambda file: (len(file.name), file.name)
            )
        parts: list[tuple[Path, int]] = []
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                parts.append((file, file.stat().st_size))
        return cls(parts)

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(size for _, size in self.parts)

    def read(self, start: int, limit: int) -> bytes:
        """Return at most `limit` bytes from `start` on, out of one file."""
        for path, size in self.parts:
            if start < size:
                with contextlib.suppress(FileNotFoundError), path.open("rb") as opened:
                    opened.seek(start)
                    return opened.read(min(limit, size - start))
                return b""
            start -= size
        return b""
