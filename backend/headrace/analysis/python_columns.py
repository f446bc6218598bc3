"""Columns that a Python function names of its arguments, and that these do not have."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from headrace.analysis.code_text import CodeText, FunctionNode
from headrace.analysis.places import Place, place

_CHANGES = frozenset({"insert", "rename", "set_axis", "update", "eval", "columns"})
"""What gives a frame other columns, or may do so in place."""


def unknown_subscripts(
    source: str, columns: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, Place]]:
    """Yield (argument, the text in `argument["text"]`) of each column that is not there.

    `columns` has the columns of arguments. An argument of which the function may make another one,
    by an assignment or in place, is passed over.
    """
    if not columns:
        return
    text = CodeText(source)
    if text.function is None:
        return
    for argument, there in columns.items():
        if _is_changed(text.function, argument):
            continue
        known = {*there, *_assigned(text.function, argument)}
        for constant in _named(text.function, argument):
            if constant.value not in known:
                start, end = text.span(constant)
                yield argument, place(source, str(constant.value), start, end)


def _is_changed(function: FunctionNode, argument: str) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id == argument:
            if not isinstance(node.ctx, ast.Load):
                return True
        elif _is_of(node, argument):
            if isinstance(node, ast.Attribute) and node.attr in _CHANGES:
                return True
            stored = isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load)
            if stored and not list(_texts(node)):
                return True  # of a name that only a run knows
    return False


def _is_of(node: ast.AST, argument: str) -> bool:
    return (
        isinstance(node, ast.Attribute | ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == argument
    )


def _assigned(function: FunctionNode, argument: str) -> Iterator[str]:
    for node in ast.walk(function):
        is_read = isinstance(getattr(node, "ctx", None), ast.Load)
        if _is_of(node, argument) and not is_read:
            yield from (str(constant.value) for constant in _texts(node))


def _named(function: FunctionNode, argument: str) -> Iterator[ast.Constant]:
    for node in ast.walk(function):
        is_read = isinstance(getattr(node, "ctx", None), ast.Load)
        if _is_of(node, argument) and is_read:
            yield from _texts(node)


def _texts(node: ast.AST) -> Iterator[ast.Constant]:
    """Yield the texts of a subscript: one, or those of a list."""
    if not isinstance(node, ast.Subscript):
        return
    inside = node.slice.elts if isinstance(node.slice, ast.List) else [node.slice]
    for item in inside:
        if isinstance(item, ast.Constant) and isinstance(item.value, str):
            yield item
