"""A view of rows as query parameters: `sort`, `filter`, `search` and `columns`."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from headrace.core.errors import InvalidInput
from headrace.protocol.views import (
    ColumnReference,
    Condition,
    Operator,
    SortKey,
    View,
    sort_keys,
)
from headrace.server.strict import read_json

PARAMETERS = ("sort", "filter", "search", "columns")


def read_view(
    *, sort: str = "", conditions: str = "", search: str = "", columns: list[str] | None = None
) -> View:
    """Make a view of texts from an address; raise InvalidInput, which names the parameter.

    `sort` is `column,-other` or a JSON list of sort keys, `conditions` a JSON list. `columns` are
    names, or one text: names with commas, or a JSON list of names and `{"at": place}`.
    """
    read: dict[str, Any] = {
        "sort": _read("sort", sort, list[SortKey]) if _is_json(sort) else sort_keys(sort),
        "filter": _read("filter", conditions, list[Condition]) if conditions else [],
        "search": search or None,
        "columns": _columns(columns),
    }
    try:
        return msgspec.convert(read, View, from_attributes=True)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$.")
        field = place.rstrip("`")
        raise InvalidInput(f"{field}: {message}.", field=field) from None


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("[")


def _columns(texts: list[str] | None) -> list[Any] | None:
    if texts is None or len(texts) > 1:
        return texts
    if _is_json(texts[0]):
        return _read("columns", texts[0], list[ColumnReference])
    return [name for name in texts[0].split(",") if name]


def _read(name: str, text: str, kind: Any) -> Any:
    try:
        return read_json(text, kind)
    except InvalidInput as error:
        details = {**error.details, "field": name + error.details.get("field", "")}
        message = error.message.partition(" - at `")[0].rstrip(".")
        if details["field"].endswith(".op"):
            details["allowed"] = list(get_args(Operator))
            message += f": allowed are {', '.join(details['allowed'])}"
        raise InvalidInput(f"{details['field']}: {message}.", **details) from None
