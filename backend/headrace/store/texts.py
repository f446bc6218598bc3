"""Cells as text: what is searched in, and what operators of text compare (data process only)."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from typing import Any

import pyarrow as pa

from headrace.store.values import text_of, values_of

_DIGITS = frozenset("0123456789")


def plain(array: Any) -> Any:
    """Return a column without wrapping: extensions as what they store, runs as their values."""
    if isinstance(array, pa.ExtensionArray):
        return plain(array.storage)
    if pa.types.is_run_end_encoded(array.type):
        import pyarrow.compute as pc

        return plain(pc.run_end_decode(array))
    if pa.types.is_string_view(array.type):
        return array.cast(pa.large_string())
    if pa.types.is_binary_view(array.type):
        return array.cast(pa.large_binary())
    return array


def plain_type(kind: Any) -> Any:
    """Return the type of what `plain` returns."""
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    if pa.types.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    if pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_binary_view(kind):
        return pa.large_binary()
    return kind


def is_text(kind: Any) -> bool:
    """Tell whether a plain type is text."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def is_bytes(kind: Any) -> bool:
    """Tell whether a plain type is bytes of any length."""
    return (
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def as_text(array: Any) -> Any:
    """Return a plain column as text, nulls as null.

    Moments are `2024-01-31 06:00:00`, all that Arrow does not write is as `values` has it.
    """
    kind = array.type
    if is_text(kind):
        return array
    if not (pa.types.is_nested(kind) or is_bytes(kind) or pa.types.is_duration(kind)):
        try:
            return array.cast(pa.string())
        except pa.ArrowException:
            pass  # a year or a zone beyond what Arrow writes
    return pa.array([text_of(value) for value in values_of(array)], pa.large_string())


def alphabet(kind: Any) -> frozenset[str] | None:
    """Return the lower-case letters that the texts of a plain type are made of; None: any."""
    if pa.types.is_boolean(kind):
        return frozenset("truefalse")
    if pa.types.is_integer(kind):
        return _DIGITS | {"-"}
    if pa.types.is_floating(kind):
        return _DIGITS | frozenset("-+.einfa")
    if pa.types.is_decimal(kind):
        return _DIGITS | frozenset("-+.e")
    if pa.types.is_date(kind):
        return _DIGITS | frozenset("- :.")
    if pa.types.is_time(kind) or pa.types.is_timestamp(kind):
        return _DIGITS | frozenset("-+ :.z")
    return frozenset() if pa.types.is_null(kind) or is_bytes(kind) else None
