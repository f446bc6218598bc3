"""The form of a block: each argument of its function as a typed setting."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from headrace.protocol.tables import Parameter, ParameterType

_TYPES: dict[str, ParameterType] = {
    "int": "integer",
    "float": "number",
    "str": "string",
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
}
_STRUCTURED = {"dict", "Dict", "Mapping", "Any", "object"}
_SEVERAL = {"list", "List", "Sequence", "tuple", "Tuple", "set", "frozenset", "Iterable"}
_LOWER = {"ge": 0, "minimum": 0, "gt": 1}
_UPPER = {"le": 0, "maximum": 0, "lt": -1}
Enums = Mapping[str, list[Any]]
"""Enum classes of a source by name, with the values of their members."""


class Annotated(Struct, frozen=True, kw_only=True):
    """What an annotation says: `type` is None when it says nothing of a setting."""

    type: ParameterType | None = None
    choices: list[Any] | None = None
    multiple: bool = False
    minimum: float | None = None
    maximum: float | None = None
    description: str = ""
    is_setting: bool = False
    """True for a type that a form can hold, false for frames and whatever is unknown."""


def form_of(arg: ast.arg, default: ast.expr | None, description: str, enums: Enums) -> Parameter:
    """Return the setting that an argument is."""
    value = _default(default, enums)
    said = annotated(arg.annotation, enums)
    kind, multiple = said.type, said.multiple
    if kind is None:
        sample = cast("list[Any]", value)[0] if isinstance(value, list) and value else value
        kind = _TYPES.get(type(sample).__name__, "json" if default is None else "string")
        multiple = isinstance(value, list)
    return Parameter(
        name=arg.arg,
        type=kind,
        default=value,
        required=default is None,
        minimum=said.minimum,
        maximum=said.maximum,
        choices=said.choices,
        description=description or said.description,
        multiple=multiple,
    )


def enums_of(tree: ast.Module) -> dict[str, list[Any]]:
    """Return the Enum classes that a source defines, with the values of their members."""
    found: dict[str, list[Any]] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        bases = {last_name(base) for base in node.bases}
        if bases & {"Enum", "StrEnum", "IntEnum"}:
            found[node.name] = [
                value for _, value in _members(node) if isinstance(value, str | int | float)
            ]
    return found


def _members(node: ast.ClassDef) -> Iterator[tuple[str, Any]]:
    for entry in node.body:
        if isinstance(entry, ast.Assign) and isinstance(entry.targets[0], ast.Name):
            name = entry.targets[0].id
            automatic = isinstance(entry.value, ast.Call) and last_name(entry.value.func) == "auto"
            yield name, name.lower() if automatic else literal(entry.value)


def literal(node: ast.expr | None) -> Any:
    """Return a value that JSON can hold, None for any other."""
    if node is None:
        return None
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    if isinstance(value, tuple):
        value = list(cast("tuple[Any, ...]", value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | list | dict) else None


def _default(node: ast.expr | None, enums: Enums) -> Any:
    """Return a default; `Mode.fast` is the value of a member when it can be told."""
    if isinstance(node, ast.Attribute) and last_name(node.value) in enums:
        values = enums[last_name(node.value)]
        lowered = node.attr.lower()
        return next((v for v in values if str(v).lower() == lowered), None)
    return literal(node)


def annotated(node: ast.expr | None, enums: Enums) -> Annotated:
    """Read an annotation."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return annotated(ast.parse(node.value, mode="eval").body, enums)
        except SyntaxError:
            return Annotated()
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [side for side in _sides(node) if not _is_none(side)]
        return annotated(sides[0], enums) if len(sides) == 1 else _joined(sides, enums)
    if isinstance(node, ast.Subscript):
        return _subscripted(last_name(node.value), node.slice, enums)
    return _named(last_name(node), enums)


def _sides(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_sides(node.left), *_sides(node.right)]
    return [node]


def _joined(sides: list[ast.expr], enums: Enums) -> Annotated:
    every = [annotated(side, enums) for side in sides]
    if {said.type for said in every} == {"integer", "number"}:
        return Annotated(type="number", is_setting=True)
    return Annotated(type="json", is_setting=all(said.is_setting for said in every))


def _named(name: str, enums: Enums) -> Annotated:
    if name in enums:
        return _choice(enums[name])
    if name in _SEVERAL:
        return Annotated(type="json", multiple=True, is_setting=True)
    if name in _TYPES:
        return Annotated(type=_TYPES[name], is_setting=True)
    return Annotated(type="json" if name else None, is_setting=name in _STRUCTURED - {"Any"})


def _subscripted(head: str, inner: ast.expr, enums: Enums) -> Annotated:
    items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if head == "Literal":
        return _choice([literal(item) for item in items if not _is_none(item)])
    if head in {"Optional", "Final"}:
        return annotated(inner, enums)
    if head == "Union":
        sides = [item for item in items if not _is_none(item)]
        return annotated(sides[0], enums) if len(sides) == 1 else _joined(sides, enums)
    if head == "Annotated":
        return _with_notes(annotated(items[0], enums), items[1:])
    if head in _SEVERAL:
        said = annotated(items[0], enums)
        return replace(said, type=said.type or "json", multiple=True)
    return Annotated(type="json", is_setting=head in _STRUCTURED)


def _choice(values: list[Any]) -> Annotated:
    kind = _TYPES.get(type(values[0]).__name__, "string") if values else "string"
    return Annotated(type=kind, choices=values, is_setting=True)


def _with_notes(said: Annotated, notes: list[ast.expr]) -> Annotated:
    """Add the bounds and the text of `Annotated[int, Meta(ge=1, le=12), "Month"]`."""
    for note in notes:
        if isinstance(note, ast.Constant) and isinstance(note.value, str):
            said = replace(said, description=note.value)
        if not isinstance(note, ast.Call):
            continue
        values = {word.arg or "": literal(word.value) for word in note.keywords}
        if note.args:
            values[last_name(note.func).lower()] = literal(note.args[0])
        said = _bounded(said, values)
    return said


def _bounded(said: Annotated, values: Mapping[str, Any]) -> Annotated:
    # `gt=0` of an integer begins at 1; a form has no open end for numbers.
    step = 1 if said.type == "integer" else 0
    for word, value in values.items():
        if not isinstance(value, int | float):
            if word in {"description", "doc"} and isinstance(value, str):
                said = replace(said, description=value)
        elif word in _LOWER:
            said = replace(said, minimum=value + step * _LOWER[word])
        elif word in _UPPER:
            said = replace(said, maximum=value + step * _UPPER[word])
    return said


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def last_name(node: ast.expr | None) -> str:
    """Return `c` of `a.b.c`, or ""."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def documentation(text: str) -> tuple[str, dict[str, str]]:
    """Split a docstring into its first paragraph and Google style notes on arguments."""
    first = " ".join(text.split("\n\n", 1)[0].split())
    notes: dict[str, str] = {}
    section = re.search(
        r"^(?:Args|Arguments|Parameters):[ \t]*\n((?:[ \t]+.*\n?|\n)+)", text, re.MULTILINE
    )
    current, indent = "", -1
    for line in section.group(1).splitlines() if section else ():
        depth = len(line) - len(line.lstrip())
        match = re.match(r"\s+\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)", line)
        if match and (indent < 0 or depth <= indent):
            indent, current = depth, match.group(1)
            notes[current] = match.group(2).strip()
        elif current and line.strip():
            notes[current] = f"{notes[current]} {line.strip()}".strip()
    return first, notes
