"""Named places where a process may be killed by a test, to prove that nothing is lost there.

`HEADRACE_CRASH=name[:n]` ends the process at the n-th passage of that place, as `kill -9` would:
nothing is flushed, closed or rolled back. Without it a place costs one comparison.
"""

from __future__ import annotations

import os

KILLED_EXIT_CODE = 137
"""What a shell reports of a process that was killed by SIGKILL."""


def _read(text: str) -> tuple[str, int]:
    name, _, number = text.partition(":")
    return name, int(number or 1)


_armed, _passages_left = _read(os.environ.get("HEADRACE_CRASH", ""))


def crashpoint(name: str) -> None:
    """Die here when a test asks for it. `name` is a literal, and unique in the code."""
    if name == _armed:
        _pass()


def _pass() -> None:
    global _passages_left  # noqa: PLW0603 the count of this process, and of those forked off it
    _passages_left -= 1
    if _passages_left == 0:
        os._exit(KILLED_EXIT_CODE)
