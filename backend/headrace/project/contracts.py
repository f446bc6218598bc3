"""`contract:` of a block in pipeline.yaml: the columns that its output has, declared. Pure.

A type is a word that stands for several types of Arrow, or Arrow's own name of one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from msgspec import Struct

from headrace.core.errors import InvalidInput
from headrace.project.fields import Fields
from headrace.protocol.contracts import Contract
from headrace.protocol.tables import Column

WORDS: dict[str, str] = {
    "boolean": r"bool",
    "integer": r"u?int\d+",
    "number": r"halffloat|float|double",
    "decimal": r"decimal\d+\(.*",
    "string": r"(?:large_)?string(?:_view)?",
    "date": r"date(?:32|64)\[.*",
    "time": r"time(?:32|64)\[.*",
    "datetime": r"timestamp\[\w+\]",
    "datetime with zone": r"timestamp\[\w+, tz=.*",
    "duration": r"duration\[.*|month_day_nano_interval",
    "binary": r"(?:large_|fixed_size_)?binary.*",
    "list": r"(?:large_|fixed_size_)?list(?:_view)?<.*",
    "struct": r"struct<.*",
    "map": r"map<.*",
}
"""Word → the names of the types of Arrow that it stands for, as a pattern."""
ANY = "any"
_ALSO = {"number": frozenset({"integer", "decimal"})}
"""What else fits a word: each whole number is a number."""
_UNKNOWN_TYPE = "null"
"""Arrow's type of a column in which there are only nulls: it says nothing of what the column is."""
_PATTERNS = {word: re.compile(pattern) for word, pattern in WORDS.items()}
_DICTIONARY = re.compile(r"dictionary<values=(.+?), indices=")
_NOT_NULL = re.compile(r"\s+not\s+null$", re.IGNORECASE)
_EXAMPLE = "{columns: {day: date, carrier: string not null}}"
MOST_COLUMNS = 1000


class Declared(Struct, frozen=True):
    """A column as it is declared."""

    name: str
    type: str
    nullable: bool = True

    def fits(self, found: str) -> bool:
        """Tell whether a type of Arrow, by its name, is what was declared."""
        if found == _UNKNOWN_TYPE or self.type in {ANY, found}:
            return True
        word = word_of(found)
        return word is not None and (word == self.type or word in _ALSO.get(self.type, ()))


class Misfit(Struct, frozen=True, kw_only=True):
    """A column that is not as declared: in words what was expected, and what there is.

    `expected` is empty for a column that was not declared, `found` for one that is not there;
    `near` is then the one that may be meant.
    """

    column: str
    expected: str = ""
    found: str = ""
    near: str = ""

    @property
    def words(self) -> str:
        """Say it in one clause."""
        if not self.found:
            hint = f", did you mean {self.near!r}?" if self.near else ""
            return f"{self.column!r} ({self.expected}) is missing{hint}"
        if not self.expected:
            return f"{self.column!r} ({self.found}) is not in the contract"
        return f"{self.column!r} is {self.found}, expected {self.expected}"


def word_of(found: str) -> str | None:
    """Return the word for a type of Arrow; None for one that has none."""
    inner = _DICTIONARY.match(found)
    name = inner[1] if inner else found
    return next((word for word, pattern in _PATTERNS.items() if pattern.fullmatch(name)), None)


def declared(contract: Contract) -> list[Declared]:
    """Return the columns that a contract declares."""
    return [_declared(name, text) for name, text in contract.columns.items()]


def _declared(name: str, text: str) -> Declared:
    kind = _NOT_NULL.sub("", text.strip())
    return Declared(name, kind, nullable=kind == text.strip())


def misfits(contract: Contract, found: Mapping[str, str]) -> list[Misfit]:
    """Return where columns, name → type of Arrow, are not as declared, in the order declared."""
    promised = {column.name: column for column in declared(contract)}
    spare = [name for name in found if name not in promised]
    wrong: list[Misfit] = []
    for name, column in promised.items():
        if name not in found:
            near = next(iter(get_close_matches(name, spare, n=1, cutoff=0.6)), "")
            wrong.append(Misfit(column=name, expected=column.type, near=near))
        elif not column.fits(found[name]):
            wrong.append(Misfit(column=name, expected=column.type, found=found[name]))
    if not contract.extra_columns:
        wrong += [Misfit(column=name, found=found[name]) for name in spare]
    return wrong


def proposed(columns: Iterable[Column]) -> Contract:
    """Return the contract that columns as they are now fulfil; nulls stay allowed."""
    return Contract(columns={column.name: word_of(column.type) or ANY for column in columns})


def check_contract(contract: Contract) -> None:
    """Raise InvalidInput for what is no contract."""
    if not contract.columns:
        raise InvalidInput(
            f"A contract declares at least one column: {_EXAMPLE}.", field="contract"
        )
    if len(contract.columns) > MOST_COLUMNS:
        raise InvalidInput(f"A contract has at most {MOST_COLUMNS:,} columns.", field="contract")
    for column in declared(contract):
        known = {*WORDS, ANY, _UNKNOWN_TYPE}
        if column.type not in known and word_of(column.type) is None:
            near = next(iter(get_close_matches(column.type.lower(), [*WORDS, ANY], n=1)), "")
            hint = f"did you mean {near!r}?" if near else f"types are {', '.join([*WORDS, ANY])}."
            raise InvalidInput(
                f"{column.type[:64]!r} is no type of a column: {hint}", field="contract"
            )


def read_contract(entry: Fields) -> Contract | None:
    """Read `contract:` of a block; what is not as it should be is noted, and then it has none."""
    node = entry.node_of("contract")
    if node is None:
        return None
    if node.kind != "map":
        entry.wrong(node, f"`contract:` must be a map such as {_EXAMPLE}.")
        return None
    fields = Fields(node, entry.problems, entry.block)
    before = len(entry.problems.found)
    listed = fields.node_of("columns")
    columns: dict[str, str] = {}
    if listed is None or listed.kind != "map":
        entry.wrong(listed or node, f"`contract:` needs a map of columns: {_EXAMPLE}.")
    else:
        for key, value in listed.pairs:
            if value.kind == "scalar" and not value.empty:
                columns[key.text] = value.text
            else:
                entry.wrong(key, f"The column {key.text[:64]!r} needs a type such as `string`.")
    contract = Contract(columns=columns, extra_columns=fields.flag("extra_columns") or False)
    if len(entry.problems.found) > before:
        return None
    try:
        check_contract(contract)
    except InvalidInput as error:
        entry.wrong(node, error.message)
        return None
    return contract
