"""Following the log file of a job: coalesced, bounded, and capped on the disk."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from headrace.workers.masks import Masks

TAIL_BYTES = 64 * 1024
CAP_BYTES = 1 << 30
_KEPT_HEAD = CAP_BYTES // 2
_KEPT_TAIL = 1 << 20
_BYTES_PER_SECOND = 256 * 1024
_NOTE = re.compile(rb"\n\xe2\x80\xa6 ([0-9,]+) bytes of output left out here \xe2\x80\xa6\n")
_LONGEST_NOTE = 96
_UNREADABLE = "headrace.unreadable"
_BAR = re.compile(
    r"(?<!\d)\d{1,3}%\|[^|\r\n]*\|\s*(\d+(?:\.\d+)?)([kMGTP]?)/(\d+(?:\.\d+)?)([kMGTP]?)\s*\["
)
_THOUSANDS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}


def _unreadable(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError), "only bytes are read here"
    return "\x1a" * (error.end - error.start), error.end


codecs.register_error(_UNREADABLE, _unreadable)


def text_of(raw: bytes) -> str:
    """Decode UTF-8; a byte that is none becomes the control character SUB.

    So the text has as many bytes as what it was made of, and offsets into the log stay right.
    """
    return raw.decode("utf-8", _UNREADABLE)


def progress_in(text: str) -> tuple[float, float] | None:
    """Return (done, total) of the last progress bar in the way of tqdm, None when there is none."""
    if "%|" not in text:
        return None
    bars = list(_BAR.finditer(text))
    if not bars:
        return None
    done, of_done, total, of_total = bars[-1].groups()
    return float(done) * _THOUSANDS[of_done], float(total) * _THOUSANDS[of_total]


@dataclass
class LogTail:
    """Reads what a job adds to its log, at most 256 KiB a second; what is more is skipped.

    The file keeps everything up to 1 GiB; beyond that its middle is cut out. Secrets are blotted
    out in the file as they are read.
    """

    path: str
    now: float
    """Monotonic seconds of the last look."""
    masks: Masks = field(default_factory=Masks)
    skipped: bool = False
    """Some of it was never looked at, and may show secrets."""
    offset: int = 0
    allowance: float = _BYTES_PER_SECOND
    _descriptor: int = field(default=-1)

    def __post_init__(self) -> None:
        self.offset = self.begin = self.size()

    def size(self) -> int:
        """Return the size of the log in bytes."""
        try:
            # Most blocks print nothing: what is empty need not be opened. A Path takes
            # longer to make than a file to look at, and all blocks are looked at all the time.
            opened = self._descriptor >= 0
            return (os.fstat(self._descriptor) if opened else os.stat(self.path)).st_size  # noqa: PTH116
        except OSError:
            return 0

    def grown(self, now: float, *, final: bool = False) -> tuple[int, str] | None:
        """Return (offset, text) of what is new, None when nothing is.

        With `final`, the end of the log is returned even when the rate is used up.
        """
        size = self.size()
        self.allowance = min(
            _BYTES_PER_SECOND, self.allowance + (now - self.now) * _BYTES_PER_SECOND
        )
        self.now = now
        if size < self.offset:
            self.offset = 0  # the block emptied its own log
        if size == self.offset or not self._opened():
            return None
        allowed = max(int(self.allowance), TAIL_BYTES if final else 0)
        if allowed < 4096 and size - self.offset > allowed:
            return None
        start = max(self.offset, size - allowed)
        self.skipped = self.skipped or start > self.offset
        raw = self._read(start, size)
        first = 0 if start == self.offset else _first_whole(raw)
        last = len(raw) if final else _last_whole(raw[: len(raw) - self.masks.begun(raw)])
        if last <= first:
            return None
        self.offset = start + last
        self.allowance -= last - first
        return start + first, text_of(raw[first:last])

    def _read(self, start: int, end: int) -> bytes:
        """Read a part of the log, and blot out the secrets that reach into it."""
        before = max(self.offset, start - self.masks.longest)
        raw = os.pread(self._descriptor, end - before, before)
        masked = self.masks.blotted(raw)
        if masked != raw:
            self.masks.blot(self._descriptor, raw, before)
        return masked[start - before :]

    def tail(self) -> str:
        """Return the last 64 KiB of the log."""
        size = self.size()
        if not size or not self._opened():
            return ""
        start = max(0, size - TAIL_BYTES)
        raw = os.pread(self._descriptor, TAIL_BYTES, start)
        return text_of(raw[_first_whole(raw) if start else 0 :])

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _opened(self) -> bool:
        if self._descriptor < 0 and self.path:
            with contextlib.suppress(OSError):
                self._descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        return self._descriptor >= 0


class LogChanges:
    """Changes whole log files, in threads: what is too long, and secrets that nobody has read."""

    def __init__(self, masks: Masks) -> None:
        self.masks = masks
        self._going: set[asyncio.Future[None]] = set()

    def cut_if_long(self, log: LogTail) -> None:
        """Cut the middle out of a log of over 1 GiB; nothing happens while a file is changed."""
        if log.size() > CAP_BYTES and not self._going:
            self._change(cut_middle, log.path)

    def blot_skipped(self, log: LogTail) -> None:
        """Blot secrets out of a log of which a part was never looked at."""
        if log.skipped and self.masks.longest:
            self._change(self.masks.blot_file, log.path, log.begin)

    def _change(self, change: Callable[..., None], *arguments: Any) -> None:
        going = asyncio.get_running_loop().run_in_executor(None, change, *arguments)
        self._going.add(going)
        going.add_done_callback(self._going.discard)


def cut_middle(path: str) -> None:
    """Shrink a log to its first 512 MiB and its last MiB; the writer goes on at its end.

    A note in between says how many bytes are gone, those of earlier cuts too. What is written in
    the moment of the cut belongs to the middle and is not counted.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        known = _NOTE.match(os.pread(descriptor, _LONGEST_NOTE, _KEPT_HEAD))
        lost = int(known[1].replace(b",", b"")) - len(known[0]) if known else 0
        size = os.fstat(descriptor).st_size
        tail = os.pread(descriptor, _KEPT_TAIL, size - _KEPT_TAIL)
        lost += size - _KEPT_HEAD - len(tail)
        os.ftruncate(descriptor, _KEPT_HEAD)
        note = f"\n… {lost:,} bytes of output left out here …\n".encode()
        os.pwrite(descriptor, note + tail, _KEPT_HEAD)
    finally:
        os.close(descriptor)


def _first_whole(raw: bytes) -> int:
    """Return where the first whole UTF-8 character begins."""
    for index in range(min(4, len(raw))):
        if raw[index] & 0xC0 != 0x80:
            return index
    return 0


def _last_whole(raw: bytes) -> int:
    """Return where the last whole UTF-8 character ends."""
    for back in range(1, min(4, len(raw)) + 1):
        byte = raw[-back]
        if byte & 0xC0 == 0x80:
            continue
        needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return len(raw) if needed <= back else len(raw) - back
    return len(raw)
