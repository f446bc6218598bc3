"""Where help is asked for, and what is known there beyond the text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from headrace.analysis.binding import bind
from headrace.analysis.signature import Signature, read_signature
from headrace.project.pipeline import Block
from headrace.protocol.tables import Column, Parameter

_HEAD = re.compile(r"^(?:async\s+)?def\s+\w+\s*\(([^()]*)", re.MULTILINE)
_OPEN_HEAD = re.compile(r"^(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(([^()]*)\Z", re.MULTILINE)
_SUBSCRIPTED = re.compile(r"(?<![\w.])(\w+)(?:\.loc)?$")
_CALLED = re.compile(r"(?<![\w.])(\w+)\.\w+$")
_NAME = re.compile(r"(?:^|,)\s*(\w+)")


class Cursor(Struct, frozen=True):
    """A place in a text: line from 1, column from 0 in code points."""

    text: str
    language: str
    line: int
    column: int

    @property
    def before(self) -> str:
        """Return the line up to the cursor."""
        lines = self.text.split("\n")
        return lines[self.line - 1][: self.column] if 0 < self.line <= len(lines) else ""

    @property
    def text_before(self) -> str:
        """Return the whole text up to the cursor."""
        return "\n".join([*self.text.split("\n")[: self.line - 1], self.before])

    def signature(self) -> Signature:
        """Read the block's signature, the line being typed left out when it is not Python yet."""
        found = read_signature(self.text)
        if found.function is not None:
            return found
        lines = self.text.split("\n")
        if not 0 < self.line <= len(lines):
            return found
        line = lines[self.line - 1]
        lines[self.line - 1] = line[: len(line) - len(line.lstrip())] + "pass"
        return read_signature("\n".join(lines))


class Scope(Struct, frozen=True, kw_only=True):
    """What a block may use: upstream blocks, their columns, `inputs:`, parameters, the project."""

    upstream: Sequence[str] = ()
    columns: Mapping[str, Sequence[Column]] = field(default_factory=dict[str, Sequence[Column]])
    inputs: dict[str, str] = field(default_factory=dict[str, str])
    parameters: Sequence[Parameter] = ()
    root: str = ""

    def columns_by_argument(self, cursor: Cursor) -> dict[str, Sequence[Column]]:
        """Return the columns behind each argument, upstream names included."""
        found = dict(self.columns)
        block = Block(
            name="", kind="transformer", upstream=tuple(self.upstream), inputs=self.inputs
        )
        given = {parameter.name for parameter in self.parameters}
        for binding in bind(block, cursor.signature(), given):
            if binding.source == "upstream" and binding.name in self.columns:
                found[binding.argument] = self.columns[binding.name]
        return found

    def columns_by_table(self) -> dict[str, Sequence[Column]]:
        """Return the columns of each table that SQL may read, by its lower case."""
        tables = {name: name for name in self.upstream} | self.inputs
        return {
            table.lower(): self.columns[name]
            for table, name in tables.items()
            if name in self.columns
        }

    def free_arguments(self, cursor: Cursor) -> list[str]:
        """Return what can be added to the signature that is being typed."""
        head = list(_HEAD.finditer(cursor.text))
        taken = {name for match in head for name in _NAME.findall(match.group(1))}
        names = [*self.upstream, *(parameter.name for parameter in self.parameters), "context"]
        return [name for name in names if name not in taken]


def is_in_signature(cursor: Cursor) -> bool:
    """Tell whether the cursor stands where an argument's name goes."""
    match = _OPEN_HEAD.search(cursor.text_before)
    return match is not None and re.search(r"(?:^|,)\s*\w*\Z", match.group(1)) is not None


def quoted_of(before: str) -> tuple[str, str] | None:
    """Return (name, text so far) when a line ends in a text that chooses columns of a name.

    That is `df["…`, `df[["a", "…`, `df.loc[mask, "…` and `df.groupby("…`.
    """
    quote, start, open_at = "", 0, list[int]()
    for place, sign in enumerate(before):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote, start = sign, place + 1
        elif sign in "([{":
            open_at.append(place)
        elif sign in ")]}" and open_at:
            open_at.pop()
    if not quote:
        return None
    for place in reversed(open_at):
        pattern = _SUBSCRIPTED if before[place] == "[" else _CALLED
        owner = pattern.search(before, 0, place)
        if owner is not None:
            return owner.group(1), before[start:]
        if before[place] != "[":
            return None
    return None
