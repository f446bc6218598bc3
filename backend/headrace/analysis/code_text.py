"""A Python source with its tree, its block function and the offsets of its nodes."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

from headrace.analysis.signature import Trouble, code_points, marked_functions, parse

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Span = tuple[int, int]


class CodeText:
    """`function` is the one block function, None when the source has not exactly one."""

    def __init__(self, source: str) -> None:
        self.source = source
        tree = parse(source)
        self.tree = None if isinstance(tree, Trouble) else tree
        found = marked_functions(self.tree)[0] if self.tree else []
        self.function = found[0][0] if len(found) == 1 else None
        # Only what ends a line for Python: splitlines() would also split at form feeds.
        self.lines = io.StringIO(source, newline="").readlines()
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def offset(self, line: int, byte_column: int) -> int:
        """Return the offset of a place as `ast` gives it."""
        return self.starts[line - 1] + code_points(self.lines, line, byte_column)

    def span(self, node: ast.arg | ast.expr | ast.stmt) -> Span:
        """Return the offsets around a node."""
        start = self.offset(node.lineno, node.col_offset)
        return start, self.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def line_at(self, offset: int) -> Span:
        """Return the offsets around the line of an offset, its line end included."""
        start = max(place for place in self.starts if place <= offset)
        return start, next((place for place in self.starts if place > start), len(self.source))

    def operators(self, start: int, end: int) -> Iterator[tuple[str, int]]:
        """Yield (operator, offset) in a part of the source, leaving out strings and comments."""
        for found in tokenize.generate_tokens(iter([*self.lines, ""]).__next__):
            if found.type == tokenize.OP:
                begin = self.starts[found.start[0] - 1] + found.start[1]
                if start <= begin < end:
                    yield found.string, begin

    def brackets(self, node: FunctionNode) -> Span:
        """Return the offsets of the brackets around a function's arguments."""
        depth, opening = 0, -1
        head = self.offset(node.lineno, node.col_offset)
        for operator, begin in self.operators(head, len(self.source)):
            if operator in "([{":
                # Depth matters: `def f[T: (int, str)](a)` has other brackets first.
                if opening < 0 and depth == 0 and operator == "(":
                    opening = begin
                depth += 1
            elif operator in ")]}":
                depth -= 1
                if depth == 0 and opening >= 0:
                    return opening, begin
        return opening, opening

    def commas(self, opening: int, closing: int) -> list[int]:
        """Return the offsets of the commas between arguments."""
        depth, found = 0, list[int]()
        for operator, begin in self.operators(opening + 1, closing):
            if operator in "([{":
                depth += 1
            elif operator in ")]}":
                depth -= 1
            elif operator == "," and depth == 0:
                found.append(begin)
        return found


def arguments_of(node: FunctionNode) -> list[ast.arg]:
    """Return the arguments that have a name to be called by, in order."""
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
