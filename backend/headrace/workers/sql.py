"""SQL blocks: one read statement on DuckDB over the Arrow data of the upstream blocks.

With `connection:` it is one on that database instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.analysis.placeholders import with_placeholders
from headrace.protocol.tables import Failure, Frame
from headrace.workers.databases import NoConnection, duckdb_file, rows_from, url_of
from headrace.workers.handover import Handover
from headrace.workers.jobs import Job

_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)
_CANDIDATES = re.compile(r"(?:Candidate bindings|Did you mean)[: ]+(.+)")
_READING = frozenset({"SELECT", "EXPLAIN", "MULTI"})
_connections: list[Any] = []


class SqlFailed(Exception):
    """The statement did not run; `failure` is what to tell the user."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def result_of(
    job: Job, handover: Handover, connections: Mapping[str, Mapping[str, Any]] | None = None
) -> Any:
    """Run the statement of a SQL block and return its rows as an Arrow table.

    Raises SqlFailed with the database's message and the line in the block's file.
    """
    if job.connection is None:
        return _on_duckdb(job, handover, _database().cursor())
    try:
        url = url_of(job.connection, connections or {})
        file = duckdb_file(url)
        if file is None:
            return _on_connection(job, url)
    except NoConnection as error:
        raise _failed(job, "NoConnection", str(error)) from None
    return _on_file(job, handover, file)


def _on_file(job: Job, handover: Handover, file: Path) -> Any:
    import duckdb

    try:
        database = duckdb.connect(str(file), read_only=True)
    except duckdb.Error as error:
        raise _failed(job, type(error).__name__, str(error)) from error
    with database:
        database.execute("SET GLOBAL python_enable_replacements=false")
        database.execute("SET GLOBAL TimeZone='UTC'")
        return _on_duckdb(job, handover, database)


def _on_connection(job: Job, url: str) -> Any:
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    for binding in job.bindings:
        if binding.source == "upstream":
            raise NoConnection(
                f"{binding.name!r} is a block: on the connection {job.connection!r} there are only"
                " the tables of that database."
            )
    try:
        return rows_from(url, job.source, job.parameters | job.values)
    except DBAPIError as error:
        raise _failed(job, type(error.orig).__name__, str(error.orig)) from error
    except SQLAlchemyError as error:
        raise _failed(job, type(error).__name__, str(error)) from error


def _on_duckdb(job: Job, handover: Handover, cursor: Any) -> Any:
    """Run the statement on a connection of DuckDB, and close that."""
    import duckdb

    values = job.parameters | job.values
    text, used = with_placeholders(job.source, set(values))
    try:
        _insist_on_one_read(job, cursor, text)
        for binding in job.bindings:
            if binding.source == "upstream" and binding.name in job.inputs:
                cursor.register(binding.argument, _rows_of(job, handover, binding.name))
        bound = {name: values[name] for name in used}
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


def _insist_on_one_read(job: Job, cursor: Any, text: str) -> None:
    statements = cursor.extract_statements(text)
    if len(statements) != 1:
        count = "no statement" if not statements else f"{len(statements)} statements"
        raise _failed(
            job, "NotOneStatement", f"A SQL block is one read statement; here is {count}."
        )
    kind = str(statements[0].type).rpartition(".")[2]
    if kind not in _READING:
        raise _failed(
            job, "NotARead", f"A SQL block is one read statement; {kind} changes something."
        )


def _rows_of(job: Job, handover: Handover, block: str) -> Any:
    value = handover.rows(job.inputs[block])
    if value is None:
        kind = job.inputs[block].type_name or job.inputs[block].kind
        raise _failed(
            job, "NotATable", f"{block!r} gave no table but {kind}: SQL cannot read from it."
        )
    if not value.num_columns:
        raise _failed(job, "NoColumns", f"{block!r} has no columns: SQL cannot read from it.")
    return value


def _failed(job: Job, kind: str, message: str) -> SqlFailed:
    found = _LINE.search(message)
    line = int(found[1]) if found else None
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
            message=message.partition("\n\nLINE ")[0][:8192],
            line=line,
            frames=frames,
            hint=f"Did you mean {candidates[1].rstrip('?')}?" if candidates else "",
            text=message[: 64 * 1024],
        )
    )
