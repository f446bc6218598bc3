"""Why a connection could not be opened: what was tried, what the database said, what to do."""

from __future__ import annotations

import re
from typing import Literal

from headrace.core.secret_values import masked_values
from headrace.workers.connections import PLACES, TYPED, Connection

Reason = Literal["password", "database", "host", "silent", "closed", "file", "lock", "other"]

# Numbers of MySQL, MariaDB and their driver.
_NUMBERS: dict[int, Reason] = {
    1045: "password",
    1698: "password",
    1044: "database",
    1049: "database",
}
_WORDS: tuple[tuple[Reason, str], ...] = (
    ("password", r"password authentication failed|no password supplied|role .* does not exist"),
    ("database", r"database .* does not exist"),
    ("host", r"could not translate host|resolve|Name or service|getaddrinfo|nodename"),
    ("silent", r"timeout expired|timed out|No route to host|unreachable"),
    ("closed", r"Connection refused|actively refused"),
    ("lock", r"Conflicting lock|set lock on file|database is locked"),
    ("file", r"unable to open database|does not exist|not a database|not a valid DuckDB"),
)
"""Words of libpq, SQLite, DuckDB, drivers and the system. Those of a server in another language are
shown all the same, with no advice."""
_TWICE = re.compile(r"\n+(?:connection to server|Multiple connection attempts).*", re.DOTALL)


_PLACE = re.compile(r"^(?:connection failed: )?connection to server at .*? failed: (?:FATAL: +)?")
"""What libpq says first: where it called, which our own words say as well."""


def refusal_of(said: str, number: object, connection: Connection) -> tuple[str, str]:
    """Return message and hint for what a driver said, and the number that it gave, if any.

    Neither holds a secret.
    """
    reason = _reason(said, number)
    short = masked_values(_PLACE.sub("", _TWICE.sub("", said)).strip(), connection.secrets)
    secret, place = next(iter(connection.asked.items()), ("", ""))
    by = f", with {secret} {place}" if secret else ""
    message = (
        f"The connection {connection.name!r} cannot be opened: {short}"
        f" (tried: {connection.tried}{by})"
    )
    return message, _HINTS[reason] if reason != "password" else _password_hint(connection)


def _reason(said: str, number: object) -> Reason:
    if isinstance(number, int) and number in _NUMBERS:
        return _NUMBERS[number]
    for reason, words in _WORDS:
        if re.search(words, said, re.IGNORECASE):
            return reason
    return "other"


def _password_hint(connection: Connection) -> str:
    secret, place = next(iter(connection.asked.items()), ("", ""))
    if not secret:
        return "The database wants a password, or another user: Settings › Connections has both."
    if place == PLACES["environment"]:
        return (
            f"User or password is wrong. The environment variable {secret} gives the password: set"
            " it anew and start the server again."
        )
    if place == TYPED:
        return "User or password is wrong: type them again."
    return (
        f"User or password is wrong: type the password again in Settings › Connections, or run"
        f" `headrace secrets set {secret}`."
    )


_HINTS: dict[Reason, str] = {
    "database": "The server answers, but has no such database, or this user may not use it: look at"
    " the name, and at what the user may do.",
    "host": "No machine has this name: look at how it is spelled, and whether this machine can look"
    " it up.",
    "silent": "Nothing came back: a firewall may be between, or the machine is off.",
    "closed": "Nothing listens there: is the database running, and is it this port?",
    "file": "Look at the path, which is relative to the project, and whether it is such a file.",
    "lock": "Another program has the file open for writing: close it there first.",
    "other": "",
}
