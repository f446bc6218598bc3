"""`incremental:` of a loader, and values of high-water marks as text and back. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from headrace.core.errors import InvalidInput, NotFound
from headrace.project.fields import Fields
from headrace.protocol.watermarks import (
    Incremental,
    Since,
    Watermark,
    WatermarkTable,
    WatermarkType,
)

_EXAMPLE = "`incremental: updated_at` or {column: updated_at, start: 2024-01-01}"
_INTEGER = re.compile(r"[+-]?\d{1,38}")
MOST_TEXT = 4096
"""Characters of a text that can be a mark."""


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        raise ValueError("It has a time zone.")
    return found


def _moment_with_zone(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("It has no time zone.")
    return found.astimezone(UTC)


_READ: dict[WatermarkType, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "decimal": Decimal,
    "string": str,
    "date": date.fromisoformat,
    "datetime": _moment,
    "datetime with zone": _moment_with_zone,
}


def value_of(mark: Watermark) -> Any:
    """Return the value of a mark as Python has it; raise InvalidInput for text that is none."""
    try:
        return _READ[mark.type](mark.value)
    except (ValueError, InvalidOperation):
        raise InvalidInput(f"{mark.value[:80]!r} is no {mark.type}.", field="value") from None


def mark_of(column: str, value: Any) -> Watermark | None:
    """Return the mark of a value of Python; None for a type that cannot be one."""
    kind: WatermarkType | None = None
    text = str(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        kind = "integer"
    elif isinstance(value, float):
        kind, text = "number", repr(value)
    elif isinstance(value, Decimal):
        kind = "decimal"
    elif isinstance(value, str):
        kind = "string"
    elif isinstance(value, datetime):
        kind = "datetime" if value.tzinfo is None else "datetime with zone"
        text = (value if value.tzinfo is None else value.astimezone(UTC)).isoformat()
    elif isinstance(value, date):
        kind, text = "date", value.isoformat()
    return None if kind is None else Watermark(column=column, type=kind, value=text)


def guessed(column: str, text: str) -> Watermark:
    """Return a mark that somebody wrote: a whole number, a number, a date, a moment, else text."""
    if len(text) > MOST_TEXT:
        raise InvalidInput(f"A mark has at most {MOST_TEXT:,} characters.", field="value")
    kinds: list[WatermarkType] = ["number", "date", "datetime", "datetime with zone"]
    if _INTEGER.fullmatch(text):
        kinds = ["integer"]
    for kind in kinds:
        mark = Watermark(column=column, type=kind, value=text)
        with suppress(InvalidInput):
            if kind != "number" or isfinite(value_of(mark)):
                value_of(mark)
                return mark
    return Watermark(column=column, type="string", value=text)


def written(incremental: Incremental, text: str, before: Watermark | None) -> Watermark:
    """Return a mark that somebody sets: of the type of the one before, where it has that column."""
    if before is None or before.column != incremental.column:
        return guessed(incremental.column, text)
    mark = Watermark(column=before.column, type=before.type, value=text)
    value_of(mark)
    return mark


def since(incremental: Incremental, stored: Since | None) -> Since:
    """Return what a loader goes on from: the stored mark of its column, else its start."""
    stored = stored or Since()
    if stored.mark is not None and stored.mark.column == incremental.column:
        return stored
    start = incremental.start
    mark = None if start is None else guessed(incremental.column, start)
    return Since(mark=mark, version=stored.version, run=stored.run)


def listed(
    pipeline: str, blocks: Sequence[str], stored: Sequence[WatermarkTable]
) -> list[WatermarkTable]:
    """Return the marks of these incremental blocks, and then those of blocks that are gone."""
    by_block = {table.block: table for table in stored}
    none = (WatermarkTable(pipeline=pipeline, block=name) for name in blocks)
    first = [by_block.pop(table.block, table) for table in none]
    return first + list(by_block.values())


def mark_to_set(
    block: str,
    incremental: Incremental | None,
    stored: Sequence[WatermarkTable],
    value: str | None,
) -> Watermark | None:
    """Return the mark of a value that somebody wrote; None to begin anew.

    Raises NotFound for a block that neither is incremental nor has a mark, InvalidInput for a value
    that is not of the type of the mark before.
    """
    before = next((table for table in stored if table.block == block), None)
    if before is None and incremental is None:
        raise NotFound(f"There is no incremental block {block!r}.", kind="block", name=block)
    if value is None:
        return None
    if incremental is None:
        raise InvalidInput(
            f"{block!r} is no incremental block any more: its mark can be reset only.",
            field="value",
        )
    return written(incremental, value, None if before is None else before.mark)


def read_incremental(entry: Fields, kind: str) -> Incremental | None:
    """Read `incremental:` of a block; what is not as it should be is noted."""
    node = entry.node_of("incremental")
    if node is None:
        return None
    if kind != "loader":
        entry.wrong(node, f"`incremental:` is for loaders: a {kind} takes what they loaded.")
        return None
    if node.kind == "scalar":
        return Incremental(column=node.text)
    if node.kind != "map":
        entry.wrong(node, f"`incremental:` names a column: {_EXAMPLE}.")
        return None
    fields = Fields(node, entry.problems, entry.block)
    column, start = fields.text("column"), fields.text("start")
    if column is None:
        entry.wrong(node, f"`incremental:` needs its `column:`: {_EXAMPLE}.")
        return None
    return Incremental(column=column, start=start)
