"""A change of files as a value: planned by edits, written by Project.save, turned round by undo."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct


class FileChange(Struct, frozen=True):
    """The text of one file before and after; `path` is relative to the project, with `/`.

    `before` None: the file must not exist; `after` None: it is deleted.
    """

    path: str
    before: str | None
    after: str | None


def invert(changes: Sequence[FileChange]) -> list[FileChange]:
    """Return the changes that take these back."""
    return [FileChange(change.path, change.after, change.before) for change in reversed(changes)]


def keep_line_ends(before: str, after: str) -> str:
    """Return `after` with CRLF when `before` had it throughout and `after` lost it.

    Editors in browsers hand text back with LF alone.
    """
    if "\r\n" not in before or "\r" in after:
        return after
    if before.count("\n") != before.count("\r\n"):
        return after
    return after.replace("\n", "\r\n")
