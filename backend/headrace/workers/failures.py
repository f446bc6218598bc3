"""From an exception of user code to a Failure: where, what, with which values, what to do."""

from __future__ import annotations

import builtins
import difflib
import errno
import linecache
import re
import reprlib
import sys
import traceback
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import FrameType, FunctionType, ModuleType, TracebackType
from typing import Any

from headrace.core.errors import StorageFull
from headrace.protocol.tables import Failure, Frame, WorkerFailureKind
from headrace.workers.handover import column_names
from headrace.workers.isolation import NoInput

_MOST_FRAMES = 50
_MOST_LEVELS = 500
_MOST_LINES = 2_000
_MOST_TEXT = 64 * 1024
_MOST_MESSAGE = 8 * 1024
_OURS = str(Path(__file__).parent)
_NAMES = re.compile(r"[A-Za-z_]\w*")
_PLAIN_MODULES = ("builtins", "datetime", "decimal", "pathlib", "numpy", "pandas", "uuid", "enum")


class _Short(reprlib.Repr):
    """Short forms that run no code of classes which nobody knows."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 120
        self.maxlevel = 2

    def repr_instance(self, x: Any, level: int) -> str:
        del level
        kind = type(x)
        if (kind.__module__ or "").partition(".")[0] not in _PLAIN_MODULES:
            return f"<{kind.__module__}.{kind.__qualname__}>"
        text = repr(x)
        return text if len(text) <= self.maxother else text[: self.maxother] + "…"


_short = _Short()


def short_form(value: Any) -> str:
    """Describe a value in one line of at most 200 characters; never raises."""
    try:
        columns = getattr(value, "columns", None)
        if columns is not None and hasattr(value, "shape"):
            rows, width = value.shape
            names = ", ".join(str(name) for name in list(columns)[:12])
            return f"{type(value).__name__} {rows:,} × {width}: {names}"[:200]
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            return f"{type(value).__name__} {tuple(value.shape)} {value.dtype}"[:200]
        return _short.repr(value).replace("\n", " ")[:200]
    except Exception:  # noqa: BLE001 - a class of the user may raise anything when looked at
        return f"<{type(value).__qualname__}>"


def failure_of(
    error: BaseException,
    *,
    path: str,
    root: str,
    kind: WorkerFailureKind = "exception",
    message: str = "",
) -> Failure:
    """Describe what a block raised; `path` is its own file, `root` its project."""
    if isinstance(error, SystemExit):
        kind, message = "ended-early", _ended_early(error)
    elif isinstance(error, NoInput):
        kind = "input"
    elif isinstance(error, MemoryError):
        kind, message = "memory", message or str(error) or "There was not enough memory."
    elif _is_disk_full(error):
        kind = "disk-full"
    levels = _levels(error.__traceback__)
    mine, library = _parted(levels, path, root)
    own_lines = [line for frame, line in levels if frame.f_code.co_filename == path]
    line = own_lines[-1] if own_lines else None
    if isinstance(error, SyntaxError) and error.filename == path:
        line = error.lineno
    frames = [_frame(*entry, mine=True) for entry in reversed(mine[-_MOST_FRAMES:])]
    frames += [_frame(*entry, mine=False) for entry in reversed(library[-_MOST_FRAMES:])]
    return Failure(
        kind=kind,
        type=type(error).__qualname__,
        message=(message or _message(error))[:_MOST_MESSAGE],
        line=line,
        frames=frames,
        hint=_hint(error, [frame for frame, _ in mine]),
        text=_text(error),
        bases=[kind.__qualname__ for kind in type(error).__mro__[1:-2]],
    )


def _is_disk_full(error: BaseException) -> bool:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or isinstance(error, StorageFull)


def _ended_early(error: SystemExit) -> str:
    code = "" if error.code is None else short_form(error.code)
    return f"The block ended itself with sys.exit({code}) before it returned a result."


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - __str__ of a user's exception may raise anything
        return f"<{type(error).__qualname__} whose text cannot be read>"


def _levels(trace: TracebackType | None) -> list[tuple[FrameType, int]]:
    """Return (frame, line) from the outermost user frame inward, without our own frames.

    Of an endless recursion, which has millions, the outermost and the innermost are enough.
    """
    first: list[tuple[FrameType, int]] = []
    last: deque[tuple[FrameType, int]] = deque(maxlen=_MOST_LEVELS)
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_OURS):
            kept = first if len(first) < _MOST_LEVELS else last
            kept.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    return [*first, *last]


def _parted(
    levels: list[tuple[FrameType, int]], path: str, root: str
) -> tuple[list[tuple[FrameType, int]], list[tuple[FrameType, int]]]:
    """Return (those of the user's code, those of libraries)."""
    mine: list[tuple[FrameType, int]] = []
    library: list[tuple[FrameType, int]] = []
    for entry in levels:
        owner = mine if _is_mine(entry[0].f_code.co_filename, path, root) else library
        owner.append(entry)
    return mine, library


def _is_mine(file: str, path: str, root: str) -> bool:
    if file == path:
        return True
    return file.startswith(root) and "site-packages" not in file and "/.venv/" not in file


def _frame(frame: FrameType, line: int, *, mine: bool) -> Frame:
    code = frame.f_code
    text = linecache.getline(code.co_filename, line, frame.f_globals).strip()[:400]
    return Frame(
        file=code.co_filename,
        line=line,
        function=code.co_name,
        code=text,
        mine=mine,
        values=_values(frame, text) if mine else {},
    )


def _values(frame: FrameType, code: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name in dict.fromkeys(_NAMES.findall(code)):
        for scope in (frame.f_locals, frame.f_globals):
            if name in scope:
                value = scope[name]
                if not isinstance(value, ModuleType | FunctionType | type):
                    values[name] = short_form(value)
                break
        if len(values) == 12:
            break
    return values


def _text(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OURS):
        trace = trace.tb_next
    try:
        # A negative limit keeps the innermost; more lines than that are cut away below anyway.
        lines = traceback.format_exception(type(error), error, trace, limit=-_MOST_LINES)
        text = "".join(lines)
    except Exception:  # noqa: BLE001 - formatting calls into the user's exception
        text = f"{type(error).__qualname__}: its traceback cannot be written"
    if len(text) > _MOST_TEXT:
        text = (
            f"{text[:8192]}\n… {len(text) - _MOST_TEXT:,} characters left out …\n"
            + (text[-(_MOST_TEXT - 8192) :])
        )
    return text.encode("utf-8", "backslashreplace").decode()


def _hint(error: BaseException, frames: list[FrameType]) -> str:
    if _is_disk_full(error):
        return "Make room on the disk, and retry the run from here: what is done stays done."
    try:
        if isinstance(error, KeyError):
            return _hint_for_key(error, frames)
        if isinstance(error, NameError) and frames:
            names = [*frames[-1].f_locals, *frames[-1].f_globals, *dir(builtins)]
            return _did_you_mean(str(error.name), names)
        if isinstance(error, AttributeError) and error.name:
            names = [name for name in dir(error.obj) if not name.startswith("_")]
            return _did_you_mean(error.name, names + column_names(error.obj))
        if isinstance(error, ModuleNotFoundError) and error.name:
            package = error.name.partition(".")[0]
            return f"Install {package!r} into the environment of {sys.executable}."
        if isinstance(error, ImportError):
            return _hint_for_circle(error, frames)
    except Exception:  # noqa: BLE001 - a hint looks into the user's objects; without one it is well
        return ""
    return ""


def _hint_for_circle(error: ImportError, frames: list[FrameType]) -> str:
    """Name the files that import one another, when the one that lacks a name is among them."""
    loading = [f.f_code.co_filename for f in frames if f.f_code.co_name == "<module>"]
    circle = list(dict.fromkeys(Path(file).name for file in loading))
    if error.path not in loading or len(circle) < 2:
        return ""
    return f"{' and '.join(circle)} import one another: move what both need to a file of its own."


def _hint_for_key(error: KeyError, frames: list[FrameType]) -> str:
    if not error.args or not isinstance(error.args[0], str):
        return ""
    wanted = error.args[0]
    known: list[str] = []
    for frame in reversed(frames):
        for value in list(frame.f_locals.values()):
            if isinstance(value, Mapping):
                known += [key for key in list(value)[:1000] if isinstance(key, str)]
            else:
                known += column_names(value)
    # pandas lists the missing ones: "['a'] not in index"
    listed = re.findall(r"'([^']+)'", wanted) if "not in index" in wanted else []
    return _did_you_mean(listed[0] if listed else wanted, known)


def _did_you_mean(wanted: str, known: Iterable[str]) -> str:
    names = [name for name in dict.fromkeys(known) if name != wanted]
    close = difflib.get_close_matches(wanted, names, n=3, cutoff=0.6)
    if not close:
        folded = wanted.casefold()
        close = [name for name in names if name.casefold() == folded][:1]
    if not close:
        return ""
    return f"Did you mean {' or '.join(repr(name) for name in close)}?"
