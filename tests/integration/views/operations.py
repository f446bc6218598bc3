"""What people do to rows in the grid, as views."""

from __future__ import annotations

from typing import Any

import msgspec

from headrace.protocol.views import View


def _where(*conditions: tuple[Any, ...]) -> dict[str, Any]:
    names = ("column", "op", "value")
    return {"filter": [dict(zip(names, condition, strict=False)) for condition in conditions]}


def _by(*keys: str) -> dict[str, Any]:
    return {"sort": [{"column": k.lstrip("-"), "descending": k.startswith("-")} for k in keys]}


SAID: list[dict[str, Any]] = [
    {},
    _where(("i", ">", 1)),
    _where(("i", "!=", 2)),
    _where(("i", "in", [2, 5])),
    _where(("i", "not in", [2, 5])),
    _where(("f", "between", [0.1, 2.5])),
    _where(("f", "<=", 2.5)),
    _where(("f", "=", 0.1)),
    _where(("f", "is null")),
    _where(("text", "=", "it's")),
    _where(("text", "!=", "a")),
    _where(("text", "in", ["a", 'A"b'])),
    _where(("text", "not in", ["a", ""])),
    _where(("text", "between", ["a", "b"])),
    _where(("text", "contains", "A")),
    _where(("text", "contains", "%_X")),
    _where(("text", "not contains", "a")),
    _where(("text", "starts with", "IT'")),
    _where(("text", "matches", r"^[a-z]+$")),
    _where(("text", "matches", r"\bs$|\\")),
    _where(("text", "not matches", r"^[a-z]+$")),
    _where(("i", "not matches", "^2")),
    _where(("f", "is not nan")),
    _where(("text", "is empty")),
    _where(("text", "is not null")),
    _where(("flag", "=", True)),
    _where(("flag", "!=", True)),
    _where(("day", ">", "2024-01-04")),
    _where(("day", "in", ["2024-01-02", "2024-01-08"])),
    _where(("at", ">=", "2024-01-01T05:05:00")),
    _where(("at", "contains", "05:06")),
    _where(("moment", "<", "2024-01-01T05:00:00")),
    _where(("moment", ">=", "2024-01-01T05:00:00Z")),
    _where(("kind", "=", "x")),
    _where(("kind", ">", "x")),
    _where(("kind", "not in", ["x"])),
    _where(("kind", "contains", "Y")),
    _where(("price", "<", "5.25")),
    _where(("price", "in", ["3.25", "6.25"])),
    _where(("clock", ">", "04:30:00")),
    _where(("n", "contains", "3"), ("i", "is not null"), ("text", "not contains", "z")),
    _by("f"),
    _by("-f"),
    _by("n", "-f"),
    _by("-n", "text"),
    _by("kind", "-price"),
    _by("-day"),
    _by("moment"),
    _by("-flag", "clock"),
    {"search": "05:0"},
    {"search": "a"},
    {"search": "25"},
    {"columns": ["text", "n", "order"]},
    _where(("n", ">=", 1)) | _by("-n", "order") | {"columns": ["order", "f", "n"], "search": "2"},
]
OF_NAN: list[dict[str, Any]] = [
    _where(("x", ">", 1)),
    _where(("x", "!=", 3)),
    _where(("x", "not in", [3, 2.0])),
    _where(("x", "between", [0, 10])),
    _where(("x", "is nan")),
    _where(("x", "is not nan")),
    _where(("x", "is null")),
    _by("x"),
    _by("-x"),
    _by("-x", "n"),
    _by("n", "-x", "i"),
]
"""Those that only tables with NaN have a column for."""


def view_of(said: dict[str, Any]) -> View:
    return msgspec.convert(said, View)
