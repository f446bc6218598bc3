"""How the data process holds memory that it has freed (data process only)."""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT = 16 << 20
_OWN_MAPPING = 4 << 20


def keep_freed() -> None:
    """Have each thread keep up to 16 MB of what it frees for its next arrays, where glibc is.

    What is worked out of a batch is a megabyte, made and freed some ten times for each; given
    back and taken again every time, page faults cost as much as the work itself: mallopt(3).
    Arrays of 4 MB and more still go back at once.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _OWN_MAPPING)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
