"""What a Python block says of itself: its function, arguments, typed settings and checks."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Literal

from msgspec import Struct, field

from headrace.analysis.forms import Enums, annotated, documentation, enums_of, form_of
from headrace.protocol.tables import Parameter

ROLES = ("loader", "transformer", "exporter", "sensor")
_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Trouble(Struct, frozen=True, kw_only=True):
    """Something wrong in a source. Lines from 1, columns from 0 in code points."""

    code: str
    message: str
    line: int = 1
    column: int = 0
    end_column: int | None = None
    severity: Literal["error", "warning"] = "error"
    instead: str = ""
    """What should stand there, when that is likely."""


class Argument(Struct, frozen=True, kw_only=True):
    """One argument of a block's function, and the setting that it would be."""

    name: str
    form: Parameter
    line: int
    column: int
    end_column: int
    keyword_only: bool = False
    takes_data: bool = False
    """True for a required one whose type a form could not hold: it waits for an upstream."""

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
        column = max((error.offset or 1) - 1, 0)
        one_line = error.end_lineno == error.lineno and (error.end_offset or 0) - 1 > column
        return Trouble(
            code="syntax",
            message=f"{error.msg[:1].upper()}{error.msg[1:]}.",
            line=error.lineno or 1,
            column=column,
            end_column=(error.end_offset or 0) - 1 if one_line else None,
        )
    except (RecursionError, MemoryError, ValueError) as error:
        return Trouble(code="syntax", message=f"Python cannot parse this: {error}.")


@lru_cache(maxsize=8192)
def read_signature(source: str) -> Signature:
    """Read the signature of a block. Never raises; what is wrong is in `troubles`."""
    tree = parse(source)
    if isinstance(tree, Trouble):
        return Signature(troubles=[tree])
    found, checks = marked_functions(tree)
    if len(found) != 1:
        names = [node.name for node, _ in found]
        line = found[1][0].lineno if found else 1
        return Signature(checks=checks, troubles=[_not_one_function(names, line)])
    node, kind = found[0]
    lines = source.splitlines()
    description, notes = documentation(ast.get_docstring(node) or "")
    return Signature(
        function=node.name,
        kind=kind,
        line=node.lineno,
        column=node.col_offset,
        arguments=_arguments(node, lines, notes, enums_of(tree)),
        takes_all=node.args.kwarg is not None,
        description=description,
        checks=checks,
    )


def _not_one_function(names: list[str], line: int) -> Trouble:
    if not names:
        return Trouble(
            code="no-function",
            message="This block has no decorated function: put @loader, @transformer, @exporter or"
            " @sensor above one.",
        )
    listed = ", ".join(names)
    return Trouble(
        code="several-functions",
        message=f"Only one function can be the block, but {len(names)} are decorated: {listed}.",
        line=line,
    )


def checks_of(tree: ast.Module) -> list[_FunctionNode]:
    """Return the functions decorated as checks, in file order."""
    names, modules = _imports(tree)
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(_role(entry, names, modules) == "check" for entry in node.decorator_list)
    ]


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


def _arguments(
    node: _FunctionNode, lines: list[str], notes: dict[str, str], enums: Enums
) -> list[Argument]:
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
                form=form_of(arg, default, notes.get(arg.arg, ""), enums),
                line=arg.lineno,
                column=column,
                end_column=column + len(arg.arg),
                keyword_only=keyword_only,
                takes_data=default is None and not annotated(arg.annotation, enums).is_setting,
            )
        )
    return arguments
