"""What would break if a column were called otherwise: tried out, on the texts as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from headrace.analysis.lineage import columns_by_text, sure_columns
from headrace.analysis.result import BlockText
from headrace.analysis.sql import OTHER_DIALECTS, read_query
from headrace.analysis.sql_columns import unknown_columns
from headrace.protocol.lineage import BrokenUse, ColumnOf, Impact
from headrace.protocol.tables import Column

_Known = Mapping[str, Sequence[Column]]
_TEMPORARY = "{}__called_otherwise"


def impact_of(blocks: Sequence[BlockText], block: str, column: str) -> Impact:
    """Rename a column of a block's output in thought; upstream blocks must come first.

    SQL is held to the columns that it would find. Python that says the column's name is taken for
    broken, by its name; when it does not, and has a column of that name, it hands it on.
    """
    before = columns_by_text(blocks)
    after: dict[str, Sequence[Column]] = {block: _renamed(before.get(block, ()), {column})}
    moved = {block: {column}}
    breaks: list[BrokenUse] = []
    for reader in blocks:
        above = {*reader.upstream, *reader.inputs.values()} & moved.keys()
        if not above:
            continue
        if reader.language == "sql":
            breaks += _broken_sql(reader, before, {**before, **after})
            lost = _moved_by_text(reader, before, {**before, **after})
        else:
            names = set[str]().union(*(moved[up] for up in above))
            said = list(_said(reader, names))
            breaks += said
            has = {entry.name for entry in reader.columns or ()}
            lost = set[str]() if said else names & has
        if lost:
            moved[reader.name] = lost
            after[reader.name] = _renamed(before.get(reader.name, ()), lost)
    passes = [ColumnOf(name, one) for name, all_ in moved.items() for one in sorted(all_)]
    return Impact(breaks=breaks, passes=passes[1:])


def _renamed(columns: Sequence[Column], names: set[str]) -> list[Column]:
    return [
        Column(_TEMPORARY.format(entry.name), entry.type) if entry.name in names else entry
        for entry in columns
    ]


def _broken_sql(reader: BlockText, before: _Known, after: _Known) -> Iterator[BrokenUse]:
    dialects = ("duckdb", *(OTHER_DIALECTS if reader.connection else ()))
    dialect = next((d for d in dialects if not read_query(reader.text, d).troubles), "duckdb")
    now, then = (unknown_columns(reader.text, _tables(reader, k), dialect) for k in (before, after))
    known = {(trouble.line, trouble.column) for trouble in now}
    lines = reader.text.split("\n")
    new = {t.line: t.column for t in reversed(then) if (t.line, t.column) not in known}
    for line, column in sorted(new.items()):
        yield BrokenUse(block=reader.name, line=line, column=column, text=lines[line - 1].strip())


def _tables(reader: BlockText, known: _Known) -> tuple[tuple[str, tuple[str, ...]], ...]:
    behind = {name: name for name in reader.upstream} | reader.inputs
    return tuple(
        (table.lower(), tuple(column.name for column in known[name]))
        for table, name in behind.items()
        if known.get(name)
    )


def _moved_by_text(reader: BlockText, before: _Known, after: _Known) -> set[str]:
    """Return the output columns that a text gives before and not after."""
    now, then = sure_columns(reader, before), sure_columns(reader, after)
    if now is None or then is None:
        return set()
    left = {column.name for column in then}
    return {column.name for column in now if column.name not in left}


def _said(reader: BlockText, names: set[str]) -> Iterator[BrokenUse]:
    """Find the lines of a code that say a column's name, as a text or an attribute."""
    listed = "|".join(re.escape(name) for name in sorted(names))
    said = re.compile(rf"""(?P<quote>['"])(?:{listed})(?P=quote)|(?<=\w\.)(?:{listed})\b""")
    for number, line in enumerate(reader.text.split("\n"), 1):
        found = said.search(line)
        if found is not None:
            yield BrokenUse(
                block=reader.name,
                line=number,
                column=found.start(),
                text=line.strip(),
                known_by="name",
            )
