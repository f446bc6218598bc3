"""Any .ipynb as text → cells of the newest format, or a clear refusal. Nothing of it is run."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, cast

import nbformat
from msgspec import Struct, field

from headrace.core.errors import InvalidInput
from headrace.notebooks.cells import Cell

NEWEST = 4
_MARKERS = ("<<<<<<< ", ">>>>>>> ", "=======")
_KINDS = ("code", "markdown", "raw")


class Book(Struct, frozen=True, kw_only=True):
    """A notebook without its outputs. `counts` are the execution counts of the cells."""

    cells: list[Cell]
    counts: list[int | None] = field(default_factory=list[int | None])
    outputs: list[int] = field(default_factory=list[int])
    """How many outputs each cell had."""
    about: dict[str, Any] = field(default_factory=dict[str, Any])
    """What Headrace wrote into the metadata of the whole."""
    notes: list[str] = field(default_factory=list[str])


def read_book(text: str) -> Book:
    """Read a notebook of format 1 to 4; raise InvalidInput that says what is wrong, and where."""
    raw = _json(text)
    major = raw.get("nbformat")
    if not isinstance(major, int) or isinstance(major, bool):
        raise InvalidInput(
            "This is no notebook: the key `nbformat` is missing. Save it from Jupyter again.",
            field="file",
        )
    if major > NEWEST:
        raise InvalidInput(
            f"This notebook is of format {major}; formats up to {NEWEST} can be read."
            " Save it in an older format.",
            field="file",
        )
    notes = [f"It was of format {major}, and is read as format {NEWEST}."] if major < NEWEST else []
    book = raw if major == NEWEST else _upgraded(raw)
    metadata = _map(book.get("metadata"))
    _insist_on_python(metadata)
    cells = book.get("cells")
    if not isinstance(cells, list):
        raise InvalidInput("This notebook has no list of `cells`.", field="file")
    read = [_cell(cell, number, notes) for number, cell in enumerate(cells, start=1)]
    maps = [_map(cell) for cell in cells]
    return Book(
        cells=read,
        counts=[_count(cell.get("execution_count")) for cell in maps],
        outputs=[_length(cell.get("outputs")) for cell in maps],
        about=_map(metadata.get("headrace")),
        notes=notes,
    )


def _json(text: str) -> dict[str, Any]:
    marked = [n for n, line in enumerate(text.split("\n"), 1) if line.startswith(_MARKERS)]
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        if marked:
            raise InvalidInput(
                f"The file has the markers of a merge in line {marked[0]}: resolve it first.",
                field="file",
                line=marked[0],
            ) from None
        raise InvalidInput(
            f"This is no notebook: it is not JSON ({error.msg}, line {error.lineno},"
            f" column {error.colno}).",
            field="file",
            line=error.lineno,
            column=error.colno - 1,
        ) from None
    except RecursionError:
        raise InvalidInput("The notebook is nested too deep.", field="file") from None
    except ValueError as error:  # an integer of thousands of digits
        raise InvalidInput(f"This is no notebook: {str(error)[:100]}.", field="file") from None
    if not isinstance(found, dict):
        raise InvalidInput("This is no notebook: its JSON is no object.", field="file")
    return cast("dict[str, Any]", found)


def _upgraded(raw: dict[str, Any]) -> dict[str, Any]:
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    if not isinstance(raw.get("nbformat_minor"), int):  # what nbformat insists on
        raw = {**raw, "nbformat_minor": 0}
    try:
        return cast("dict[str, Any]", nbformat.convert(nbformat.from_dict(raw), NEWEST))
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        nbformat.ValidationError,
    ) as error:
        raise InvalidInput(
            f"The notebook is of format {raw['nbformat']} and damaged: {error}.", field="file"
        ) from None


def _insist_on_python(metadata: Mapping[str, Any]) -> None:
    kernel, language = _map(metadata.get("kernelspec")), _map(metadata.get("language_info"))
    names = [language.get("name"), kernel.get("language")]
    name = next((name for name in names if isinstance(name, str) and name), "python")
    if name.lower() not in {"python", "ipython", "python3"}:
        raise InvalidInput(
            f"This notebook is written in {name[:40]}: only Python can become blocks.",
            field="file",
            language=name[:40],
        )


def _cell(cell: Any, number: int, notes: list[str]) -> Cell:
    fields = _map(cell)
    source = fields.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    kind = fields.get("cell_type")
    if not isinstance(kind, str) or not isinstance(source, str):
        raise InvalidInput(
            f"Cell {number} of the notebook is damaged: it is none of {', '.join(_KINDS)}.",
            field="file",
            cell=number,
        )
    if kind not in _KINDS:  # `heading`, `html` and `plaintext` of old formats
        notes.append(f"Cell {number} is of the kind {kind[:40]!r}: it is read as text.")
        source = f"## {source}" if kind == "heading" else source
        kind = "markdown" if kind == "heading" else "raw"
    metadata = _map(fields.get("metadata"))
    tags = metadata.get("tags")
    return Cell(
        kind=cast("Any", kind),
        source=source.encode("utf-8", "replace").decode(),
        about=_map(metadata.get("headrace")),
        tags=[tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else [],
    )


def _map(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0
