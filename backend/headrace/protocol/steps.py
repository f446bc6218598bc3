"""What a block made from a view does beyond it: renames, drops and casts, one after the other."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

ColumnType = Literal["integer", "number", "text", "boolean", "date", "timestamp"]
"""What a column can be cast to. What cannot be read as that becomes null; numbers lose their
fraction as integers."""

CodeLanguage = Literal["pandas", "polars", "sql"]
"""What a block made from a view is written in."""


class RenameColumn(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag="rename"
):
    """Give a column another name."""

    column: str
    name: Annotated[str, Meta(min_length=1, max_length=1000)]


class DropColumn(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag="drop"
):
    """Leave a column out."""

    column: str


class CastColumn(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag="cast"
):
    """Turn a column into another type."""

    column: str
    type: ColumnType


Step = RenameColumn | DropColumn | CastColumn
"""Columns are named as they are called at that step, after the renames before it."""

MAX_STEPS = 1000
