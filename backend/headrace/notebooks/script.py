"""The cells of a pipeline as one Python script, in the percent format that editors know as cells.

`headrace import` reads it back: a comment at the top and one before each cell keep what is no code.
"""

from __future__ import annotations

import ast
import re
from typing import Any

import msgspec

from headrace.core.errors import InvalidInput
from headrace.core.ids import text_hash
from headrace.notebooks.cells import Cell, source_of

_TOP = re.compile(r"\A(?:from __future__ [^\n]*\n)*# /// headrace\n# (\{[^\n]*\})\n# ///\n")
_CELL = re.compile(r"^# %% (?:\[(markdown|raw)\] )?(\{[^\n]*\})\n", re.MULTILINE)


def write_script(cells: list[Cell], about: dict[str, Any]) -> str:
    """Return the script; raise InvalidInput for a block that no script can hold."""
    futures: dict[str, None] = {}
    parts = [f"# /// headrace\n# {_json(about)}\n# ///\n"]
    for cell in cells:
        text = cell.source if cell.kind == "code" else _commented(cell.source)
        if cell.kind == "code":
            text = _plain(text, cell.block or "", futures)
        sign = "" if cell.kind == "code" else f"[{cell.kind}] "
        more = _as_found(cell, text)
        parts.append(f"# %% {sign}{_json(more)}\n{text}\n")
    if any(len(_CELL.findall(part)) > 1 for part in parts):
        raise InvalidInput("A block has a line that looks like the border of a cell: `# %% {`.")
    names = ", ".join(futures)
    return (f"from __future__ import {names}\n" if futures else "") + "\n".join(parts)


def is_script(text: str) -> bool:
    """Tell whether a Python file is a pipeline that was written as a script."""
    return _TOP.match(text) is not None


def read_script(text: str) -> tuple[list[Cell], dict[str, Any]]:
    """Return the cells of a script and what stands at its top; raise InvalidInput for others."""
    top = _TOP.match(text)
    if top is None:
        raise InvalidInput("This is no script that `headrace export` wrote.", field="file")
    pieces = _CELL.split(text[top.end() :])[1:]
    cells: list[Cell] = []
    for sign, said, body in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        text = body[:-2] if body.endswith("\n\n") else body[:-1]
        cells.append(_cell(sign or "code", _read(said), text))
    return cells, _read(top[1])


def _cell(kind: Any, about: dict[str, Any], body: str) -> Cell:
    # What editors strip from the ends of lines of comments is no change.
    text = body if kind == "code" else _uncommented(body)
    if about.get("cell") == text_hash(body):
        about["cell"] = text_hash(text)
    return Cell(kind=kind, source=text, about=about)


def _as_found(cell: Cell, text: str) -> dict[str, Any]:
    """Return what goes along with a cell: its source too when the text alone does not show it."""
    about = dict(cell.about)
    if cell.block is None:
        return about
    language = "python" if "headrace_query(" not in text else "sql"
    language = language if cell.kind == "code" else "markdown"
    if "source" in about:
        return about | {"cell": text_hash(text)}
    found = _cell(cell.kind, dict(about), text)
    wanted = source_of(cell, language)
    if source_of(found, language) != wanted or "\r" in text:
        about |= {"source": wanted, "cell": text_hash(text)}
    return about


def _plain(text: str, block: str, futures: dict[str, None]) -> str:
    """Return a cell as a script can hold it: imports from the future go to its top."""
    try:
        tree = ast.parse(text)
        compile(text, "<cell>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise InvalidInput(
            f"Block {block!r} cannot be in a script ({error}): export it as a notebook.",
            field="to",
        ) from None
    lines = text.split("\n")
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            futures.update((alias.name, None) for alias in node.names)
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = f"# {lines[number]}"
    return "\n".join(lines)


def _commented(text: str) -> str:
    return "\n".join(f"# {line}" if line else "#" for line in text.split("\n"))


def _uncommented(text: str) -> str:
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.split("\n"))


def _json(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def _read(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"A comment of the script is damaged: {error}.") from None
    return found if isinstance(found, dict) else {}
