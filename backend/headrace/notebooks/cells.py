"""A pipeline as cells that run from top to bottom in plain Jupyter, without Headrace.

Each block is one cell: its source as it is, a marker, and the call that gives its variable a value.
What cannot be seen in a cell goes along as metadata, so that `restore` gives back the same files.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from headrace.analysis.placeholders import foreign_placeholders, with_placeholders
from headrace.analysis.signature import read_signature
from headrace.core.ids import text_hash
from headrace.graph.order import order
from headrace.notebooks.literals import is_name, literal, long_string, long_string_in
from headrace.notebooks.names import Checks, bound_names, output_names
from headrace.project.pipeline import PipelineFiles
from headrace.project.watermarks import guessed, value_of
from headrace.protocol.bindings import Binding
from headrace.session.definition import Definition, PlannedBlock

FORMAT = 1
"""Goes up when older notebooks are to be read in another way."""
_MARK = "# headrace: run {block}"
_MARKED = re.compile(r"^# headrace: run \w+$", re.MULTILINE)
_HEAD = "headrace_parameters"
_INDENT = "    "


class Cell(Struct, frozen=True, kw_only=True):
    """One cell. `about` is kept under `headrace` in its metadata."""

    kind: Literal["code", "markdown", "raw"]
    source: str
    about: dict[str, Any] = field(default_factory=dict[str, Any])
    tags: list[str] = field(default_factory=list[str])

    @property
    def block(self) -> str | None:
        """Name the block whose source it holds."""
        return self.about.get("block")


def pipeline_cells(
    definition: Definition,
    title: str,
    files: PipelineFiles | None = None,
    modules: Mapping[str, str] | None = None,
) -> list[Cell]:
    """Return the cells of a pipeline; with `files`, its markdown blocks are among them.

    `modules` are the texts of its own modules, by file in its folder.
    """
    writer = _Writer(definition)
    held = modules or {}
    cells = [
        Cell(kind="markdown", source=f"# {title}", about={"role": "title"}),
        Cell(kind="code", source=preamble(definition, held), about={"role": "preamble"}),
        *(_module_cell(file, held[file]) for file in sorted(held)),
        Cell(
            kind="code",
            source=parameter_text(definition.parameters),
            about={"role": "parameters"},
            tags=["parameters"],
        ),
    ]
    if writer.needs_parameters:
        cells.append(Cell(kind="code", source=writer.all_parameters(), about={"role": "given"}))
    for name in _names(definition, files):
        block = definition.blocks.get(name)
        if block is None:
            text = files.sources[name].text if files is not None else ""
            cells.append(Cell(kind="markdown", source=text, about=_about(name, text, text)))
        else:
            cells += [
                Cell(kind="markdown", source=heading(block), about={"role": "heading"}),
                *writer.cells(block),
            ]
    return cells


def _names(definition: Definition, files: PipelineFiles | None) -> list[str]:
    """Return all blocks, each after what it reads, as near to the list as that allows."""
    if files is None:
        return list(definition.blocks)
    edges = {block.name: block.upstream for block in files.pipeline.blocks}
    return [name for name in order(edges) if name in files.sources]


def preamble(definition: Definition, held: Collection[str] = ()) -> str:
    """Return the cell that stands for Headrace, and leads to modules that are not `held`."""
    text = Path(__file__).with_name("preamble.py").read_text(encoding="utf-8")
    folder = f"pipelines/{definition.pipeline}"
    own = {f"{folder}/{file}" for file in held}
    if any(block.modules.keys() - own for block in definition.blocks.values()):
        text += f"\n\n__import__('sys').path[:0] = [{folder!r}, '.']  # modules of the project\n"
    return text.rstrip("\n")


def _module_cell(file: str, text: str) -> Cell:
    """Return the cell that holds a module of the pipeline, which other cells import."""
    name = file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    source = f"headrace_module(\n{_INDENT}{name!r},\n{_INDENT}{long_string(text)},\n)"
    about: dict[str, Any] = {"role": "module", "file": file, "hash": text_hash(text)}
    if module_text(Cell(kind="code", source=source)) != text:
        about |= {"source": text, "cell": text_hash(source)}
    return Cell(kind="code", source=source, about=about)


def module_text(cell: Cell) -> str | None:
    """Return the text of a module from its cell, edited or not; None when there is none in it."""
    about = cell.about
    if "source" in about and about.get("cell") == text_hash(cell.source):
        return str(about["source"])
    found = long_string_in(cell.source, "headrace_module", 1)
    return found[0] if found is not None else None


def parameter_text(values: Mapping[str, Any]) -> str:
    """Return one assignment a line, in the form that papermill writes them."""
    lines = [f"{name} = {literal(value)}" for name, value in values.items() if is_name(name)]
    return "\n".join(["# Parameters", *lines])


def heading(block: PlannedBlock) -> str:
    """Return the markdown that stands above a block's cell."""
    reads = f" ← {', '.join(block.upstream)}" if block.upstream else ""
    return f"## {block.name}\n{block.kind}, {block.language}{reads}"


def source_of(cell: Cell, language: str) -> str:
    """Return the source of a block from its cell, edited or not."""
    about = cell.about
    if "source" in about and about.get("cell") == text_hash(cell.source):
        return str(about["source"])
    return _read_back(cell.source, language, about.get("end", "\n"))


def _read_back(text: str, language: str, end: str) -> str:
    if language == "sql":
        return _sql_of(text)
    if language != "python":
        return text
    marks = list(_MARKED.finditer(text))
    body = text[: marks[-1].start()] if marks else text
    return body.rstrip("\n") + end


def _about(block: str, source: str, cell: str, **more: Any) -> dict[str, Any]:
    return {"block": block, "hash": text_hash(source), **more}


class _Writer:
    """Writes the cells of blocks, with the names that the whole notebook agrees on."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        sources = {
            block.name: block.source if block.language == "python" else ""
            for block in definition.blocks.values()
        }
        self._outputs = output_names(sources, {*definition.parameters, _HEAD, "headrace"})
        bound = set[str]().union(*map(bound_names, sources.values()))
        self._hidden = {
            name for name in definition.parameters if name in bound or not is_name(name)
        }

    @property
    def needs_parameters(self) -> bool:
        """Tell whether a cell needs all parameters at once."""
        return any(
            binding.source == "context"
            or (
                binding.source == "parameter" and (binding.name or binding.argument) in self._hidden
            )
            for block in self._definition.blocks.values()
            for binding in block.bindings
        )

    def all_parameters(self) -> str:
        """Return the assignment of all parameters under one name."""
        given = (
            f"{name!r}: {name if is_name(name) else literal(value)}"
            for name, value in self._definition.parameters.items()
        )
        return f"{_HEAD} = {{{', '.join(given)}}}"

    def cells(self, block: PlannedBlock) -> list[Cell]:
        """Return the cell of a block, and others around it where it needs them."""
        source = block.source
        if block.language == "notebook":
            return [Cell(kind="raw", source=source, about=_about(block.name, source, source))]
        text = self._sql(block) if block.language == "sql" else self._python(block)
        end = source[len(source.rstrip("\n")) :] if block.language == "python" else "\n"
        about = _about(block.name, source, text) | ({} if end == "\n" else {"end": end})
        if _read_back(text, block.language, end) != source:
            about |= {"source": source, "cell": text_hash(text)}
        cell = Cell(kind="code", source=text, about=about)
        if block.language != "python" or "__name__" not in source:
            return [cell]
        # `if __name__ == "__main__":` of a block's file is not for this.
        role = {"role": "module-name"}
        before = Cell(kind="code", source=f"__name__ = {block.name!r}", about=role)
        after = Cell(kind="code", source='__name__ = "__main__"', about=role)
        return [before, cell, after]

    def _python(self, block: PlannedBlock) -> str:
        name = self._outputs[block.name]
        function = read_signature(block.source).function or block.name
        given = "".join(f", {text}" for text in self._arguments(block))
        lines = [
            f"{block.source.rstrip(chr(10))}\n\n",
            _MARK.format(block=block.name),
            f"{name} = headrace_call({function}{given})",
        ]
        arguments = {binding.argument: binding for binding in block.bindings}
        for check, severity, more in Checks(block.source).found:
            values = [
                f"{one}={self._value(block, arguments[one])}"
                for one in more
                if one in arguments and arguments[one].source != "default"
            ]
            said = ['severity="warn"'] if severity == "warn" else []
            lines.append(f"headrace_check({', '.join([check, name, *said, *values])})")
        if block.kind == "sensor":
            lines.append(f"headrace_ready({block.name!r}, {name})")
        return "\n".join([*lines, name])

    def _arguments(self, block: PlannedBlock) -> list[str]:
        found: list[str] = []
        bound = {b.name for b in block.bindings if b.source == "upstream" and b.argument != "**"}
        for binding in block.bindings:
            if binding.argument == "**":
                rest = (up for up in block.upstream if up not in bound)
                found += [f"{up}={self._outputs[up]}" for up in rest]
            elif binding.source != "default":
                found.append(f"{binding.argument}={self._value(block, binding)}")
        return found

    def _value(self, block: PlannedBlock, binding: Binding) -> str:
        name = binding.name or binding.argument
        match binding.source:
            case "upstream":
                return self._outputs[name]
            case "context":
                pipeline, parameters = self._definition.pipeline, _HEAD
                return f"headrace_context({pipeline!r}, {block.name!r}, {parameters})"
            case "parameter":
                text = f"{_HEAD}[{name!r}]" if name in self._hidden else name
            case _:
                text = literal(block.settings.get(name))
        typed = block.typed.get(binding.argument)
        return text if typed is None else f"headrace_time({typed.type!r}, {text})"

    def _stand_in(self, block: PlannedBlock, binding: Binding) -> str:
        """Return what takes the place of a value that only a run of Headrace has."""
        if binding.name in self._definition.parameters:
            return self._value(block, replace(binding, source="parameter"))
        incremental = block.incremental
        if binding.name != "since" or incremental is None or incremental.start is None:
            return literal(None)
        start = guessed(incremental.column, incremental.start)
        if start.type in {"date", "datetime"}:
            return f"headrace_time({start.type!r}, {literal(start.value)})"
        return literal(value_of(start) if start.type in {"integer", "number"} else start.value)

    def _sql(self, block: PlannedBlock) -> str:
        values = {
            b.argument: self._value(block, b)
            for b in block.bindings
            if b.source in {"setting", "parameter"}
        }
        values |= {
            b.argument: self._stand_in(block, b) for b in block.bindings if b.source == "context"
        }
        text, used = with_placeholders(block.source, values)
        tables = (
            f"{b.argument!r}: {self._value(block, b)}"
            for b in block.bindings
            if b.source == "upstream"
        )
        bound = (f"{name!r}: {values[name]}" for name in used)
        name = self._outputs[block.name]
        lines = [f"{name} = headrace_query(", f"{_INDENT}{long_string(text)},"]
        for word, pairs in (("tables", ", ".join(tables)), ("values", ", ".join(bound))):
            lines += [f"{_INDENT}{word}={{{pairs}}},"] if pairs else []
        return "\n".join([*lines, ")", name])


def _sql_of(text: str) -> str:
    """Return the statement of a SQL block's cell, its values as `:name` again."""
    found = long_string_in(text, "headrace_query", 0)
    if found is None:
        return text
    statement, call = found
    values = next((k.value for k in call.keywords if k.arg == "values"), None)
    keys = values.keys if isinstance(values, ast.Dict) else []
    names = {key.value for key in keys if isinstance(key, ast.Constant)}
    return _with_colons(statement, names)


def _with_colons(statement: str, names: set[Any]) -> str:
    parts, done = list[str](), 0
    for found in foreign_placeholders(statement):
        if found.name in names and statement[found.start] == "$":
            parts += (statement[done : found.start], ":")
            done = found.start + 1
    return "".join((*parts, statement[done:]))
