"""The high-water mark that an output reaches: the highest value of its column."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from headrace.project.watermarks import MOST_TEXT, mark_of, value_of
from headrace.protocol.tables import Output
from headrace.protocol.watermarks import Watermark
from headrace.store.outputs import Store


class NoMark(Exception):
    """The output has no column whose highest value could be remembered."""


def highest(column: str, output: Output, store: Store, since: Watermark | None) -> Watermark | None:
    """Return the mark beyond `since` that a stored output reaches; None when there is no such.

    Null and NaN reach nothing. Raises NoMark for an output without the column, for types without an
    order that databases share, and for moments finer than microseconds, which would not come back.
    """
    if output.kind != "table":
        kind = output.type_name or "None"
        raise NoMark(f"`incremental: {column}` needs a table, and this is {kind}.")
    with pa.memory_map(str(store.path(output.address))) as source:
        table = ipc.open_file(source).read_all()
    if column not in table.column_names:
        near = next(iter(get_close_matches(column, table.column_names, n=1)), "")
        hint = f": did you mean {near!r}?" if near else "."
        raise NoMark(f"`incremental: {column}`: the output has no such column{hint}")
    found = _highest(column, table.column(column))
    if found is None or since is None:
        return found
    before, now = value_of(since), value_of(found)
    try:
        return found if now > before else None
    except TypeError:
        raise NoMark(
            f"`incremental: {column}`: the mark is a {since.type}, {since.value}, and the column"
            f" now gives a {found.type}. Cast the column, or reset the mark."
        ) from None


def _highest(column: str, values: Any) -> Watermark | None:
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
        kind = values.type
    if pa.types.is_floating(kind):
        values = pc.filter(values, pc.invert(pc.is_nan(values)))
    if pa.types.is_null(kind):
        return None
    try:
        top = pc.max(values)
    except pa.ArrowNotImplementedError:
        raise _unfit(column, kind) from None
    if not top.is_valid:
        return None
    mark = mark_of(column, _of_python(column, top))
    if mark is None:
        raise _unfit(column, kind)
    if len(mark.value) > MOST_TEXT:
        raise NoMark(f"`incremental: {column}`: its texts are too long to be remembered.")
    return mark


def _of_python(column: str, top: Any) -> Any:
    if not pa.types.is_timestamp(top.type):
        return top.as_py()
    try:
        return top.cast(pa.timestamp("us", top.type.tz)).as_py()
    except pa.ArrowInvalid:
        raise NoMark(
            f"`incremental: {column}`: {top} is finer than microseconds, which databases and"
            " Python would round: round the column."
        ) from None


def _unfit(column: str, kind: Any) -> NoMark:
    return NoMark(
        f"`incremental: {column}` is {kind}: a mark is a number, a text, a date or a moment."
    )
