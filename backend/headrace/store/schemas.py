"""The columns of a table of any library by name and type, and how they differ from others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def schema_of(table: Any) -> dict[str, str]:
    """Return name → type as the data panel shows them; raise TypeError for what is no table."""
    from headrace.store.libraries import packed
    from headrace.store.names import is_row_number

    # Only objects of Python have a type that follows from the cells.
    kinds = [str(kind).lower() for kind in getattr(table, "dtypes", ())]
    is_frame = hasattr(table, "head") and "object" not in kinds and hasattr(table, "columns")
    found = packed(table.head(0) if is_frame else table)
    if found is None:
        raise TypeError(f"{type(table).__name__} is no table.")
    return {f.name: str(f.type) for f in found.table.schema if not is_row_number(f)}


def difference(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Say in words how columns differ from what is expected; empty when they do not."""
    words = [f"{name} is missing" for name in expected if name not in found]
    words += [f"{name} is new" for name in found if name not in expected]
    words += [
        f"{name} is {found[name]}, not {kind}"
        for name, kind in expected.items()
        if name in found and found[name] != kind
    ]
    if not words and list(expected) != list(found):
        words.append(f"the order of the columns is {', '.join(found)}")
    return "; ".join(words)


def assert_schema(table: Any, expected: Mapping[str, str]) -> None:
    """Raise AssertionError, in words, unless the table has exactly these columns in this order.

    `expected` is name → type as the data panel shows it, such as `{"day": "date32[day]"}`.
    """
    words = difference(expected, schema_of(table))
    assert not words, words
