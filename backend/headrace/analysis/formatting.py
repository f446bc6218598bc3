"""Sources in standard form: SQL by sqlglot, Python by ruff where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from headrace.core.errors import InvalidInput

_SECONDS = 10


def format_source(text: str, language: str, dialect: str = "duckdb") -> str:
    """Return SQL or Python in standard form; raise InvalidInput when it cannot be formatted."""
    if language == "sql":
        return _sql(text, dialect)
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    if language != "python" or ruff is None:
        raise InvalidInput("Nothing is installed that formats this: install ruff for Python.")
    done = subprocess.run(
        [ruff, "format", "-"],
        input=text.encode(),
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise InvalidInput("This Python cannot be read, so it was not formatted.")
    return done.stdout.decode()


def _sql(text: str, dialect: str) -> str:
    from sqlglot.errors import SqlglotError

    from headrace.analysis.patience import TooSlow, limited
    from headrace.analysis.placeholders import placeholders
    from headrace.analysis.sql import parse_statements

    try:
        with limited():
            trees = parse_statements(text, dialect)
            pretty = [tree.sql(dialect=dialect, pretty=True) for tree in trees]
    except TooSlow:
        raise InvalidInput("This SQL is too long to be formatted.") from None
    except (SqlglotError, RecursionError) as error:
        raise InvalidInput("This SQL cannot be read, so it was not formatted.") from error
    written = ";\n".join(pretty) + "\n"
    names = {place.name for place in placeholders(text)}
    return with_colons(written, names)


def with_colons(text: str, names: set[str]) -> str:
    """Write `$name` as `:name` again, where it is a placeholder."""
    from headrace.analysis.placeholders import foreign_placeholders

    for place in reversed(foreign_placeholders(text)):
        if place.name in names and text[place.start] == "$":
            text = f"{text[: place.start]}:{text[place.start + 1 :]}"
    return text
