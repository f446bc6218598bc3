"""What a Python text means to a key: its tree without comments and docstrings, and its imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from headrace.core.ids import digest

IMPORTERS = frozenset({"import_module", "__import__"})
OF_CONTEXT = frozenset({"parameters", "logical_time", "interval_start", "interval"})
"""What of a block's context can change its result, and is known before it runs."""
_READS_ITSELF = ("__doc__", "getdoc", "getsource")
_LONGEST_PATH = 250
_MOST_TEXTS = 500
_Documented = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Imported(NamedTuple):
    """A module named by an import: `level` dots before `name`, counted from `package` if given."""

    level: int
    name: str
    package: str = ""


class Meaning(NamedTuple):
    """Read once from each text."""

    digest: str
    imports: tuple[Imported, ...] = ()
    exports: tuple[str, ...] = ()
    """Names in `__all__`: a star import of a package loads its modules of these names."""
    texts: tuple[str, ...] = ()
    """Literals that could be paths of files."""
    context: frozenset[str] = frozenset()
    """What it uses of `context`; all of `OF_CONTEXT` where it hands it on."""


@lru_cache(maxsize=16384)
def meaning_of(text: str) -> Meaning:
    """Read a text. One that cannot be parsed means just what it says."""
    try:
        tree = ast.parse(text)
        imports = tuple(dict.fromkeys(_imports(tree)))
        literal = not any(word in text for word in _READS_ITSELF)
        code = digest(_dump(tree)) if literal else digest(text)
        return Meaning(code, imports, _exports(tree), _texts(tree), _context(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Meaning(digest(text))


def _dump(tree: ast.Module) -> str:
    """Write the tree without its docstrings."""
    taken: list[tuple[_Documented, list[ast.stmt]]] = []
    for node in ast.walk(tree):
        if isinstance(node, _Documented) and _has_docstring(node):
            taken.append((node, node.body))
            node.body = node.body[1:]
    text = ast.dump(tree)
    for node, body in taken:
        node.body = body
    return text


def _has_docstring(node: _Documented) -> bool:
    first = node.body[0] if node.body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


def _imports(tree: ast.Module) -> Iterator[Imported]:
    importers = set(IMPORTERS)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in {"importlib", "builtins"}:
            importers.update(a.asname or a.name for a in node.names if a.name in IMPORTERS)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Imported(0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            prefix = f"{base}." if base else ""
            yield Imported(node.level, base)
            yield from (Imported(node.level, prefix + alias.name) for alias in node.names)
        elif isinstance(node, ast.Call):
            yield from _literal_import(node, importers)


def _literal_import(node: ast.Call, importers: set[str]) -> Iterator[Imported]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    called = node.func.id if isinstance(node.func, ast.Name) else called
    if called not in importers:
        return
    name = _text_argument(node, 0, "name")
    if name:
        bare = name.lstrip(".")
        package = _text_argument(node, 1, "package") if len(bare) < len(name) else ""
        yield Imported(len(name) - len(bare), bare, package)


def _text_argument(node: ast.Call, place: int, name: str) -> str:
    given = node.args[place] if len(node.args) > place else None
    given = next((word.value for word in node.keywords if word.arg == name), given)
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        return given.value
    return ""


def _exports(tree: ast.Module) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for node in tree.body:
        names = node.targets if isinstance(node, ast.Assign) else []
        names = [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else names
        if any(isinstance(name, ast.Name) and name.id == "__all__" for name in names):
            constants = (n for n in ast.walk(node) if isinstance(n, ast.Constant))
            found.update({c.value: None for c in constants if isinstance(c.value, str)})
    return tuple(found)


def _texts(tree: ast.Module) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if 2 < len(text) <= _LONGEST_PATH and ("." in text or "/" in text):
                if "\n" not in text and "\0" not in text:
                    found[text] = None
                if len(found) >= _MOST_TEXTS:
                    break
    return tuple(found)


def _context(tree: ast.Module) -> frozenset[str]:
    used: set[str] = set()
    named = by_attribute = 0
    for node in ast.walk(tree):
        if _is_context(node):
            named += 1
        elif isinstance(node, ast.Attribute) and _is_context(node.value):
            by_attribute += 1
            used.add(node.attr)
    return OF_CONTEXT & used if named == by_attribute else OF_CONTEXT


def _is_context(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "context"
