"""Connections to databases as people set them up: never with the value of a secret in an answer."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

ConnectionKind = Literal["postgresql", "mysql", "mariadb", "sqlite", "duckdb", "other"]
SecretPlace = Literal["environment", "file", "keyring"]
"""Where the value of a secret is; the first of these that has one gives it."""


class ConnectionForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A connection by its parts, without the value of any secret."""

    kind: ConnectionKind
    host: str = ""
    port: int | None = None
    """None: the usual one of the database."""
    database: str = ""
    """For SQLite and DuckDB the path of a file, relative to the project."""
    user: str = ""
    secret: str = ""
    """Name of the secret that is the password; "" when there is none."""
    options: str = ""
    """What follows the `?` of the URL."""
    url: str = ""
    """The whole URL, for `other` alone."""


class SecretTable(Struct, frozen=True, kw_only=True):
    """A secret that a connection asks for."""

    name: str
    place: SecretPlace | None
    """None: it is nowhere, and the connection cannot be opened."""


class ConnectionTable(Struct, frozen=True, kw_only=True):
    """A connection of headrace.yaml."""

    name: str
    form: ConnectionForm
    secrets: list[SecretTable] = field(default_factory=list[SecretTable])
    used_by: list[str] = field(default_factory=list[str])
    """Pipelines with a block that runs on it."""
    plain_password: bool = False
    """Its password stands in headrace.yaml, for everybody who reads that."""


class Connections(Struct, frozen=True, kw_only=True):
    """The connections of the project, in the order of headrace.yaml."""

    connections: list[ConnectionTable]
    keyring: bool = False
    """The keyring of the system can be used."""
    problems: list[str] = field(default_factory=list[str])
    """What of headrace.yaml cannot be taken as meant: line and remedy."""


class NewPassword(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The value of the form's secret, and where to keep it. Goes to the server and never back."""

    value: str
    place: Literal["file", "keyring"] = "file"

    def __repr__(self) -> str:
        """Say where it is to be kept, and no more."""
        return f"NewPassword({self.place!r})"


class ConnectionChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a connection is to be; without a password, the value of its secret stays as it is."""

    form: ConnectionForm
    password: NewPassword | None = None


class NewConnection(ConnectionChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A connection that is to be made."""

    name: str


class ConnectionTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to try: the form as it is typed, or, without one, what headrace.yaml declares."""

    form: ConnectionForm | None = None
    password: NewPassword | None = None
    limit_s: float = 15.0
    """How long it may take in all; a driver gives up after ten seconds, if its URL does not say."""


class ConnectionTested(Struct, frozen=True, kw_only=True):
    """What came of opening a connection; `error` is None when the database answered."""

    product: str = ""
    version: str = ""
    seconds: float = 0.0
    error: str | None = None
    hint: str = ""
    """What to do about the error."""
