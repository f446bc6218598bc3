"""SQL blocks with `connection:`: one read statement on a database that headrace.yaml declares.

DuckDB files are opened by DuckDB; every other URL by SQLAlchemy, whose driver has to be installed.
All are opened for reading only where the database knows such a thing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.analysis.placeholders import placeholders

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_DUCKDB = "duckdb:///"
_SQLITE = "sqlite:///"


class NoConnection(Exception):
    """The connection cannot be used; the message says why and never holds the URL."""


def url_of(name: str, connections: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the URL of a connection, `${NAME}` replaced by environment variables."""
    declared = connections.get(name)
    if declared is None:
        known = ", ".join(sorted(connections)) or "none"
        raise NoConnection(f"headrace.yaml declares no connection {name!r}; declared are: {known}.")
    url = declared.get("url")
    if not isinstance(url, str) or not url:
        raise NoConnection(f"The connection {name!r} has no `url:` in headrace.yaml.")
    return _VARIABLE.sub(lambda found: _variable(name, found[1]), url)


def _variable(connection: str, name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise NoConnection(
            f"The connection {connection!r} needs the environment variable {name}: it is not set."
        )
    return value


def duckdb_file(url: str) -> Path | None:
    """Return the file of a `duckdb:///` URL, None for other URLs."""
    return Path(url.removeprefix(_DUCKDB)) if url.startswith(_DUCKDB) else None


def rows_from(url: str, text: str, values: Mapping[str, Any]) -> Any:
    """Return the rows of a statement as an Arrow table; `:name` of `values` is bound.

    Raises NoConnection when there is no driver for the URL, SQLAlchemy's errors else.
    """
    import sqlalchemy
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    statement, used = _bindable(text, values)
    try:
        engine = sqlalchemy.create_engine(
            _read_only(url), poolclass=sqlalchemy.NullPool, hide_parameters=True
        )
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise NoConnection(f"No driver can open this connection: {error}") from None
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(postgresql_readonly=True)
    with engine.connect() as connection:
        result = connection.execute(sqlalchemy.text(statement), {n: values[n] for n in used})
        if not result.returns_rows:
            raise NoConnection("This statement gives no rows: a SQL block is one read statement.")
        return _table(list(result.keys()), result.all())


def _read_only(url: str) -> str:
    """Let SQLite open its file for reading; what is no file of it is left as it is."""
    place = url.removeprefix(_SQLITE)
    if place == url or "?" in place or place in {"", ":memory:"}:
        return url if not url.startswith("postgresql://") else _with_driver(url)
    return f"{_SQLITE}{Path(place).resolve().as_uri()}?mode=ro&uri=true"


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _bindable(text: str, values: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Escape every colon that is no placeholder: SQLAlchemy finds placeholders in strings too."""
    parts: list[str] = []
    used: dict[str, None] = {}
    done = 0
    for found in placeholders(text):
        if found.name in values:
            parts += (_escaped(text[done : found.start]), text[found.start : found.end])
            done = found.end
            used[found.name] = None
    return "".join((*parts, _escaped(text[done:]))), list(used)


def _escaped(text: str) -> str:
    return text.replace(":", "\\:")


def _table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    import pyarrow as pa

    columns = [_column([row[place] for row in rows]) for place in range(len(names))]
    return pa.Table.from_arrays(columns, names=_apart(names))


def _column(values: list[Any]) -> Any:
    """Give a column Arrow's type for its values; what Arrow knows none for becomes text."""
    import pyarrow as pa

    try:
        column = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return pa.array([None if value is None else str(value) for value in values])
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column


def _apart(names: Iterable[str]) -> list[str]:
    """Tell columns of the same name apart, as DuckDB does: `id`, `id_1`."""
    found: dict[str, None] = {}
    for name in names:
        unique, number = name, 0
        while unique in found:
            number += 1
            unique = f"{name}_{number}"
        found[unique] = None
    return list(found)
