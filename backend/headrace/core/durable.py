"""Files that are, after any crash, wholly old or wholly new."""

from __future__ import annotations

import errno
import os
import re
import secrets
from pathlib import Path

from headrace.core.crash import crashpoint
from headrace.core.errors import StorageFull


def write_durable(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace `path` by `content`: temporary file, fsync, rename, fsync of the folder.

    Raises StorageFull when the disk is full; the old file is then still there.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                crashpoint("file.before-sync")
                os.fsync(file.fileno())
            crashpoint("file.before-rename")
            temporary.replace(path)
            crashpoint("file.after-rename")
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(f"No space left to write {path.name!r}.", file=path.name) from error
        raise
    sync_folder(path.parent)


_LEFTOVER = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")


def remove_leftovers(folder: Path, *, below: bool = False) -> None:
    """Remove temporary files of processes that died; call it where nobody else writes."""
    for path in folder.rglob(".*.tmp") if below else folder.glob(".*.tmp"):
        if _LEFTOVER.fullmatch(path.name):
            path.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, so that it is there after a power cut as well."""
    missing = [folder] if not folder.is_dir() else []
    while missing and not missing[-1].parent.is_dir():
        missing.append(missing[-1].parent)
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and deletions in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
