"""Notebook blocks as text: which values they take, their form, and their fingerprint."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from typing import Any, cast

from msgspec import Struct, field

from headrace.analysis.environment import versions
from headrace.analysis.fingerprint import cells_fingerprint
from headrace.analysis.forms import form_of
from headrace.analysis.result import BlockAnalysis
from headrace.analysis.surroundings import Around
from headrace.core.ids import digest
from headrace.project.pipeline import Block, Source
from headrace.protocol.bindings import Binding
from headrace.protocol.replies import Diagnostic
from headrace.protocol.tables import Parameter

_PYTHON = frozenset({"", "python", "ipython", "python3"})
_NOTE = re.compile(r"^(\w+)\s*(?::[^=#]*)?=[^#]*#\s*(.+)$", re.MULTILINE)


class Read(Struct, frozen=True, kw_only=True):
    """What a notebook's text says. `kernel` is the one that it names."""

    cells: list[str] = field(default_factory=list[str])
    """The sources of its code cells."""
    parameters: str = ""
    """The source of the cell tagged so."""
    kernel: str = ""
    language: str = ""


def analyse_notebook(
    around: Around, block: Block, source: Source
) -> tuple[BlockAnalysis, list[Diagnostic]]:
    """Bind upstream blocks to variables, and values to the names that the notebook uses."""
    try:
        read = read_notebook(source.text)
    except ValueError as error:
        problem = f"{source.path} is no notebook: {error}. Save it from Jupyter again."
        told = _diagnostic(block, source, problem, "not-a-notebook")
        return BlockAnalysis(name=block.name, runnable=False, problem=problem), [told]
    form = _form(read)
    bindings = _bindings(around, block, read, {entry.name for entry in form})
    code = cells_fingerprint(read.cells, around.read_module)
    found = BlockAnalysis(
        name=block.name,
        fingerprint=digest(code.code, block.kernel or read.kernel, *block.results),
        modules=code.modules,
        files=around.files(block, code.texts),
        versions=versions(code.libraries),
        bindings=bindings,
        form=form,
        description=_description(source.text),
    )
    told = [
        _diagnostic(
            block,
            source,
            f"{up!r} reaches no name that the notebook uses. Use it in a cell, or remove the edge.",
            "unused-upstream",
            severity="warning",
        )
        for argument, up in ((b.argument, b.name) for b in bindings if b.source == "upstream")
        if not _uses(read, argument)
    ]
    return found, told


def read_notebook(text: str) -> Read:
    """Read the parts of a notebook that count; raise ValueError for a text that is none."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(_map(found).get("cells"), list):
        raise ValueError("it has no list of cells")  # noqa: TRY004 - the text is wrong, no type
    book = cast("dict[str, Any]", found)
    code = [cell for cell in map(_map, book["cells"]) if cell.get("cell_type") == "code"]
    tagged = [cell for cell in code if "parameters" in _tags(cell)]
    metadata = _map(book.get("metadata"))
    kernel, language = _map(metadata.get("kernelspec")), _map(metadata.get("language_info"))
    return Read(
        cells=[_source(cell) for cell in code],
        parameters=_source(tagged[0]) if tagged else "",
        kernel=str(kernel.get("name") or ""),
        language=str(language.get("name") or kernel.get("language") or "").lower(),
    )


def _bindings(around: Around, block: Block, read: Read, formed: set[str]) -> list[Binding]:
    names = {up: name for name, up in block.inputs.items()}
    taken = [
        Binding(argument=names.get(up, up), source="upstream", name=up) for up in block.upstream
    ]
    bound = {binding.argument for binding in taken}
    values = [
        Binding(argument=name, source="parameter", name=name)
        for name in around.parameters
        if name not in block.settings and name not in bound and _uses(read, name)
    ]
    values += [Binding(argument=name, source="setting", name=name) for name in block.settings]
    given = bound | {binding.argument for binding in values}
    defaults = [
        Binding(argument=name, source="default") for name in sorted(formed) if name not in given
    ]
    return [*taken, *values, *defaults]


def _uses(read: Read, name: str) -> bool:
    """Tell whether a name stands in the code, in whatever language that is."""
    found = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
    return any(found.search(cell) for cell in read.cells)


def _form(read: Read) -> list[Parameter]:
    """Return the assignments of the cell of parameters as a form; none of other languages."""
    if read.language not in _PYTHON:
        return []
    try:
        body = ast.parse(read.parameters).body
    except (SyntaxError, ValueError):
        return []
    notes = dict(_NOTE.findall(read.parameters))
    form: dict[str, Parameter] = {}
    for node in body:
        name, annotation = _assigned(node)
        if name is None or not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        form[name] = form_of(
            ast.arg(arg=name, annotation=annotation), node.value, notes.get(name, ""), {}
        )
    return list(form.values())


def _assigned(node: ast.stmt) -> tuple[str | None, ast.expr | None]:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.annotation
    targets: Sequence[ast.expr] = node.targets if isinstance(node, ast.Assign) else ()
    if len(targets) == 1 and isinstance(targets[0], ast.Name):
        return targets[0].id, None
    return None, None


def _description(text: str) -> str:
    """Return the first line of its first cell of text, without the marks of a heading."""
    for cell in map(_map, json.loads(text)["cells"]):
        if cell.get("cell_type") == "markdown":
            return _source(cell).strip().partition("\n")[0].lstrip("# ").strip()
    return ""


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    lines = cast("list[Any]", source) if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))


def _tags(cell: dict[str, Any]) -> list[Any]:
    tags = _map(cell.get("metadata")).get("tags")
    return cast("list[Any]", tags) if isinstance(tags, list) else []


def _map(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _diagnostic(
    block: Block, source: Source, message: str, code: str, severity: str = "error"
) -> Diagnostic:
    return Diagnostic(
        block=block.name,
        severity="warning" if severity == "warning" else "error",
        code=code,
        message=message,
        file=source.path,
        line=1,
        column=0,
    )
