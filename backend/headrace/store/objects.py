"""Columns of Python objects as Arrow: as themselves where Arrow knows them, else as text.

The objects of one column are of one type more often than not. Where Arrow has it, SQL, exports and
pages see days as days and lists as lists. What comes back exactly from Arrow needs no pickle.
"""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import ipaddress
import json
import math
import pathlib
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import lib  # pyright: ignore[reportAttributeAccessIssue]

from headrace.store.names import utf8
from headrace.store.patience import TooSlow, limited

TEXT_LIMIT = 4_096
"""Characters of one object's text; the rest is left out and marked with `…`."""
_NAMED_KINDS = 3
_WORDS_OF_THEIR_OWN = (
    uuid.UUID,
    pathlib.PurePath,
    fractions.Fraction,
    complex,
    decimal.Decimal,
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
)
_QUICK = (str, bytes, bool, int, float, complex, type(None), decimal.Decimal, uuid.UUID)
"""What says what it is without code of a user's class."""
_NESTED = (list, tuple, dict)
_MISSES = (pa.ArrowException, TypeError, ValueError, OverflowError)


class Packed(NamedTuple):
    """A column as Arrow, whether its own `to_pylist` gives back the very cells, and a note."""

    array: Any
    exact: bool = False
    note: str = ""


def packed(cells: Sequence[Any], name: str) -> Packed:
    """Return objects as an Arrow array of the same length."""
    cells = list(cells)
    gaps = _gaps(cells)
    kinds = {type(cell) for cell in cells} - {type(None)} - {type(gap) for gap in gaps.values()}
    plain = cells if not gaps else [None if at in gaps else c for at, c in enumerate(cells)]
    if gaps and float in {type(gap) for gap in gaps.values()} and kinds == set():
        kinds = {float}  # numbers of which none is there
        plain = cells
    found = _native(plain, kinds)
    if found is None and kinds <= set(_NESTED):
        found = _json(plain)
        note = f"{_column(name)} holds {_kinds(kinds)}: shown, exported and read by SQL as JSON."
    elif found is None:
        return _texts(cells, name, kinds)
    else:
        note = ""
    if found is None:
        return _texts(cells, name, kinds)
    array, exact = found
    if gaps and plain is not cells:
        words = sorted({str(gap) for gap in gaps.values()})
        note = f"{_column(name)}: {_listed(words)} in it stand here as null. {note}".strip()
        exact = False
    return Packed(array, exact, note)


def unpacked(column: Any) -> Any:
    """Return the cells of an exact column as a numpy array of objects."""
    import numpy as np

    if pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type):
        return column.to_numpy(zero_copy_only=False) if len(column) else np.empty(0, object)
    cells = np.empty(len(column), dtype=object)
    cells[:] = column.to_pylist()
    return cells


def _gaps(cells: list[Any]) -> dict[int, Any]:
    """Return what marks a missing value without being None: NaN among no numbers, NA, NaT."""
    import pandas as pd

    found = {
        at: cell
        for at, cell in enumerate(cells)
        if cell is pd.NA or cell is pd.NaT or (type(cell) is float and math.isnan(cell))
    }
    if found and any(type(cell) is float and not math.isnan(cell) for cell in cells):
        return {at: gap for at, gap in found.items() if type(gap) is not float}
    return found


# --- native ---------------------------------------------------------------------------------------
def _native(cells: list[Any], kinds: set[type]) -> tuple[Any, bool] | None:
    """Return (Arrow array, whether it gives back these cells exactly); None without a type."""
    if not kinds:
        return pa.nulls(len(cells)), True
    if kinds <= set(_NESTED) or all(kind.__name__ == "ndarray" for kind in kinds):
        return _nested(cells)
    if len(kinds) > 1:
        return None
    (kind,) = kinds
    make = _MAKERS.get(kind)
    if make is None and kind.__module__.partition(".")[0] in ("numpy", "pandas"):
        make = _scalars
    if make is None:
        return None
    try:
        return make(cells)
    except _MISSES:
        return None


def _of_type(kind: Any) -> Callable[[list[Any]], tuple[Any, bool] | None]:
    def make(cells: list[Any]) -> tuple[Any, bool]:
        return pa.array(cells, kind, from_pandas=False), True

    return make


def _integers(cells: list[Any]) -> tuple[Any, bool]:
    for kind in (pa.int64(), pa.uint64()):
        with suppress(*_MISSES):
            return pa.array(cells, kind), True
    numbers = [None if cell is None else decimal.Decimal(cell) for cell in cells]
    return pa.array(numbers, pa.decimal128(38, 0)), False


def _decimals(cells: list[Any]) -> tuple[Any, bool]:
    array = pa.array(cells)
    back = array.to_pylist()
    return array, all(
        b is c or b.as_tuple() == c.as_tuple() for b, c in zip(back, cells, strict=True)
    )


def _times(cells: list[Any]) -> tuple[Any, bool] | None:
    if any(cell is not None and (cell.tzinfo or cell.fold) for cell in cells):
        return None
    return pa.array(cells, pa.time64("us")), True


def _moments(cells: list[Any]) -> tuple[Any, bool] | None:
    zones = {str(cell.tzinfo): cell.tzinfo for cell in cells if cell is not None}
    if len(zones) != 1:
        return None
    (zone,) = zones.values()
    folded = any(cell is not None and cell.fold for cell in cells)
    if zone is None:
        return None if folded else (pa.array(cells, pa.timestamp("us")), True)
    return pa.array(cells, pa.timestamp("us", lib.tzinfo_to_string(zone))), False


def _scalars(cells: list[Any]) -> tuple[Any, bool] | None:
    """Return scalars of numpy or pandas as pandas itself would hold them in a column."""
    import pandas as pd

    column = pd.Series(cells).infer_objects()
    if column.dtype.kind not in "biufMm":
        return None
    return pa.array(column, from_pandas=True), False


_MAKERS: dict[type, Callable[[list[Any]], tuple[Any, bool] | None]] = {
    str: _of_type(pa.large_string()),
    bytes: _of_type(pa.large_binary()),
    bool: _of_type(pa.bool_()),
    float: _of_type(pa.float64()),
    int: _integers,
    decimal.Decimal: _decimals,
    dt.date: _of_type(pa.date32()),
    dt.time: _times,
    dt.timedelta: _of_type(pa.duration("us")),
    dt.datetime: _moments,
}


def _nested(cells: list[Any]) -> tuple[Any, bool] | None:
    """Return lists and dicts as lists and structs; None where a type would change them."""
    with suppress(*_MISSES):
        array = pa.array(cells, from_pandas=False)
        # Nothing else has a type of structs without fields.
        if "struct<>" not in str(array.type) and all(map(_alike, array.to_pylist(), cells)):
            return array, False
    return None


def _json(cells: list[Any]) -> tuple[Any, bool] | None:
    if not all(_is_json(cell) for cell in cells):
        return None
    texts = [None if cell is None else json.dumps(cell, ensure_ascii=False) for cell in cells]
    return pa.array(texts, pa.large_string()), False


def _alike(shown: Any, cell: Any) -> bool:
    """Tell whether Arrow's value says what the cell says; an array and a tuple are like a list."""
    if type(cell).__name__ == "ndarray":
        return isinstance(shown, list) and _alike(shown, cell.tolist())
    if isinstance(cell, list | tuple):
        return isinstance(shown, list) and len(shown) == len(cell) and all(map(_alike, shown, cell))
    if type(cell) is dict:
        return (
            isinstance(shown, dict)
            and list(shown) == list(cell)
            and all(_alike(shown[key], cell[key]) for key in cell)
        )
    if type(shown) is not type(cell):
        return False
    return shown == cell or (shown != shown and cell != cell)  # noqa: PLR0124 - NaN


def _is_json(cell: Any) -> bool:
    if cell is None or type(cell) in (str, bool, int):
        return True
    if type(cell) is float:
        return math.isfinite(cell)
    if type(cell) in (list, tuple):
        return all(map(_is_json, cell))
    if type(cell) is dict:
        return all(type(key) is str and _is_json(item) for key, item in cell.items())
    return False


# --- text -----------------------------------------------------------------------------------------
def _texts(cells: list[Any], name: str, kinds: set[type]) -> Packed:
    word = _own_words if len(kinds) == 1 else _literal
    shown: list[str | None] = [None] * len(cells)
    slow = [at for at, cell in enumerate(cells) if type(cell) not in _QUICK]
    for at, cell in enumerate(cells):
        if cell is not None and type(cell) in _QUICK:
            shown[at] = word(cell)
    done = 0
    with suppress(TooSlow), limited():
        for done, at in enumerate(slow):  # noqa: B007 - how far it came is used below
            shown[at] = word(cells[at])
        done = len(slow)
    # What is left when the classes of the cells are slow is shown by their names.
    for at in slow[done:]:
        shown[at] = f"<{type(cells[at]).__name__}>"
    note = (
        f"{_column(name)} holds {_kinds(kinds)}: shown, exported and read by SQL as text,"
        " passed on to Python as it is."
    )
    if done < len(slow):
        note += f" From row {slow[done] + 1:,} on it says only of which type they are."
    return Packed(pa.array(shown, pa.large_string()), note=note)


def _own_words(cell: Any) -> str:
    if type(cell) is str:
        return utf8(cell)
    if isinstance(cell, _WORDS_OF_THEIR_OWN):
        return utf8(str(cell))
    moment = getattr(cell, "isoformat", None) if _is_of_time(cell) else None
    return moment() if moment is not None else _literal(cell)


def _is_of_time(cell: Any) -> bool:
    return isinstance(cell, dt.datetime | dt.date | dt.time)


def _literal(cell: Any) -> str:
    """Return a cell as Python writes it."""
    try:
        text = utf8(repr(cell))
    except TooSlow:
        raise
    except Exception:  # noqa: BLE001 - repr is user code
        return f"<{type(cell).__name__}>"
    return text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]}…"


def _column(name: str) -> str:
    return f"Column {name[:80]!r}"


def _kinds(kinds: set[type]) -> str:
    names = sorted(kind.__name__ for kind in kinds)
    more = len(names) - _NAMED_KINDS
    return _listed(
        [*names[:_NAMED_KINDS], f"{more} more {'type' if more == 1 else 'types'}"]
        if more > 0
        else names
    )


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
