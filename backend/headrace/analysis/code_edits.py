"""Edits of a block's code that keep all other text: arguments and names, by syntax tree."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

from headrace.analysis.signature import Trouble, code_points, marked_functions, parse

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_Span = tuple[int, int]


class CodeEditor:
    """The edits of code that edits of a pipeline bring along. A source that cannot be parsed, or
    that has no single block function, comes back unchanged.
    """

    def add_argument(self, source: str, name: str) -> str:
        """Add a required argument after the last one without a default."""
        text = _Text(source)
        node = text.function
        if node is None:
            return source
        args = node.args
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        if any(arg.arg == name for arg in every) or args.kwarg is not None:
            return source
        plain = [*args.posonlyargs, *args.args]
        required = plain[: len(plain) - len(args.defaults)]
        if required and required[-1] not in args.posonlyargs:
            end = text.span(required[-1])[1]
            return f"{source[:end]}, {name}{source[end:]}"
        if required or args.posonlyargs:
            # Behind `/` a required argument is not allowed once a default came; a keyword one is.
            return source
        opening, closing = text.brackets(node)
        inside = source[opening + 1 : closing]
        empty = not every and args.vararg is None
        if empty:
            return f"{source[: opening + 1]}{name}{source[opening + 1 :]}"
        lead = len(inside) - len(inside.lstrip())
        first = text.span(every[0])[0] if lead and "#" in inside[:lead] else opening + 1 + lead
        return f"{source[:first]}{name}, {source[first:]}"

    def remove_argument(self, source: str, name: str) -> str:
        """Take an argument and its default away; the body stays as it is."""
        text = _Text(source)
        node = text.function
        if node is None:
            return source
        args = node.args
        plain = [*args.posonlyargs, *args.args]
        found = next((a for a in [*plain, *args.kwonlyargs] if a.arg == name), None)
        if found is None:
            return source
        # The only one before `/` or after `*` would leave a signature that is not Python.
        if found in args.posonlyargs and len(args.posonlyargs) == 1:
            return source
        if found in args.kwonlyargs and len(args.kwonlyargs) == 1 and args.vararg is None:
            return source
        opening, closing = text.brackets(node)
        start, depth = text.span(found)[0], 0
        previous, end, comma = opening + 1, closing, -1
        for token, begin, _ in text.tokens(opening + 1, closing):
            if token in "([{":
                depth += 1
            elif token in ")]}":
                depth -= 1
            elif token == "," and depth == 0:
                if begin < start:
                    previous = begin
                else:
                    comma = begin
                    break
        if comma >= 0:
            end = comma + 1
            while end < closing and source[end] in " \t":
                end += 1
            if not source[end:closing].strip() and previous > opening + 1:
                return source[:previous] + source[comma:]
            return source[:start] + source[end:]
        tail = len(source[:closing]) - len(source[:closing].rstrip())
        cut = previous if previous > opening + 1 else start
        return source[:cut] + source[end - tail :]

    def rename_upstream(self, source: str, language: str, old: str, new: str) -> str:
        """Rename an argument with its uses in the function, or a table in SQL."""
        if language == "sql":
            from headrace.analysis.sql import rename_table

            return rename_table(source, old, new)
        if language != "python":
            return source
        text = _Text(source)
        node = text.function
        if node is None:
            return source
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        names = {arg.arg for arg in arguments}
        if old not in names or new in names:
            return source
        spots = [text.span(arg) for arg in arguments if arg.arg == old]
        spots += [text.span(name) for part in node.body for name in _uses(part, old)]
        for start, _ in sorted(spots, reverse=True):
            source = source[:start] + new + source[start + len(old) :]
        return source

    def rename_function(self, source: str, old: str, new: str) -> str:
        """Rename the block's function and calls of it, when it is called `old`."""
        text = _Text(source)
        node = text.function
        if node is None or node.name != old:
            return source
        opening = text.offset(node.lineno, node.col_offset)
        start = source.index(old, source.index("def", opening) + 3)
        spots = [start]
        for use in ast.walk(text.tree) if text.tree else ():
            if isinstance(use, ast.Name) and use.id == old:
                spots.append(text.span(use)[0])
        for spot in sorted(set(spots), reverse=True):
            source = source[:spot] + new + source[spot + len(old) :]
        return source


def _uses(node: ast.AST, name: str) -> Iterator[ast.Name]:
    """Yield the uses of a name, leaving out inner functions that have an argument of that name."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, ast.Name) and current.id == name:
            yield current
        if isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inner = current.args
            own = [*inner.posonlyargs, *inner.args, *inner.kwonlyargs]
            if any(arg.arg == name for arg in own):
                # Its defaults are still evaluated outside.
                pending.extend([*inner.defaults, *(d for d in inner.kw_defaults if d)])
                continue
        pending.extend(ast.iter_child_nodes(current))


class _Text:
    """A source with its tree and the offsets of its nodes."""

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
        return self.starts[line - 1] + code_points(self.lines, line, byte_column)

    def span(self, node: ast.arg | ast.Name) -> _Span:
        start = self.offset(node.lineno, node.col_offset)
        return start, self.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def tokens(self, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        """Yield (operator, start, end) in a part of the source, leaving out strings, comments."""
        for token in tokenize.generate_tokens(iter([*self.lines, ""]).__next__):
            if token.type != tokenize.OP:
                continue
            begin = self.starts[token.start[0] - 1] + token.start[1]
            if start <= begin < end:
                yield token.string, begin, begin + len(token.string)

    def brackets(self, node: _FunctionNode) -> _Span:
        """Return the offsets of the brackets around a function's arguments."""
        depth, opening = 0, -1
        head = self.offset(node.lineno, node.col_offset)
        for token, begin, _ in self.tokens(head, len(self.source)):
            if token in "([{":
                opening = begin if opening < 0 and token == "(" else opening
                depth += 1
            elif token in ")]}":
                depth -= 1
                if depth == 0 and opening >= 0:
                    return opening, begin
        return opening, opening
