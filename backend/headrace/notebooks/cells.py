"""A pipeline as the text of notebook cells that run from top to bottom without Headrace."""

from __future__ import annotations

import re
from typing import Any

from headrace.protocol.bindings import Binding
from headrace.session.definition import Definition, PlannedBlock

IMPORTS = "import duckdb\n\nfrom headrace import Context"
_PLACEHOLDER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)", re.IGNORECASE)


def parameter_text(values: dict[str, Any]) -> str:
    """Return one assignment a line, in the form that papermill writes them."""
    lines = [f"{name} = {value!r}" for name, value in values.items()]
    return "\n".join(["# Parameters", *lines])


def heading(block: PlannedBlock) -> str:
    """Return the markdown that stands above a block's cell."""
    reads = f" ← {', '.join(block.upstream)}" if block.upstream else ""
    return f"## {block.name}\n{block.kind}, {block.language}{reads}"


def code(block: PlannedBlock) -> str:
    """Return the code cell of a block: its source, then the call that gives its name a value."""
    if block.language == "sql":
        return _sql_cell(block)
    function = _function_name(block)
    source = block.source.rstrip("\n")
    return f"{source}\n\n\n{block.name} = {function}({', '.join(_arguments(block))})\n{block.name}"


def _function_name(block: PlannedBlock) -> str:
    """Find the decorated function; the block's own name when the source cannot be read."""
    decorated = re.search(
        r"^@(?:headrace\.)?(?:loader|transformer|exporter|sensor)\b[^\n]*\n(?:@[^\n]*\n)*"
        r"(?:async\s+)?def\s+(\w+)",
        block.source,
        re.MULTILINE,
    )
    return decorated[1] if decorated else block.name


def _arguments(block: PlannedBlock) -> list[str]:
    return [text for binding in block.bindings if (text := _argument(block, binding))]


def _argument(block: PlannedBlock, binding: Binding) -> str:
    name = binding.name or binding.argument
    match binding.source:
        case "upstream" if binding.argument == "**":
            return ", ".join(f"{up}={up}" for up in block.upstream)
        case "upstream" | "parameter":
            return f"{binding.argument}={name}"
        case "setting":
            return f"{binding.argument}={block.settings.get(name)!r}"
        case "context":
            return f"{binding.argument}=Context(block={block.name!r})"
        case "default":
            return ""


def _sql_cell(block: PlannedBlock) -> str:
    names = {b.argument: b for b in block.bindings if b.source in {"setting", "parameter"}}
    text = _PLACEHOLDER.sub(
        lambda found: f"${found[1]}" if found[1] in names else found[0], block.source.strip()
    )
    values = ", ".join(
        f"{argument!r}: {_value(block, binding)}" for argument, binding in names.items()
    )
    body = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    query = (
        f'duckdb.sql("""\n{body}\n""", params={{{values}}})'
        if names
        else (f'duckdb.sql("""\n{body}\n""")')
    )
    return f"{block.name} = {query}.to_arrow_table()\n{block.name}"


def _value(block: PlannedBlock, binding: Binding) -> str:
    name = binding.name or binding.argument
    return name if binding.source == "parameter" else repr(block.settings.get(name))


def script(definition: Definition) -> str:
    """Return the whole pipeline as one Python script."""
    parts = [IMPORTS, parameter_text(definition.parameters)]
    parts += [f"# {b.name}: {b.kind}\n{code(b)}" for b in definition.blocks.values()]
    return "\n\n\n".join(parts) + "\n"
