"""Connections as headrace.yaml declares them: a URL, in which `${NAME}` is a secret. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

Family = Literal["postgresql", "mysql", "sqlite", "duckdb", "other"]

SECRET = re.compile(r"\$\{(\w+)\}")
_SCHEME = re.compile(r"([A-Za-z][\w+.-]*)://")
_LOGIN = re.compile(r"^[A-Za-z][\w+.-]*://(?P<user>[^:/@?]*)(?::(?P<password>[^@]*))?@")
_FAMILIES: Mapping[str, Family] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
}
_DIALECTS: Mapping[str, str] = {
    "postgresql": "postgres",
    "mysql": "mysql",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
    "mssql": "tsql",
    "oracle": "oracle",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "redshift": "redshift",
    "trino": "trino",
    "clickhouse": "clickhouse",
}
"""Scheme → sqlglot's dialect."""


def url_in(declared: Mapping[str, Any] | None) -> str | None:
    """Return the URL of a declaration, with its `${NAME}`; None when it has none."""
    url = (declared or {}).get("url")
    return url if isinstance(url, str) and url else None


def scheme_of(url: str) -> str:
    """Return `postgresql` of `postgresql+psycopg://…`; "" of what is no URL."""
    found = _SCHEME.match(url)
    return found[1].partition("+")[0].lower() if found else ""


def family_of(url: str) -> Family:
    """Return which kind of database a URL opens."""
    return _FAMILIES.get(scheme_of(url), "other")


def dialect_of(url: str) -> str | None:
    """Return the dialect of SQL that the database speaks; None when it is not known."""
    family = family_of(url)
    return _DIALECTS.get(family if family != "other" else scheme_of(url))


def secrets_in(url: str) -> list[str]:
    """Return the names of the secrets that a URL asks for, each once."""
    return list(dict.fromkeys(SECRET.findall(url)))


def has_plain_password(url: str) -> bool:
    """Tell whether a password, or a part of one, itself stands in the URL."""
    found = _LOGIN.match(url)
    return bool(found and SECRET.sub("", found["password"] or ""))


def filled(url: str, values: Mapping[str, str]) -> str:
    """Put the secrets in. Those before the `@` are quoted, so that they may hold any character."""
    login = _LOGIN.match(url)
    end = login.end() if login else 0
    before = SECRET.sub(lambda found: quote(values[found[1]], safe=""), url[:end])
    return before + SECRET.sub(lambda found: values[found[1]], url[end:])


def password_in(url: str) -> str | None:
    """Return the password of a URL as it stands there, quoted or not."""
    found = _LOGIN.match(url)
    return found["password"] if found else None
