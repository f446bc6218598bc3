"""Renaming in a block's code: arguments with their uses, and its function with its checks."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from headrace.analysis.code_text import CodeText, FunctionNode, arguments_of
from headrace.analysis.signature import Trouble, checks_of, parse


def rename_argument(source: str, old: str, new: str) -> str:
    """Rename an argument with its uses in the function, and in checks that take it too.

    Strings and comments stay. The source comes back unchanged without that argument, and when the
    new name means something in these functions, or the old one is bound by more than assignments.
    """
    text = CodeText(source)
    node, tree = text.function, text.tree
    if node is None or tree is None or old not in _names(node):
        return source
    checks = [check for check in checks_of(tree) if old in _names(check)[1:]]
    touched = [node, *checks]
    if any(_is_unsafe(function, old, new) for function in touched):
        return source
    return _renamed(text, [use for function in touched for use in _of_argument(function, old)], new)


def rename_function(source: str, old: str, new: str) -> str:
    """Rename the block's function and its uses, when it is called `old`.

    The first argument of a check, which is the block's output, follows when it is called so.
    """
    text = CodeText(source)
    node, tree = text.function, text.tree
    if node is None or tree is None or node.name != old:
        return source
    uses: list[ast.arg | ast.Name] = []
    for statement in tree.body:
        uses += _uses(statement, old)
    for check in checks_of(tree):
        if _names(check)[:1] == [old] and not _is_unsafe(check, old, new):
            uses += _of_argument(check, old)
    head = text.offset(node.lineno, node.col_offset)
    start = source.index(old, source.index("def", head) + 3)
    renamed = _renamed(text, uses, new, [start])
    return source if isinstance(parse(renamed), Trouble) else renamed


def _names(node: FunctionNode) -> list[str]:
    return [arg.arg for arg in arguments_of(node)]


def _of_argument(node: FunctionNode, name: str) -> Iterator[ast.arg | ast.Name]:
    yield from (arg for arg in arguments_of(node) if arg.arg == name)
    for part in node.body:
        yield from _uses(part, name)


def _renamed(
    text: CodeText, uses: Sequence[ast.arg | ast.Name], new: str, starts: Sequence[int] = ()
) -> str:
    source = text.source
    spots = set(starts)
    old = ""
    for use in uses:
        old = use.arg if isinstance(use, ast.arg) else use.id
        start = text.span(use)[0]
        if not source.startswith(old, start):
            # Python 3.11 cannot tell where a name stands in some f-strings.
            return text.source
        spots.add(start)
    old = old or (text.function.name if text.function else "")
    for start in sorted(spots, reverse=True):
        source = source[:start] + new + source[start + len(old) :]
    return source


def _uses(node: ast.AST, name: str) -> Iterator[ast.Name]:
    """Yield the uses of a name, leaving out functions that have an argument of that name."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, ast.Name) and current.id == name:
            yield current
        if isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inner = current.args
            own = [*inner.posonlyargs, *inner.args, *inner.kwonlyargs, inner.vararg, inner.kwarg]
            if any(arg is not None and arg.arg == name for arg in own):
                # Its defaults and decorators are still evaluated outside.
                pending.extend([*inner.defaults, *(d for d in inner.kw_defaults if d)])
                pending.extend(getattr(current, "decorator_list", ()))
                continue
        pending.extend(ast.iter_child_nodes(current))


def _is_unsafe(function: FunctionNode, old: str, new: str) -> bool:
    """Tell whether a function uses the new name, or binds the old one where no Name node is."""
    if new in _names(function):
        return True
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id == new:
            return True
        if node is not function and {old, new} & set(_bound(node)):
            return True
    return False


def _bound(node: ast.AST) -> list[str | None]:
    """Return the names that a node binds or declares without a Name node."""
    match node:
        case ast.alias():
            return [node.asname or node.name.partition(".")[0]]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.ExceptHandler():
            return [node.name]
        case ast.MatchAs() | ast.MatchStar():
            return [node.name]
        case ast.MatchMapping():
            return [node.rest]
        case ast.Global() | ast.Nonlocal():
            return list(node.names)
        case _:
            return []
