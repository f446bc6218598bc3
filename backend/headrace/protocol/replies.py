"""Answers to commands: one for each, to its caller only, without a sequence number."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from headrace.protocol.commands import AnyCommand
from headrace.protocol.lineage import ColumnOf
from headrace.protocol.tables import ErrorBody, Language, Severity


class Completion(Struct, frozen=True, kw_only=True):
    """One proposal. `apply` replaces the text from `start` (code points before the cursor)."""

    label: str
    kind: Literal["column", "variable", "function", "class", "module", "keyword", "block", "text"]
    detail: str = ""
    apply: str = ""


class Completions(Struct, frozen=True, kw_only=True):
    """Proposals for the place asked about; they replace `columns[start:cursor]` of that line."""

    start: int
    items: list[Completion] = field(default_factory=list[Completion])


class Inspection(Struct, frozen=True, kw_only=True):
    """Help on a name: `signature` on one line, `argument` the index of the one being typed."""

    signature: str = ""
    argument: int | None = None
    documentation: str = ""
    columns: list[ColumnOf] = field(default_factory=list[ColumnOf])
    """In SQL, the columns that stand there or that what stands there is made of; `block` is empty
    for an output column of the block itself, which comes alone."""


class Translation(Struct, frozen=True, kw_only=True):
    """A SQL text in another dialect, as a suggestion."""

    text: str
    source: str
    """The dialect that it was read as."""
    notes: list[str] = field(default_factory=list[str])
    """What could not be translated, or has to be looked at."""


class BlockDraft(Struct, frozen=True, kw_only=True):
    """The code of a block made from a view. `notes` say how its rows differ from the view's."""

    name: str
    language: Language
    text: str
    notes: list[str] = field(default_factory=list[str])


class Fix(Struct, frozen=True, kw_only=True):
    """A remedy of one click: its title and the command that does it."""

    title: str
    command: AnyCommand


class Diagnostic(Struct, frozen=True, kw_only=True):
    """What is wrong with a block before it runs. Lines from 1, columns from 0, in code points."""

    block: str
    severity: Severity
    code: str
    message: str
    file: str = ""
    line: int = 1
    column: int = 0
    end_line: int | None = None
    end_column: int | None = None
    fixes: list[Fix] = field(default_factory=list[Fix])


class Accepted(Struct, frozen=True, kw_only=True, tag_field="op", tag="accepted"):
    """The command was carried out; `result` is what it gives, if anything."""

    req: str
    result: Any = None


class Refused(Struct, frozen=True, kw_only=True, tag_field="op", tag="refused"):
    """The command was not carried out, and nothing changed."""

    req: str
    error: ErrorBody


AnyReply = Accepted | Refused
