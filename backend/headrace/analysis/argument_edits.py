"""Adding an argument to a block's function and taking it away: each is the exact reverse."""

from __future__ import annotations

import ast
from functools import lru_cache
from itertools import pairwise

from headrace.analysis.code_text import CodeText, FunctionNode, Span, arguments_of
from headrace.analysis.signature import Trouble, parse


@lru_cache(maxsize=256)
def add_argument(source: str, name: str) -> str:
    """Add a required argument behind the last required one, in the layout that is there.

    The source comes back unchanged without a single block function, when the function has the
    argument or `**anything`, and when the result would not be Python.
    """
    text = CodeText(source)
    node = text.function
    if node is None or node.args.kwarg is not None:
        return source
    if any(arg.arg == name for arg in [*arguments_of(node), *_star(node)]):
        return source
    changed = _Signature(text, node).with_argument(name)
    return source if isinstance(parse(changed), Trouble) else changed


@lru_cache(maxsize=256)
def remove_argument(source: str, name: str) -> str:
    """Take an argument and its default away; the body stays as it is."""
    text = CodeText(source)
    node = text.function
    if node is None or all(arg.arg != name for arg in arguments_of(node)):
        return source
    changed = _Signature(text, node).without_argument(name)
    return source if isinstance(parse(changed), Trouble) else changed


def _star(node: FunctionNode) -> list[ast.arg]:
    return [] if node.args.vararg is None else [node.args.vararg]


class _Signature:
    """What stands between the brackets of a function, as the spans of its items.

    Items are arguments with their defaults, `/`, `*`, `*args`.
    """

    def __init__(self, text: CodeText, node: FunctionNode) -> None:
        self.text, self.source, self.node = text, text.source, node
        self.opening, self.closing = text.brackets(node)
        self.commas = text.commas(self.opening, self.closing)
        self.items = self._items()

    def _items(self) -> list[Span]:
        """Return the spans between commas without space and comments around them."""
        bounds = [self.opening, *self.commas, self.closing]
        names = [self.text.span(arg)[0] for arg in [*arguments_of(self.node), *_star(self.node)]]
        marks = [
            begin
            for operator, begin in self.text.operators(self.opening, self.closing)
            if operator in {"*", "/"}
        ]
        starts = sorted([*names, *marks])
        found: list[Span] = []
        for before, after in pairwise(bounds):
            inside = [start for start in starts if before < start < after]
            if inside:
                found.append((inside[0], self._end(inside[0], after)))
        return found

    def _end(self, start: int, limit: int) -> int:
        """Return where the item ends that begins at `start`."""
        args = self.node.args
        ends = [start + 1]
        defaults = [*args.defaults, *(default for default in args.kw_defaults if default)]
        for part in [*arguments_of(self.node), *_star(self.node), *defaults]:
            begin, end = self.text.span(part)
            if start <= begin < limit:
                ends.append(end)
        # A default may stand in brackets that are not part of its node.
        last = max(ends)
        closing = [begin + 1 for sign, begin in self.text.operators(last, limit) if sign in ")]}"]
        return max([last, *closing])

    # --- adding ---------------------------------------------------------------------------------

    def with_argument(self, name: str) -> str:
        args = self.node.args
        plain = [*args.posonlyargs, *args.args]
        required = plain[: len(plain) - len(args.defaults)]
        if len(args.defaults) > len(args.args):
            # Behind `/` nothing can be required once a default came, except by keyword.
            return self._with_keyword(name)
        if required:
            slash = required[-1] in args.posonlyargs
            start = self._mark("/") if slash else self.text.span(required[-1])[0]
            return self._behind(self._item_at(start), name)
        if not self.items:
            return self._spliced(self.opening + 1, self.opening + 1, name)
        return self._before_first(name)

    def _with_keyword(self, name: str) -> str:
        args = self.node.args
        if args.vararg is not None:
            return self._behind(self._item_at(self.text.span(args.vararg)[0]), name)
        if args.kwonlyargs:
            return self._behind(self._item_at(self._mark("*")), name)
        return self._behind(self.items[-1], f"*, {name}")

    def _behind(self, item: Span, name: str) -> str:
        start, end = item
        indent = self._indent(start)
        if indent is None:
            return self._spliced(end, end, f", {name}")
        comma = next((comma for comma in self.commas if comma >= end), None)
        if comma is None:
            ending = self._line_end(start)
            return self._spliced(end, end, f",{ending}{indent}{name}")
        first, after = self.text.line_at(comma)
        rest = self.source[comma + 1 : after].strip()
        if first > end or (rest and not rest.startswith("#")):
            return self._spliced(end, end, f", {name}")
        return self._spliced(after, after, f"{indent}{name},{self._line_end(comma)}")

    def _before_first(self, name: str) -> str:
        start, _ = self.items[0]
        indent = self._indent(start)
        if indent is None:
            return self._spliced(start, start, f"{name}, ")
        line = self.text.line_at(start)[0]
        return self._spliced(line, line, f"{indent}{name},{self._line_end(self.opening)}")

    # --- removing -------------------------------------------------------------------------------

    def without_argument(self, name: str) -> str:
        args = self.node.args
        found = next(arg for arg in arguments_of(self.node) if arg.arg == name)
        start, end = self._item_at(self.text.span(found)[0])
        # The only one before `/` or behind `*` takes that sign along.
        if args.posonlyargs == [found]:
            end = self._item_at(self._mark("/"))[1]
        elif args.kwonlyargs == [found] and args.vararg is None:
            start = self._item_at(self._mark("*"))[0]
        return self._without(start, end)

    def _without(self, start: int, end: int) -> str:
        before = max((comma for comma in self.commas if comma < start), default=None)
        after = next((comma for comma in self.commas if comma >= end), None)
        if after is not None and self._is_alone(start, after + 1):
            return self._spliced(self.text.line_at(start)[0], self.text.line_at(after)[1], "")
        if before is not None and not self.source[before + 1 : start].strip():
            return self._spliced(before, end, "")
        if after is None:
            return self._spliced(start, end, "")
        after += 1
        while after < self.closing and self.source[after] in " \t":
            after += 1
        return self._spliced(start, after, "")

    # --- places ---------------------------------------------------------------------------------

    def _item_at(self, start: int) -> Span:
        """Return the item around an offset."""
        return next(item for item in reversed(self.items) if item[0] <= start)

    def _mark(self, sign: str) -> int:
        """Return the offset of the `/` or `*` that stands alone between arguments."""
        return next(start for start, end in self.items if self.source[start:end] == sign)

    def _indent(self, start: int) -> str | None:
        """Return what stands before an item on its line, None when that is more than space."""
        before = self.source[self.text.line_at(start)[0] : start]
        return None if before.strip() else before

    def _is_alone(self, start: int, end: int) -> bool:
        if self._indent(start) is None:
            return False
        return not self.source[end : self.text.line_at(end - 1)[1]].strip()

    def _line_end(self, offset: int) -> str:
        start, end = self.text.line_at(offset)
        line = self.source[start:end]
        return line[len(line.rstrip("\r\n")) :] or "\n"

    def _spliced(self, start: int, end: int, text: str) -> str:
        return self.source[:start] + text + self.source[end:]
