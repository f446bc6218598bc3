"""The analysis of a SQL block: tables and placeholders, and what of them is not there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from headrace.analysis.contract import tell_of_contract
from headrace.analysis.diagnostics import Teller, at, nearest
from headrace.analysis.environment import versions
from headrace.analysis.expected import written_columns
from headrace.analysis.places import Place
from headrace.analysis.result import BlockAnalysis
from headrace.analysis.signature import Trouble
from headrace.analysis.sql import OTHER_DIALECTS, Query, is_own_table, read_query
from headrace.analysis.sql_columns import new_names, unknown_columns
from headrace.analysis.surroundings import Around
from headrace.analysis.translation import DIALECTS, dialect_by_signs
from headrace.core.ids import digest
from headrace.project.connections import dialect_of
from headrace.project.pipeline import Block, Source
from headrace.protocol import commands as cmd
from headrace.protocol.bindings import Binding
from headrace.protocol.replies import Diagnostic, Fix
from headrace.protocol.tables import Parameter

SINCE = "since"
"""The placeholder of the mark that an incremental loader goes on from."""
OF_TICK = frozenset({"logical_time", "interval_start", "interval_end"})
"""Placeholders that the tick gives that a run is for."""
_QUOTED = re.compile(r"'([^'\n]{3,250})'")


def analyse_sql(
    around: Around, block: Block, source: Source
) -> tuple[BlockAnalysis, list[Diagnostic]]:
    """Analyse one block."""
    teller = Teller(around, block, source)
    query = _query(around, block, source)
    for trouble in query.troubles:
        teller.tell(trouble, _translations(teller))
    _tell_of_writes(teller, query)
    _tell_of_connection(teller)
    tables = _tables(teller, query)
    values = _values(teller, query)
    if not query.troubles:
        _tell_of_unused(teller, tables)
        _tell_of_columns(teller, tables)
        _tell_of_contract(teller)
    problem = teller.problem
    bindings = [*tables.values(), *values]
    found = BlockAnalysis(
        name=block.name,
        fingerprint=_fingerprint(around, block, query),
        files=around.files(block, _QUOTED.findall(source.text)),
        versions=versions(("duckdb",)),
        context=sorted({b.name for b in values if b.source == "context"} & OF_TICK),
        bindings=bindings,
        form=_form(around, query, values),
        runnable=problem is None,
        problem=problem,
        arguments=[table.name for table in query.tables],
    )
    return found, teller.told


def _query(around: Around, block: Block, source: Source) -> Query:
    """Read the statement; one for another database may be in that database's dialect."""
    url = (around.connections or {}).get(block.connection or "", "")
    if block.connection is None or dialect_of(url) == "duckdb":
        return read_query(source.text)
    dialect = dialect_of(url)
    if dialect is not None:
        return read_query(source.text, dialect)
    first = read_query(source.text)
    if not first.troubles:
        return first
    others = (read_query(source.text, dialect) for dialect in OTHER_DIALECTS)
    return next((query for query in others if not query.troubles), first)


def _translations(teller: Teller) -> list[Fix]:
    """Offer to translate a text that another dialect reads, and that has words of its own."""
    block, text = teller.block, teller.source.text
    source = None if block.connection is not None else dialect_by_signs(text, "duckdb")
    if source is None:
        return []
    command = cmd.TranslateSource(
        pipeline=teller.around.pipeline, block=block.name, text=text, source=source
    )
    return [Fix(title=f"Translate from {DIALECTS[source]}…", command=command)]


def _fingerprint(around: Around, block: Block, query: Query) -> str:
    """Name the statement, and the database that it runs on."""
    url = (around.connections or {}).get(block.connection or "")
    return query.digest if url is None else digest(query.digest, url)


def _tell_of_writes(teller: Teller, query: Query) -> None:
    """Tell of a statement that writes without leave, and of leave that leads nowhere."""
    block = teller.block
    message, fixes = "", list[Fix]()
    if block.writes and block.connection is None:
        message = "`writes: true` is for blocks with `connection:`; without one, SQL only reads."
        fixes = [_configured(teller, "Let it only read", writes=False)]
    elif block.writes and block.kind == "transformer":
        message = (
            "A transformer is taken from the store when its result is known: make a block that"
            " writes an exporter."
        )
        fixes = [_configured(teller, "Make it an exporter", kind="exporter")]
    elif not query.reads_only and not block.writes and block.connection is None:
        message = "A SQL block only reads: make this a SELECT, and write from a Python exporter."
    elif not query.reads_only and not block.writes:
        message = "This writes to the database: say `writes: true` in pipeline.yaml."
        fixes = [_leave(teller)]
    if message:
        teller.tell(Trouble(code="sql-writes", message=message), fixes)


def _leave(teller: Teller) -> Fix:
    """Return the fix that lets the block write, as a block that is executed each time."""
    if teller.block.kind == "transformer":
        return _configured(teller, "Let it write, as an exporter", writes=True, kind="exporter")
    return _configured(teller, "Let it write", writes=True)


def _tell_of_connection(teller: Teller) -> None:
    name, known = teller.block.connection, teller.around.connections
    if name is None or known is None or name in known:
        return
    near = nearest(name, known)
    listed = ", ".join(sorted(known)) or "none"
    hint = f"did you mean {near!r}?" if near else f"declared are: {listed}."
    message = f"headrace.yaml declares no connection {name!r}: {hint}"
    fixes = [_configured(teller, f"Run on {near}", connection=near)] if near else []
    teller.tell(Trouble(code="unknown-connection", message=message), fixes)


def _configured(teller: Teller, title: str, **keys: Any) -> Fix:
    """Return the fix that gives the block other keys in pipeline.yaml."""
    pipeline, block = teller.around.pipeline, teller.block.name
    return Fix(title=title, command=cmd.ConfigureBlock(pipeline=pipeline, block=block, **keys))


def _tables(teller: Teller, query: Query) -> dict[str, Binding]:
    """Bind the tables that are upstream blocks, by their lower case; tell of all others."""
    block = teller.block
    by_table = {name.lower(): name for name in block.upstream}
    by_table |= {table.lower(): name for table, name in block.inputs.items()}
    found: dict[str, Binding] = {}
    for table in query.tables:
        name = table.name.lower()
        upstream = by_table.get(name)
        if upstream in block.upstream:
            binding = Binding(argument=table.name, source="upstream", name=upstream)
            found.setdefault(name, binding)
        else:
            _tell_of_table(teller, table)
    return found


def _tell_of_table(teller: Teller, table: Place) -> None:
    around, block = teller.around, teller.block
    if block.connection is not None:
        return  # it is one of the database, whatever blocks are called
    other = around.names.get(table.name.lower())
    if other is not None and other != block.name:
        message = f"{other!r} is read here but is not connected."
        fixes = around.connect(other, block.name)
        teller.tell(at(table, Trouble(code="not-upstream", message=message)), fixes)
        return
    if is_own_table(table.name):
        return
    near = nearest(table.name.lower(), (name for name in around.names if name != block.name))
    meant = around.names.get(near, "")
    hint = f"did you mean {meant!r}?" if meant else "tables are the upstream blocks."
    message = f"There is no block {table.name!r} to read from: {hint}"
    trouble = at(table, Trouble(code="unknown-table", message=message, instead=meant))
    teller.tell(trouble, around.connect(meant, block.name))


def _values(teller: Teller, query: Query) -> list[Binding]:
    """Bind the placeholders that a setting or a parameter gives; tell of all others."""
    found: list[Binding] = []
    block, parameters = teller.block, teller.around.parameters
    for place in query.placeholders:
        name = place.name
        if name in block.settings:
            found.append(Binding(argument=name, source="setting", name=name))
        elif name in OF_TICK or (name == SINCE and block.incremental is not None):
            found.append(Binding(argument=name, source="context", name=name))
        elif name in parameters:
            found.append(Binding(argument=name, source="parameter", name=name))
        elif name == SINCE:
            message = "Nothing gives :since: say `incremental:` with the column of its mark."
            teller.tell(at(place, Trouble(code="unknown-placeholder", message=message)))
        else:
            near = nearest(name, {*parameters, *block.settings, *OF_TICK})
            hint = f"did you mean :{near}?" if near else "declare a parameter, or set it."
            message, right = f"Nothing gives :{name}: {hint}", f":{near}" if near else ""
            wrong = Trouble(code="unknown-placeholder", message=message, instead=right)
            trouble = at(place, wrong)
            teller.tell(trouble, [_declared(teller.around, name)])
    if not query.troubles:
        teller.unknown_settings([place.name for place in query.placeholders])
    for place in query.foreign:
        right = f":{place.name}" if place.name else ""
        message = f"A placeholder is written {right or ':name'}; text is never put into SQL."
        trouble = at(place, Trouble(code="foreign-placeholder", message=message, instead=right))
        teller.tell(trouble)
    return found


def _declared(around: Around, name: str) -> Fix:
    parameters = [*around.parameters.values(), Parameter(name=name, required=True)]
    command = cmd.ConfigurePipeline(pipeline=around.pipeline, parameters=parameters)
    return Fix(title=f"Declare the parameter {name}", command=command)


def _form(around: Around, query: Query, values: Sequence[Binding]) -> list[Parameter]:
    """Return the settings of placeholders; what the run itself gives is none."""
    given = {binding.argument for binding in values if binding.source == "context"}
    return [_setting(around, place) for place in query.placeholders if place.name not in given]


def _setting(around: Around, place: Place) -> Parameter:
    given = around.parameters.get(place.name)
    if given is None:
        return Parameter(name=place.name, required=True)
    return replace(given, required=False)


def _tell_of_unused(teller: Teller, tables: dict[str, Binding]) -> None:
    used = {binding.name for binding in tables.values()}
    for upstream in teller.block.upstream:
        if upstream not in used:
            teller.unused(upstream, 1)


def _tell_of_columns(teller: Teller, tables: dict[str, Binding]) -> None:
    around = teller.around
    known = tuple(
        (table, tuple(column.name for column in around.columns[binding.name]))
        for table, binding in tables.items()
        if around.columns.get(binding.name)
    )
    if not known:
        return
    renamed = {
        table: new_names(
            [column.name for column in around.recorded.get(tables[table].name, ())], now
        )
        for table, now in known
    }
    told = tuple((table, tuple(names.items())) for table, names in renamed.items() if names)
    promised = {binding.name for binding in tables.values()} & around.under_contract
    sure = bool(promised) and len(promised) == len({b.name for b in tables.values()})
    for trouble in unknown_columns(teller.source.text, known, renamed=told):
        teller.tell(_by_contract(trouble, promised) if sure else trouble)


def _by_contract(trouble: Trouble, promised: set[str]) -> Trouble:
    """Say that contracts leave no doubt."""
    of = " and ".join(sorted(promised))
    message = trouble.message.replace(": ", f" in the contract of {of}: ", 1)
    return replace(trouble, message=message, severity="error")


def _tell_of_contract(teller: Teller) -> None:
    """Hold the text to the contract; where it does not tell its columns, the last output."""
    around, block = teller.around, teller.block
    written = None
    if block.contract is not None:
        written = written_columns(
            teller.source.text, block, around.columns, around.recorded.get(block.name)
        )
    if written is not None:
        tell_of_contract(teller, written, written=True)
    else:
        tell_of_contract(teller, around.recorded.get(block.name), written=False)
