"""From what headrace.yaml declares to an open database: secrets, drivers, reading only.

Nothing here puts a URL or a secret into a message; `Connection.secrets` says what to hide in those
of drivers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from headrace.core.errors import Unavailable
from headrace.core.secret_sources import SecretSources
from headrace.project.connection_urls import form_of
from headrace.project.connections import (
    Family,
    dialect_of,
    family_of,
    filled,
    password_in,
    secrets_in,
    url_in,
)

CONNECT_S = 10
"""How long a database may take to answer a call."""
_DUCKDB = "duckdb:///"
_SQLITE = "sqlite:///"
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
"""Scheme → the driver that is taken when the URL names none."""


class NoConnection(Exception):
    """The connection cannot be used; the message says why and never holds the URL."""


class Connection(Struct, frozen=True, kw_only=True):
    """A connection with its secrets put in; `repr` shows neither."""

    name: str
    url: str
    family: Family
    dialect: str | None
    """sqlglot's name of its SQL; None when nobody knows."""
    secrets: tuple[str, ...] = ()
    """What no message may show."""
    tried: str = ""
    """Who asks where, in words and without what is secret."""
    asked: Mapping[str, str] = {}
    """Name → place in words of each secret that was put in, that of the password first."""
    writes: bool = False

    def __repr__(self) -> str:
        """Name it."""
        return f"Connection({self.name!r})"

    @classmethod
    def of(
        cls,
        name: str,
        declared: Mapping[str, Any] | None,
        sources: Mapping[str, str],
        *,
        writes: bool = False,
    ) -> Connection:
        """Put the secrets into a declared URL; raise NoConnection when that cannot be."""
        if declared is None:
            raise NoConnection(f"headrace.yaml declares no connection {name!r}.")
        template = url_in(declared)
        if template is None:
            raise NoConnection(f"The connection {name!r} has no `url:` in headrace.yaml.")
        values = {secret: _value(name, secret, sources) for secret in secrets_in(template)}
        url = filled(template, values)
        password = password_in(url)
        hidden = {*values.values(), *([password, unquote(password)] if password else ())}
        return cls(
            name=name,
            url=url,
            family=family_of(url),
            dialect=dialect_of(url),
            secrets=tuple(sorted(hidden - {""})),
            tried=_tried(template),
            asked={secret: _place_of(secret, sources) for secret in secrets_in(template)},
            writes=writes,
        )

    @property
    def duckdb_file(self) -> Path | None:
        """Return the file of a `duckdb:///` URL, None for other URLs."""
        return Path(self.url.removeprefix(_DUCKDB)) if self.url.startswith(_DUCKDB) else None

    def engine(self) -> Any:
        """Make an SQLAlchemy engine that keeps no connection open; raise NoConnection."""
        import sqlalchemy
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError

        try:
            url = sqlalchemy.make_url(self._sqlalchemy_url())
            usual = _ARGUMENTS.get(self.family, {})
            return sqlalchemy.create_engine(
                url,
                poolclass=sqlalchemy.NullPool,
                hide_parameters=True,
                # What the URL says wins.
                connect_args={key: value for key, value in usual.items() if key not in url.query},
            )
        except ValueError:  # of a port that is no number: it quotes what it could not read
            raise NoConnection(f"The connection {self.name!r}: its URL cannot be read.") from None
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            hint = _MISSING.get(self.family, "")
            raise NoConnection(f"No driver can open this connection: {error}{hint}") from None

    def _sqlalchemy_url(self) -> str:
        if self.family == "sqlite":
            return self._sqlite_url()
        scheme, _, rest = self.url.partition("://")
        return f"{_DRIVERS.get(scheme.lower(), scheme)}://{rest}"

    def _sqlite_url(self) -> str:
        """Let SQLite open its file for reading; what is no file of it is left as it is."""
        place = self.url.removeprefix(_SQLITE)
        if place == self.url or "?" in place or place in {"", ":memory:"}:
            return self.url
        mode = "rw" if self.writes else "ro"
        return f"{_SQLITE}{Path(place).resolve().as_uri()}?mode={mode}&uri=true"


_ARGUMENTS: Mapping[str, dict[str, Any]] = {
    # A database that is gone without a word is noticed, instead of being waited for for ever.
    "postgresql": {
        "connect_timeout": CONNECT_S,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "application_name": "headrace",
    },
    "mysql": {"connect_timeout": CONNECT_S, "charset": "utf8mb4"},
}
_MISSING = {"mysql": " Install it: pip install headrace[mysql]."}


def _tried(template: str) -> str:
    """Say who asks where, by a URL in which no secret stands yet: `reader at db:5432/warehouse`."""
    form = form_of(template)
    if form.kind == "other":
        return form.url
    if not form.host:
        return form.database
    port = "" if form.port is None else f":{form.port}"
    user = f"{form.user} at " if form.user else ""
    return f"{user}{form.host}{port}/{form.database}"


PLACES = {
    "environment": "from the environment",
    "file": "from the encrypted file",
    "keyring": "from the keyring",
}
TYPED = "as it was typed"


def _place_of(name: str, sources: Mapping[str, str]) -> str:
    place = sources.place(name) if isinstance(sources, SecretSources) else None
    return PLACES.get(place or "", TYPED)


def _value(connection: str, name: str, sources: Mapping[str, str]) -> str:
    try:
        return sources[name]
    except KeyError:
        raise NoConnection(
            f"The connection {connection!r} needs the secret {name}: there is no environment"
            f" variable {name}, and neither the encrypted file nor the keyring has it. Set it with"
            f" `headrace secrets set {name}`."
        ) from None
    except Unavailable as error:
        raise NoConnection(f"The connection {connection!r} needs {name}: {error.message}") from None
