"""Read text files that others may have made: regular files only, bounded, UTF-8, line ends kept."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from headrace.core.errors import InvalidInput, NotFound, TooLarge

MAX_SOURCE_BYTES = 1024 * 1024
MAX_NOTEBOOK_BYTES = 10 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_MISSING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})


class NotText(InvalidInput):
    """The file is not UTF-8; `details` has line, column, and `text` with marks for bad bytes."""


def size_limit(path: Path) -> int:
    """Return how many bytes a file of this name may have; notebooks carry their outputs."""
    return MAX_NOTEBOOK_BYTES if path.suffix == ".ipynb" else MAX_SOURCE_BYTES


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a regular file.

    Raises NotFound, TooLarge, or InvalidInput for folders, pipes, devices and unreadable files.
    """
    try:
        # Without O_NONBLOCK a named pipe would hold the reader until someone writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _MISSING:
            raise NotFound(f"There is no file {path.name!r}.", kind="file") from error
        raise InvalidInput(f"{path.name!r} cannot be read: {error.strerror}.") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise InvalidInput(f"{path.name!r} is not a regular file.")
    with os.fdopen(descriptor, "rb") as file:
        limit = size_limit(path)
        raw = file.read(limit + 1) if status.st_size <= limit else b""
        if status.st_size > limit or len(raw) > limit:
            raise TooLarge(f"{path.name!r} is larger than {limit // 2**20} MB.", limit_bytes=limit)
    return raw


def decode(raw: bytes, name: str) -> str:
    """Return the text of UTF-8 bytes, without a byte order mark; raise NotText else."""
    body = raw.removeprefix(_BOM)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        before = body[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace"))
        raise NotText(
            f"{name!r} is not UTF-8 (byte 0x{body[error.start]:02x}): save it as UTF-8.",
            line=line,
            column=column,
            text=body.decode("utf-8", "replace"),
        ) from error


def encode(text: str, path: Path, like: bytes | None) -> bytes:
    """Return the bytes to write, with a byte order mark when the old bytes `like` had one."""
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInput("The text holds half of a character pair.", field="text") from error
    limit = size_limit(path)
    if len(raw) > limit:
        raise TooLarge(
            f"{path.name!r} would be larger than {limit // 2**20} MB.", limit_bytes=limit
        )
    return _BOM + raw if like is not None and like.startswith(_BOM) else raw
