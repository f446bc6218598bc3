"""A connection's URL ↔ the fields of a form. What a form cannot say exactly stays a URL. Pure."""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import quote, unquote

from headrace.core.errors import InvalidInput
from headrace.project.connections import SECRET, has_plain_password, scheme_of
from headrace.protocol.connections import ConnectionForm, ConnectionKind

_SERVER = re.compile(
    r"(?P<kind>postgresql|mysql|mariadb)://(?:(?P<user>[^:/@?]*)(?::\$\{(?P<secret>\w+)\})?@)?"
    r"(?P<host>\[[^\]]*\]|[^:/?#@]*)(?::(?P<port>\d{1,5}))?/(?P<database>[^?#]*)(?:\?(?P<options>.*))?"
)
_FILE = re.compile(r"(?P<kind>sqlite|duckdb):///(?P<database>[^?#]*)(?:\?(?P<options>.*))?")
_SECRET_OPTION = re.compile(
    r"([?&](?:password|passwd|pwd|token|secret|sslpassword|access_key|private_key)=)([^&]+)",
    re.IGNORECASE,
)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
SECRET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
FILE_KINDS: tuple[ConnectionKind, ...] = ("sqlite", "duckdb")
_BAD_IN_PARTS = re.compile(r"[\s?#@]")
_BAD_IN_URL = re.compile(r"\s|[\x00-\x1f\x7f]")
_LONGEST = 2000


def form_of(url: str) -> ConnectionForm:
    """Take a URL apart. A password that stands in it is left out, in the options too."""
    if has_plain_password(url):
        start = url.index("://") + 3
        end = url.index("@", start)
        form = form_of(url[: url.index(":", start, end)] + url[end:])
        if form.kind != "other":
            return form
    found = _SERVER.fullmatch(url) or _FILE.fullmatch(url)
    if found is not None:
        parts = found.groupdict()
        form = ConnectionForm(
            kind=cast("ConnectionKind", parts["kind"]),
            host=parts.get("host") or "",
            port=int(parts["port"]) if parts.get("port") else None,
            database=parts["database"],
            user=unquote(parts.get("user") or ""),
            secret=parts.get("secret") or "",
            options=parts["options"] or "",
        )
        if _written(form) == url and not hides_password(url):
            return form
    return ConnectionForm(kind="other", url=without_passwords(url))


def hides_password(url: str) -> bool:
    """Tell whether a password itself stands somewhere in the URL."""
    in_option = any(not SECRET.fullmatch(found[2]) for found in _SECRET_OPTION.finditer(url))
    return has_plain_password(url) or in_option


def without_passwords(url: str) -> str:
    """Return the URL with what is a password in it left empty; `${NAME}` stays."""
    if has_plain_password(url):
        start = url.index("://") + 3
        end = url.index("@", start)
        colon = url.index(":", start, end)
        url = f"{url[:colon]}:{url[end:]}"
    return _SECRET_OPTION.sub(
        lambda found: found[0] if SECRET.fullmatch(found[2]) else found[1], url
    )


def url_of(form: ConnectionForm) -> str:
    """Put a URL together; InvalidInput names the field that is not as it should be."""
    if form.kind == "other":
        _check_url(form.url)
        return form.url
    if form.secret and not SECRET_NAME.fullmatch(form.secret):
        raise InvalidInput(
            "The name of a secret has letters, digits and _ only, such as WAREHOUSE_PASSWORD.",
            field="form.secret",
        )
    if form.kind in FILE_KINDS:
        _check_part("database", form.database, "Name the file, such as data/warehouse.db.")
    else:
        _check_part("host", form.host, "Name the machine of the database, such as db.example.")
        _check_part("database", form.database, "Name the database.")
        if form.secret and not form.user:
            raise InvalidInput("A password needs a user.", field="form.user")
        if form.port is not None and not 0 < form.port < 65536:
            raise InvalidInput("A port is a number from 1 to 65535.", field="form.port")
    url = _written(form)
    if len(url) > _LONGEST or _BAD_IN_URL.search(url) or "#" in url:
        raise InvalidInput("There is a blank, or a character that no URL has.", field="form")
    if hides_password(url):
        raise InvalidInput(
            "A password stands in the options: write ${NAME} instead, and keep it by"
            " `headrace secrets set NAME`.",
            field="form.options",
        )
    if form_of(url) != form:
        raise InvalidInput("These fields make no URL: choose another kind.", field="form")
    return url


def _check_part(field: str, text: str, remedy: str) -> None:
    if not text:
        raise InvalidInput(remedy, field=f"form.{field}")
    if _BAD_IN_PARTS.search(text) or (field == "host" and "/" in text):
        raise InvalidInput(
            f"The {field} holds a blank or another character that no {field} has.",
            field=f"form.{field}",
        )


def _check_url(url: str) -> None:
    if not scheme_of(url) or _BAD_IN_URL.search(url) or len(url) > _LONGEST:
        raise InvalidInput("Write a URL, such as oracle://user:${NAME}@host/x.", field="form.url")
    if hides_password(url):
        raise InvalidInput(
            "A password stands in the URL, and would in headrace.yaml: write ${NAME} instead, and"
            " keep it by `headrace secrets set NAME`.",
            field="form.url",
        )


def _written(form: ConnectionForm) -> str:
    options = f"?{form.options}" if form.options else ""
    if form.kind in FILE_KINDS:
        return f"{form.kind}:///{form.database}{options}"
    password = f":${{{form.secret}}}" if form.secret else ""
    login = f"{_quoted(form.user)}{password}@" if form.user else ""
    port = "" if form.port is None else f":{form.port}"
    return f"{form.kind}://{login}{form.host}{port}/{form.database}{options}"


def _quoted(user: str) -> str:
    """Quote a user's name as URLs do; `${NAME}` stays."""
    parts: list[str] = []
    done = 0
    for found in SECRET.finditer(user):
        parts += (quote(user[done : found.start()], safe=""), found[0])
        done = found.end()
    return "".join((*parts, quote(user[done:], safe="")))
