"""SQL blocks: one read statement on DuckDB over the Arrow data of the upstream blocks.

With `connection:` it is one on that database instead.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from headrace.analysis.placeholders import with_placeholders
from headrace.analysis.sql import read_query
from headrace.protocol.tables import Failure, Frame, Output
from headrace.store.outputs import Store
from headrace.workers.arrivals import Arrivals, Retype
from headrace.workers.connections import Connection, NoConnection
from headrace.workers.databases import DatabaseFailed, Report, rows_from
from headrace.workers.fused import fused_text
from headrace.workers.handover import Handover
from headrace.workers.jobs import Fused, Job, values_of
from headrace.workers.since import beyond_mark

logger = logging.getLogger(__name__)
_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)
_CANDIDATES = re.compile(r"(?:Candidate bindings|Did you mean)[: ]+(.+)")
_BEFORE_PLACE = re.compile(r"\n+LINE \d+:")
_AS_TYPE = "pandas.DataFrame"
"""What Python blocks read rows of a SQL block as: the frame that most of them work with."""
_READING = frozenset({"SELECT", "EXPLAIN", "MULTI"})
_connections: list[Any] = []


class SqlFailed(Exception):
    """The statement did not run; `failure` is what to tell the user."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def result_of(job: Job, handover: Handover) -> Any:
    """Run the statement of a SQL block on DuckDB and return its rows as an Arrow table.

    Raises SqlFailed with the database's message and the line in the block's file.
    """
    if job.fused:
        return _fused(job, handover)
    return _on_duckdb(job, handover, _database().cursor())


def _fused(job: Job, handover: Handover) -> Any:
    """Run a block and those within it as one query; when that fails, one after the other.

    What is wrong is then said of the block that it is wrong in.
    """
    import duckdb

    composed = fused_text(job)
    if composed is not None:
        text, values = composed
        cursor = _database().cursor()
        try:
            for block in (*job.fused, job):
                _register(block, job, handover, cursor, {})
            if _kinds(cursor, text) == ["SELECT"]:
                relation = cursor.sql(text, params=values) if values else cursor.sql(text)
                return relation.to_arrow_table()
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            logger.debug("one query of %d blocks failed", len(job.fused) + 1, exc_info=True)
        finally:
            cursor.close()
    made: dict[str, Any] = {}
    for block in job.fused:
        alone = msgspec.structs.replace(
            job,
            block=block.block,
            path=block.path,
            source=block.source,
            bindings=block.bindings,
            inputs=block.inputs,
            values=block.values,
        )
        try:
            made[block.block] = _on_duckdb(alone, handover, _database().cursor(), made=made)
        except SqlFailed as error:
            raise _within(block.block, error) from None
    return _on_duckdb(job, handover, _database().cursor(), made=made)


def _within(block: str, error: SqlFailed) -> SqlFailed:
    """Say of which block a failure is; its line is none of the block that has failed."""
    failure = error.failure
    message = f"In {block}, which is computed within this block: {failure.message}"
    return SqlFailed(msgspec.structs.replace(failure, message=message, line=None))


def _register(
    block: Job | Fused, job: Job, handover: Handover, cursor: Any, made: Mapping[str, Any]
) -> None:
    """Give the tables that a block reads: those of `made`, and what lies in the store."""
    for binding in block.bindings:
        output = block.inputs.get(binding.name) if binding.source == "upstream" else None
        if binding.name in made:
            cursor.register(binding.argument, made[binding.name])
        elif output is not None and not output.within:
            cursor.register(binding.argument, _rows_of(job, handover, binding.name, output))


def connection_of(
    job: Job, declared: Mapping[str, Any] | None, sources: Mapping[str, str]
) -> Connection:
    """Put the secrets into the job's connection; raise SqlFailed when that cannot be."""
    try:
        return Connection.of(job.connection or "", declared, sources, writes=job.writes)
    except NoConnection as error:
        raise _failed(job, "NoConnection", str(error)) from None


def stored_from(
    job: Job,
    handover: Handover,
    connection: Connection,
    *,
    store: Store,
    report: Report,
) -> Output:
    """Run the statement of a SQL block on its connection; store its rows as they come.

    `report` is told how many there are so far. Raises SqlFailed as `result_of` does.
    """
    try:
        _insist_on_a_read(job, connection)
        file = connection.duckdb_file
        if file is not None:
            table = _on_file(job, handover, file, writes=connection.writes)
            return store.put(table, as_type=_AS_TYPE)
        return _from_database(job, handover, connection, store, report)
    except NoConnection as error:
        raise _failed(job, "NoConnection", str(error)) from None
    except DatabaseFailed as error:
        failed = _failed(job, error.kind, str(error), line=error.line, bases=error.bases)
        if error.hint:
            failed = SqlFailed(msgspec.structs.replace(failed.failure, hint=error.hint))
        raise failed from None


def _insist_on_a_read(job: Job, connection: Connection) -> None:
    """Refuse what writes unless the block says so. Its parse decides, not its text."""
    query = read_query(job.source, connection.dialect or "duckdb")
    if connection.writes:
        return
    if query.troubles:
        raise _failed(
            job, "NotARead", f"This cannot be read as a read: {query.troubles[0].message}"
        )
    if not query.reads_only:
        raise _failed(
            job, "NotARead", "This statement writes, and the block has no `writes: true`."
        )


def _from_database(
    job: Job, handover: Handover, connection: Connection, store: Store, report: Report
) -> Output:
    tables = {
        binding.argument: _rows_of(job, handover, binding.name, job.inputs[binding.name])
        for binding in job.bindings
        if binding.source == "upstream" and binding.name in job.inputs
    }
    values, source = values_of(job), beyond_mark(job, connection.family)
    arrivals = Arrivals()
    while True:
        rows = rows_from(
            connection, source, values, tables=tables, arrivals=arrivals, report=report
        )
        try:
            with closing(rows):
                return store.gather(rows, as_type=_AS_TYPE)
        except Retype as error:
            if connection.writes:  # once is all that it may happen
                raise DatabaseFailed(
                    "MixedTypes",
                    f"The column {error} has values of types"
                    " that have nothing in common: cast it in the statement.",
                ) from None


def _on_file(job: Job, handover: Handover, file: Path, *, writes: bool) -> Any:
    import duckdb

    try:
        database = duckdb.connect(str(file), read_only=not writes)
    except duckdb.Error as error:
        raise _failed(job, type(error).__name__, str(error)) from error
    with database:
        database.execute("SET GLOBAL python_enable_replacements=false")
        database.execute("SET GLOBAL TimeZone='UTC'")
        return _on_duckdb(job, handover, database, writes=writes)


def _on_duckdb(
    job: Job,
    handover: Handover,
    cursor: Any,
    *,
    writes: bool = False,
    made: Mapping[str, Any] | None = None,
) -> Any:
    """Run the statement on a connection of DuckDB, and close that."""
    import duckdb

    values = values_of(job)
    text, used = with_placeholders(beyond_mark(job), set(values))
    try:
        _insist_on_one_statement(job, cursor, text, writes=writes)
        _register(job, job, handover, cursor, made or {})
        bound = {name: values[name] for name in used}
        if writes:
            return cursor.execute(text, bound).to_arrow_table()
        relation = cursor.sql(text, params=bound) if bound else cursor.sql(text)
        if relation is None:
            raise _failed(job, "ParserError", "This statement gives no rows.")
        return relation.to_arrow_table()
    except duckdb.Error as error:
        message = _with_place(cursor, text, values, used, str(error))
        raise _failed(job, type(error).__name__, message) from error
    finally:
        cursor.close()


def _database() -> Any:
    """Return this worker's in-memory database; blocks only read, so nothing stays in it."""
    import duckdb

    if not _connections:
        connection = duckdb.connect(":memory:")
        # Names in a statement are upstream blocks, never variables that happen to be near.
        connection.execute("SET GLOBAL python_enable_replacements=false")
        # The result of a block does not depend on where its machine stands.
        connection.execute("SET GLOBAL TimeZone='UTC'")
        _connections.append(connection)
    return _connections[0]


def _with_place(
    cursor: Any, text: str, values: dict[str, Any], used: list[str], message: str
) -> str:
    """Return the message with its `LINE n:`, which DuckDB gives for prepared statements only."""
    import duckdb

    if _LINE.search(message):
        return message
    try:
        cursor.execute(f"EXPLAIN {text}", {name: values[name] for name in used})
    except duckdb.Error as error:
        return str(error) if _LINE.search(str(error)) else message
    return message


def _kinds(cursor: Any, text: str) -> list[str]:
    """Return what each statement of a text is, such as SELECT."""
    return [str(one.type).rpartition(".")[2] for one in cursor.extract_statements(text)]


def _insist_on_one_statement(job: Job, cursor: Any, text: str, *, writes: bool) -> None:
    kinds = _kinds(cursor, text)
    if len(kinds) != 1:
        count = "no statement" if not kinds else f"{len(kinds)} statements"
        raise _failed(
            job, "NotOneStatement", f"A SQL block is one read statement; here is {count}."
        )
    kind = kinds[0]
    if kind not in _READING and not writes:
        raise _failed(
            job, "NotARead", f"A SQL block is one read statement; {kind} changes something."
        )


def _rows_of(job: Job, handover: Handover, block: str, output: Output) -> Any:
    value = handover.rows(output)
    if value is None:
        kind = output.type_name or output.kind
        raise _failed(
            job, "NotATable", f"{block!r} gave no table but {kind}: SQL cannot read from it."
        )
    if not value.num_columns:
        raise _failed(job, "NoColumns", f"{block!r} has no columns: SQL cannot read from it.")
    return value


def _failed(
    job: Job, kind: str, message: str, *, line: int | None = None, bases: Sequence[str] = ()
) -> SqlFailed:
    found = _LINE.search(message)
    line = int(found[1]) if found and line is None else line
    candidates = _CANDIDATES.search(message)
    lines = job.source.splitlines()
    frames: list[Frame] = []
    if line is not None and line <= len(lines):
        code = lines[line - 1].strip()[:400]
        frames.append(Frame(file=job.path, line=line, function=job.block, code=code, mine=True))
    return SqlFailed(
        Failure(
            kind="exception",
            type=kind,
            message=_BEFORE_PLACE.split(message)[0][:8192],
            line=line,
            frames=frames,
            hint=f"Did you mean {candidates[1].rstrip('?')}?" if candidates else "",
            text=message[: 64 * 1024],
            bases=list(bases),
        )
    )
