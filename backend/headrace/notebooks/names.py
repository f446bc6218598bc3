"""Which names a block's source gives a value in the notebook, and what its outputs are called."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping


def bound_names(source: str) -> set[str]:
    """Return the names that a Python source binds at its top level; none when it cannot be read."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif not isinstance(node, ast.Lambda):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            waiting.extend(ast.iter_child_nodes(node))
    return found


def output_names(sources: Mapping[str, str], taken: Iterable[str]) -> dict[str, str]:
    """Return block → the variable of its output: its name, unless others give that a value.

    `sources` are the Python texts by block, "" for other languages; `taken` are names that nothing
    else may have, such as those of parameters.
    """
    bound = {block: bound_names(source) for block, source in sources.items()}
    used = set(taken)
    found: dict[str, str] = {}
    for block in sources:
        others = set[str]().union(*(names for other, names in bound.items() if other != block))
        name = block
        while name in used | others or (name != block and name in sources):
            name += "_output"
        found[block] = name
        used.add(name)
    return found


class Checks:
    """The checks of a block's source, each with its severity and the arguments it asks for."""

    def __init__(self, source: str) -> None:
        self.found: list[tuple[str, str, list[str]]] = []
        try:
            body = ast.parse(source).body
        except (SyntaxError, ValueError):
            body = []
        for node in body:
            if isinstance(node, ast.FunctionDef):
                self._read(node)

    def _read(self, function: ast.FunctionDef) -> None:
        for decorator in function.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            named = call.func if call is not None else decorator
            name = named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")
            if name != "check":
                continue
            words = {k.arg: k.value for k in call.keywords} if call is not None else {}
            said = words.get("severity")
            severity = said.value if isinstance(said, ast.Constant) else "fail"
            takes = function.args.posonlyargs + function.args.args
            more = [argument.arg for argument in (*takes[1:], *function.args.kwonlyargs)]
            self.found.append((function.name, str(severity), more))
