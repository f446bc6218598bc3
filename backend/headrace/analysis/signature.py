"""What a Python block says of itself: its function, arguments, typed settings and checks."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import Any, Literal, cast

from msgspec import Struct, field

from headrace.protocol.tables import Parameter, ParameterType

ROLES = ("loader", "transformer", "exporter", "sensor")
_TYPES: dict[str, ParameterType] = {
    "int": "integer",
    "float": "number",
    "str": "string",
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
}
_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Trouble(Struct, frozen=True, kw_only=True):
    """Something wrong in a source. Lines from 1, columns from 0 in code points."""

    code: str
    message: str
    line: int = 1
    column: int = 0
    end_column: int | None = None
    severity: Literal["error", "warning"] = "error"


class Argument(Struct, frozen=True, kw_only=True):
    """One argument of a block's function, and the setting that it would be."""

    name: str
    form: Parameter
    line: int
    column: int
    end_column: int
    keyword_only: bool = False

    @property
    def required(self) -> bool:
        """Tell whether it has no default."""
        return self.form.required


class Signature(Struct, frozen=True, kw_only=True):
    """The one decorated function of a source; `function` is None when there is not exactly one."""

    function: str | None = None
    kind: str = ""
    line: int = 1
    column: int = 0
    arguments: list[Argument] = field(default_factory=list[Argument])
    takes_all: bool = False
    """True with `**anything`."""
    description: str = ""
    checks: list[str] = field(default_factory=list[str])
    troubles: list[Trouble] = field(default_factory=list[Trouble])


def parse(source: str) -> ast.Module | Trouble:
    """Parse Python; a syntax error, a NUL or hopeless nesting comes back as Trouble."""
    if (nul := source.find("\0")) >= 0:
        line = source.count("\n", 0, nul) + 1
        column = nul - (source.rfind("\n", 0, nul) + 1)
        return Trouble(
            code="syntax", message="The source has a NUL character.", line=line, column=column
        )
    try:
        return ast.parse(source)
    except SyntaxError as error:
        return Trouble(
            code="syntax",
            message=f"{error.msg}.",
            line=error.lineno or 1,
            column=max((error.offset or 1) - 1, 0),
        )
    except (RecursionError, MemoryError, ValueError) as error:
        return Trouble(code="syntax", message=f"Python cannot parse this: {error}.")


@lru_cache(maxsize=2048)
def read_signature(source: str) -> Signature:
    """Read the signature of a block. Never raises; what is wrong is in `troubles`."""
    tree = parse(source)
    if isinstance(tree, Trouble):
        return Signature(troubles=[tree])
    found, checks = marked_functions(tree)
    if len(found) != 1:
        message = (
            "This block has no decorated function: put @loader, @transformer, @exporter or @sensor"
            " above one."
            if not found
            else f"Only one function can be the block, but {len(found)} are decorated: "
            + ", ".join(node.name for node, _ in found)
            + "."
        )
        line = found[1][0].lineno if found else 1
        code = "several-functions" if found else "no-function"
        return Signature(checks=checks, troubles=[Trouble(code=code, message=message, line=line)])
    node, kind = found[0]
    lines = source.splitlines()
    description, notes = _documentation(ast.get_docstring(node) or "")
    return Signature(
        function=node.name,
        kind=kind,
        line=node.lineno,
        column=node.col_offset,
        arguments=_arguments(node, lines, notes),
        takes_all=node.args.kwarg is not None,
        description=description,
        checks=checks,
    )


def marked_functions(tree: ast.Module) -> tuple[list[tuple[_FunctionNode, str]], list[str]]:
    """Return (function, kind) of decorated functions and the names of checks, in file order."""
    names, modules = _imports(tree)
    found: list[tuple[_FunctionNode, str]] = []
    checks: list[str] = []
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            role = _role(decorator, names, modules)
            if role == "check":
                checks.append(node.name)
            elif role in ROLES:
                found.append((node, role))
                break
    return found, checks


def _imports(tree: ast.Module) -> tuple[dict[str, str], set[str]]:
    names: dict[str, str] = {}
    modules: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "headrace" and not node.level:
            for alias in node.names:
                if alias.name == "*":
                    names.update({role: role for role in (*ROLES, "check")})
                names[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.Import):
            modules.update(a.asname or a.name for a in node.names if a.name == "headrace")
    return names, modules


def _role(node: ast.expr, names: dict[str, str], modules: set[str]) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.value.id in modules else ""
    return ""


def code_points(lines: list[str], line: int, byte_column: int) -> int:
    """Turn a column of `ast`, in UTF-8 bytes, into one in code points."""
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    if text.isascii():
        return byte_column
    return len(text.encode()[:byte_column].decode(errors="ignore"))


def _arguments(node: _FunctionNode, lines: list[str], notes: dict[str, str]) -> list[Argument]:
    positional = [*node.args.posonlyargs, *node.args.args]
    missing = len(positional) - len(node.args.defaults)
    defaults: list[ast.expr | None] = [*([None] * missing), *node.args.defaults]
    entries = [(arg, default, False) for arg, default in zip(positional, defaults, strict=True)]
    keyword = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    entries += [(arg, default, True) for arg, default in keyword]
    arguments: list[Argument] = []
    for arg, default, keyword_only in entries:
        column = code_points(lines, arg.lineno, arg.col_offset)
        arguments.append(
            Argument(
                name=arg.arg,
                form=_form(arg, default, notes.get(arg.arg, "")),
                line=arg.lineno,
                column=column,
                end_column=column + len(arg.arg),
                keyword_only=keyword_only,
            )
        )
    return arguments


def _form(arg: ast.arg, default: ast.expr | None, description: str) -> Parameter:
    value = _literal(default)
    kind, choices, multiple = _type(arg.annotation)
    if kind is None:
        sample = cast("list[Any]", value)[0] if isinstance(value, list) and value else value
        kind = _TYPES.get(type(sample).__name__, "json" if default is None else "string")
        multiple = isinstance(value, list)
    return Parameter(
        name=arg.arg,
        type=kind,
        default=value,
        required=default is None,
        choices=choices,
        description=description,
        multiple=multiple,
    )


def _literal(node: ast.expr | None) -> Any:
    """Return a default that JSON can hold, None for any other."""
    if node is None:
        return None
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    if isinstance(value, tuple):
        value = list(cast("tuple[Any, ...]", value))
    return value if isinstance(value, str | int | float | bool | list | dict) else None


def _type(node: ast.expr | None) -> tuple[ParameterType | None, list[Any] | None, bool]:
    """Return (type, choices, multiple) of an annotation; type None when it says nothing."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return _type(ast.parse(node.value, mode="eval").body)
        except SyntaxError:
            return None, None, False
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [s for s in (node.left, node.right) if not _is_none(s)]
        return _type(sides[0]) if len(sides) == 1 else ("json", None, False)
    name = _last_name(node)
    if isinstance(node, ast.Subscript):
        head, inner = _last_name(node.value), node.slice
        if head == "Literal":
            items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            choices = [_literal(item) for item in items]
            kind = _TYPES.get(type(choices[0]).__name__, "string") if choices else "string"
            return kind, choices, False
        if head == "Optional":
            return _type(inner)
        if head in {"list", "List", "Sequence", "tuple"}:
            first = inner.elts[0] if isinstance(inner, ast.Tuple) else inner
            kind, choices, _ = _type(first)
            return kind or "json", choices, True
        return "json", None, False
    if name in {"list", "List", "Sequence"}:
        return "json", None, True
    return (_TYPES.get(name, "json") if name else None), None, False


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _last_name(node: ast.expr | None) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _documentation(text: str) -> tuple[str, dict[str, str]]:
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
