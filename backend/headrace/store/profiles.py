"""Profiles of columns: made at the first look, and kept beside the table (data process only).

The file of an address has one line of JSON for each column that anybody asked for. Lines are only
ever added, whole; one that is not whole, or of another format, counts as not there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from headrace.protocol.profiles import ColumnProfile, Profile
from headrace.protocol.views import View
from headrace.store.cells import Cells
from headrace.store.kept import Kept
from headrace.store.orders import Views, selection_words
from headrace.store.profile import profile
from headrace.store.stopping import Stop, in_parallel
from headrace.store.texts import is_text, plain_type

_FORMAT = 1
"""Grows when profiles say something else than before."""
_KEPT_BYTES = 64 << 20


class _Line(Struct, frozen=True):
    format: int
    column: ColumnProfile


class _Known(dict[int, ColumnProfile]):
    """Profiles by place, with about the memory that they take."""

    @property
    def nbytes(self) -> int:
        return 4_000 * len(self)


_line = msgspec.json.Decoder(_Line)


class Profiles:
    """Profiles of the views looked at last."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._kept = Kept(_KEPT_BYTES)

    def of(self, path: Path, view: View, stop: Stop) -> Profile:
        """Return the profile of the columns of a view; raise InvalidInput or Stopped."""
        table = self._views.table(path)
        positions = table.positions(view.columns, "columns")
        rows = self._views.selected(path, view, stop)
        words = b"" if rows is None else selection_words(view)
        known: _Known = self._kept.get((path, words), lambda _: _read(path, whole=not words), stop)
        missing = [at for at in dict.fromkeys(positions) if at not in known]
        # What takes longest first: at the end no thread then works alone on a long text.
        missing.sort(key=lambda at: not is_text(plain_type(table.schema.field(at).type)))
        made = in_parallel(lambda at: profile(Cells(table, at, rows, stop)), missing, stop)
        known.update({column.at: column for column in made})
        if made:
            table.give_back()
        if made and not words:
            _append(path, made)
        return Profile(
            rows=table.rows if rows is None else len(rows),
            column_count=len(table.schema),
            columns=[known[at] for at in positions],
        )


def _place(path: Path) -> Path:
    return path.with_suffix(".profile")


def _read(path: Path, *, whole: bool) -> _Known:
    found = _Known()
    if not whole:
        return found
    try:
        lines = _place(path).read_bytes().splitlines()
    except OSError:
        return found
    for text in lines:
        with suppress(msgspec.DecodeError):
            line = _line.decode(text)
            if line.format == _FORMAT:
                found[line.column.at] = line.column
    return found


def _append(path: Path, columns: Sequence[ColumnProfile]) -> None:
    """Add lines in one write; without room or leave to write, the next process counts again."""
    lines = [msgspec.json.encode(_Line(_FORMAT, column)) for column in columns]
    with suppress(OSError):
        descriptor = os.open(_place(path), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            # A line that was cut off before stays alone.
            os.write(descriptor, b"\n" + b"\n".join(lines) + b"\n")
        finally:
            os.close(descriptor)
