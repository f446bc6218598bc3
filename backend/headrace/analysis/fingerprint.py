"""Digests of code that change when its meaning can, and not with comments or layout."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct

from headrace.analysis.signature import Trouble, parse
from headrace.core.ids import digest

ReadModule = Callable[[str], tuple[str, str] | None]
"""Dotted name → (path, text) of a module of the project; None for all others."""


class Fingerprint(Struct, frozen=True):
    """Digest, project modules read (paths) and top-level names of imported libraries."""

    digest: str
    reads: list[str]
    libraries: list[str]


@lru_cache(maxsize=16384)
def _read(text: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    """Return the digest of one source and its imports as (level, dotted name)."""
    tree = parse(text)
    if isinstance(tree, Trouble):
        return digest(text), ()
    imports: dict[tuple[int, str], None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports.update({(0, alias.name): None for alias in node.names})
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            imports[node.level, base] = None
            prefix = f"{base}." if base else ""
            imports.update({(node.level, prefix + a.name): None for a in node.names})
        elif isinstance(node, ast.Call) and (name := _literal_import(node)):
            imports[0, name] = None
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            _drop_docstring(node)
    try:
        return digest(ast.dump(tree)), tuple(imports)
    except RecursionError:
        return digest(text), tuple(imports)


def _literal_import(node: ast.Call) -> str:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    called = node.func.id if isinstance(node.func, ast.Name) else called
    first = node.args[0] if node.args else None
    if called in {"import_module", "__import__"} and isinstance(first, ast.Constant):
        return first.value if isinstance(first.value, str) else ""
    return ""


def _drop_docstring(
    node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
) -> None:
    first = node.body[0] if node.body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        node.body = node.body[1:]


def python_fingerprint(text: str, read_module: ReadModule, package: str = "") -> Fingerprint:
    """Fingerprint a source and every project module that it imports, directly or not.

    `package` is the dotted package of the source, from which relative imports count.
    """
    own, imports = _read(text)
    parts: dict[str, str] = {}
    libraries: set[str] = set()
    seen: set[str] = set()
    pending = [(package, found) for found in imports]
    while pending:
        home, (level, name) = pending.pop()
        dotted = _absolute(home, level, name)
        pieces = dotted.split(".") if dotted else []
        for depth in range(1, len(pieces) + 1):
            part = ".".join(pieces[:depth])
            if part in seen:
                continue
            seen.add(part)
            module = read_module(part)
            if module is not None:
                path, source = module
                inner, more = _read(source)
                parts[path] = inner
                below = part if path.endswith("__init__.py") else part.rpartition(".")[0]
                pending.extend((below, found) for found in more)
            elif depth == 1 and part not in sys.stdlib_module_names:
                libraries.add(part)
    flat = [piece for part in sorted(parts.items()) for piece in part]
    return Fingerprint(digest(own, *flat), sorted(parts), sorted(libraries))


def _absolute(package: str, level: int, name: str) -> str:
    if not level:
        return name
    base = package.split(".") if package else []
    kept = base[: len(base) - (level - 1)] if level > 1 else base
    return ".".join([*kept, *([name] if name else [])])
