"""The edits of code that edits of a pipeline bring along. All other text stays as it is."""

from __future__ import annotations

import ast
from collections.abc import Collection

from headrace.analysis import argument_edits, check_edits, renames, wiring
from headrace.analysis.code_text import CodeText, FunctionNode
from headrace.analysis.signature import read_signature
from headrace.analysis.sql import read_query
from headrace.analysis.sql_rename import rename_table
from headrace.project.edit_plan import Wiring
from headrace.project.pipeline import Block, Pipeline
from headrace.protocol.tables import Expectation


class CodeEditor:
    """The code edits of project.edits. A source that cannot be understood comes back unchanged."""

    def add_argument(self, source: str, name: str) -> str:
        """Add a required argument after the last one without a default."""
        return argument_edits.add_argument(source, name)

    def remove_argument(self, source: str, name: str) -> str:
        """Take an argument and its default away; the body stays as it is."""
        return argument_edits.remove_argument(source, name)

    def add_check(self, source: str, expectation: Expectation, type_name: str) -> str:
        """Add a check of the output below the block's function."""
        return check_edits.add_check(source, expectation, type_name)

    def rename_upstream(self, source: str, language: str, old: str, new: str) -> str:
        """Rename an argument with its uses in the function, or a table in SQL."""
        if language == "sql":
            return rename_table(source, old, new)
        return renames.rename_argument(source, old, new) if language == "python" else source

    def rename_function(self, source: str, old: str, new: str) -> str:
        """Rename the block's function and calls of it, when it is called `old`."""
        return renames.rename_function(source, old, new)

    def names_upstream(self, source: str, language: str, name: str) -> bool:
        """Tell whether the code has an argument of this name, or reads a table of it."""
        if language == "sql":
            return name in {table.name.lower() for table in read_query(source).tables}
        if language != "python":
            return False
        return name in {argument.name for argument in read_signature(source).arguments}

    def connected(
        self, pipeline: Pipeline, block: Block, source: str, upstream: str, *, own: bool
    ) -> Wiring:
        """Tell how a Python block takes one more upstream; `own` code may get an argument."""
        return wiring.connected(pipeline, block, read_signature(source), upstream, own=own)

    def disconnected(
        self, pipeline: Pipeline, block: Block, source: str, upstream: str
    ) -> dict[str, str]:
        """Return the `inputs:` of a Python block that loses an upstream."""
        return wiring.disconnected(pipeline, block, read_signature(source), upstream)


def mark_function(source: str, kind: str, name: str) -> str | None:
    """Decorate the function that is likely meant; None when the source has no function.

    That is the one called like the block, or else the last one at the top.
    """
    text = CodeText(source)
    found = [n for n in text.tree.body if isinstance(n, FunctionNode)] if text.tree else []
    public = [node for node in found if not node.name.startswith("_")] or found
    if text.tree is None or not public:
        return None
    node = next((node for node in public if node.name == name), public[-1])
    line = min([node.lineno, *(entry.lineno for entry in node.decorator_list)])
    start = text.starts[line - 1]
    marked = f"{source[:start]}@{kind}\n{source[start:]}"
    if _imports(text.tree, kind):
        return marked
    place = text.starts[_line_of_imports(text.tree) - 1]
    return f"{marked[:place]}from headrace import {kind}\n{marked[place:]}"


def _imports(tree: ast.Module, kind: str) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "headrace"
        and any(alias.name == kind and alias.asname is None for alias in node.names)
        for node in tree.body
    )


def _line_of_imports(tree: ast.Module) -> int:
    """Return the line before which an import can stand: behind docstring and `__future__`."""
    for node in tree.body:
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (future or text):
            decorators: Collection[ast.expr] = getattr(node, "decorator_list", ())
            return min([node.lineno, *(entry.lineno for entry in decorators)])
    return 1
