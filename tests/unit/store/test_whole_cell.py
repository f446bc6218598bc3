"""A cell is read whole, in pieces, however long it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from headrace.core.errors import InvalidInput
from headrace.protocol.views import View
from headrace.store.orders import Views
from headrace.store.outputs import Store
from headrace.store.rows import select
from headrace.store.stopping import Stop
from headrace.store.tables import Tables
from headrace.store.whole_cell import MAX_PIECE, Piece, WholeCells

LONG = "Zoë 🙂 " * 400_000
TABLE = pa.table(
    {
        "text": [LONG, "", None],
        "bytes": pa.array([bytes(range(256)) * 20_000, b"", None]),
        "fixed": pa.array([b"ab", b"cd", None], pa.binary(2)),
        "seen": pa.array([LONG, "x", None], pa.string_view()),
        "category": pa.array([LONG, "x", None]).dictionary_encode(),
        "nested": [[{"a": 2**60, "b": "x" * 5_000}], [], None],
        "whole": pa.array([2**63, 1, None], pa.uint64()),
        "money": pa.array([Decimal("1.10"), Decimal(2), None], pa.decimal128(10, 2)),
        "moment": pa.array(
            [datetime(2024, 1, 31, 6, tzinfo=UTC), None, None], pa.timestamp("s", "UTC")
        ),
        "flag": [True, False, None],
        "order": [1, 3, 2],
    }
)


class Reader:
    """Asks for cells of one stored table."""

    def __init__(self, folder: Path, table: pa.Table) -> None:
        store = Store(folder)
        self.path = store.path(store.put(table).address)
        self.views = Views(Tables())
        self.cells = WholeCells(self.views)

    def piece(
        self, row: int, column: Any, offset: int = 0, limit: int = MAX_PIECE, **view: Any
    ) -> Piece:
        wanted = msgspec.convert(view, View)
        return self.cells.piece(
            self.path, wanted, row=row, column=column, offset=offset, limit=limit, stop=Stop()
        )

    def whole(self, row: int, column: str) -> tuple[str, bytes]:
        parts, offset = [], 0
        while True:
            piece = self.piece(row, column, offset)
            parts.append(piece.content)
            offset += len(piece.content)
            if offset >= piece.total:
                return piece.kind, b"".join(parts)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path, TABLE)


@pytest.mark.parametrize("name", ["text", "seen", "category"])
def test_a_long_text_is_whole(reader: Reader, name: str) -> None:
    assert reader.whole(0, name) == ("text", LONG.encode())


def test_bytes_are_whole(reader: Reader) -> None:
    assert reader.whole(0, "bytes") == ("bytes", bytes(range(256)) * 20_000)
    assert reader.whole(1, "fixed") == ("bytes", b"cd")


def test_nested_data_are_json(reader: Reader) -> None:
    kind, content = reader.whole(0, "nested")
    assert kind == "json"
    assert json.loads(content) == [{"a": str(2**60), "b": "x" * 5_000}]
    assert reader.whole(1, "nested") == ("json", b"[]")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("whole", str(2**63)),
        ("money", "1.10"),
        ("moment", "2024-01-31T06:00:00Z"),
        ("flag", "true"),
    ],
)
def test_anything_else_is_its_text(reader: Reader, name: str, text: str) -> None:
    assert reader.whole(0, name) == ("text", text.encode())


@pytest.mark.parametrize("name", TABLE.column_names[:-1])
def test_null_is_null(reader: Reader, name: str) -> None:
    assert reader.whole(2, name) == ("null", b"")


def test_a_piece_is_as_long_as_was_asked_for_and_at_most_a_mebibyte(reader: Reader) -> None:
    content = LONG.encode()
    assert reader.piece(0, "text", 7, 9).content == content[7:16]
    assert len(reader.piece(0, "text", 0, 10**9).content) == MAX_PIECE
    assert reader.piece(0, "text", len(content) + 5).content == b""


def test_rows_are_those_of_the_view(reader: Reader) -> None:
    by = {"sort": [{"column": "order", "descending": True}]}
    assert reader.piece(0, "fixed", **by).content == b"cd"
    empty = {"filter": [{"column": "text", "op": "is empty"}]}
    assert reader.piece(0, "order", **empty).content == b"3"
    with pytest.raises(InvalidInput, match="no row 1"):
        reader.piece(1, "order", **empty)


@pytest.mark.parametrize(
    ("row", "column", "offset", "field"),
    [
        (3, "text", 0, "row"),
        (-1, "text", 0, "row"),
        (0, "no", 0, "column"),
        (0, "text", -1, "offset"),
    ],
)
def test_what_there_is_not_is_refused(
    reader: Reader, row: int, column: str, offset: int, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        reader.piece(row, column, offset)
    assert refused.value.details["field"] == field


def test_rows_mark_only_what_they_cut(tmp_path: Path) -> None:
    texts = ["é" * 4_096, "é" * 4_097, "x" * 4_096]
    reader = Reader(tmp_path, pa.table({"text": texts}))
    found, _ = select(reader.views, reader.path, View(), offset=0, limit=3, stop=Stop())
    assert found.column("text").to_pylist() == [texts[0], "é" * 4_096 + "…", texts[2]]
