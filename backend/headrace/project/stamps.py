"""When files were changed, to tell later whether any of them was since."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

Stamp = tuple[int, int, int]
Stamps = dict[str, Stamp | None]
"""Path → (time of change in ns, bytes, inode); None where nothing is."""

UNSURE: Stamp = (-1, -1, -1)
"""Of a file that may have been changed after it was read: it differs from every other stamp."""
_GRAIN = timedelta(milliseconds=20)


def stamp_of(file: Path) -> Stamp | None:
    """Look at one file; None where nothing is."""
    try:
        return _stamp(file.stat())
    except OSError:
        return None


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def stamps(root: Path, places: Iterable[str], since: datetime | None = None) -> Stamps:
    """Look at files by paths relative to `root`, or absolute ones.

    With `since`, what changed after that moment is UNSURE: the caller began to read it then.
    """
    limit = None if since is None else int((since - _GRAIN).timestamp() * 1e9)
    found: Stamps = {}
    for place in places:
        try:
            status = (root / place).stat()
        except OSError:
            found[place] = None
            continue
        late = limit is not None and max(status.st_mtime_ns, status.st_ctime_ns) > limit
        found[place] = UNSURE if late else _stamp(status)
    return found
