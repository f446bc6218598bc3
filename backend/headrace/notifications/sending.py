"""The process that sends one message: `python -m headrace.notifications.sending`.

It reads an Errand from its standard input and writes an Outcome to its standard output, both as
JSON. It is a process of its own because apprise takes a tenth of a second and 20 MB to import, a
service may hang, and what it may connect to is a rule for a whole process.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from headrace.core.secret_values import masked_values
from headrace.notifications.errand import Errand, Outcome
from headrace.project.notifications import OF_THE_MACHINE, VARIABLE
from headrace.workers.processes import die_with_parent

_LONGEST_ERROR = 500


class NotSent(Exception):
    """It cannot be sent; the message says why, and has no secret in it."""


class Refused(OSError):
    """An address that this channel may not reach."""


def main() -> None:
    """Send what stands on the standard input."""
    errand = msgspec.json.decode(sys.stdin.buffer.read(), type=Errand)
    die_with_parent(errand.parent)
    # Services that print would break the answer.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with answer:
        answer.write(msgspec.json.encode(Outcome(attempt(errand))))


def attempt(errand: Errand) -> str | None:
    """Send; return why it failed, without a secret."""
    hidden = secret_values(errand)
    try:
        send(errand, hidden)
    except NotSent as error:
        return masked_values(str(error), hidden)[:_LONGEST_ERROR]
    return None


def secret_values(errand: Errand) -> list[str]:
    """Return the values that nobody may read: those of its URL, and those of the project."""
    names = (*VARIABLE.findall(errand.url), *errand.secrets)
    return [os.environ[name] for name in names if os.environ.get(name)]


def url_of(errand: Errand, environment: Mapping[str, str]) -> str:
    """Return the URL with its secrets; a variable that is the whole URL is taken as it is."""

    def value(name: str) -> str:
        found = environment.get(name)
        if not found:
            raise NotSent(
                f"Channel {errand.channel!r} needs the environment variable {name}: it is not set."
                " Start the server with it."
            )
        return found

    whole = VARIABLE.fullmatch(errand.url)
    if whole is not None:
        return value(whole[1])
    return VARIABLE.sub(lambda found: quote(value(found[1]), safe=""), errand.url)


def send(errand: Errand, hidden: Sequence[str]) -> None:
    """Send by apprise; raise NotSent with what it logged."""
    url = url_of(errand, os.environ)
    if url.partition("://")[0].lower() in OF_THE_MACHINE:
        raise NotSent(f"Channel {errand.channel!r} would tell the server's own screen.")
    import apprise

    said = _Said()
    log = logging.getLogger("apprise")
    log.addHandler(said)
    log.setLevel(logging.WARNING)
    log.propagate = False
    service: Any = apprise.Apprise.instantiate(url, asset=_asset(apprise), suppress_exceptions=True)
    if service is None:
        raise NotSent(
            f"The URL of channel {errand.channel!r} is none that apprise knows: "
            + (said.text() or "look up its form at https://github.com/caronc/apprise/wiki.")
        )
    _give_key(service, errand.key)
    refusals = guard(private=errand.private)
    message = errand.message
    done = service.notify(
        title=masked_values(message.title, hidden),
        body=masked_values(message.text, hidden),
        notify_type=apprise.NotifyType(message.kind),
        body_format=apprise.NotifyFormat.TEXT,
    )
    if not done:
        raise NotSent(" ".join(dict.fromkeys(refusals)) or said.text() or "It was refused.")


def _asset(apprise: Any) -> Any:
    return apprise.AppriseAsset(
        app_id="Headrace",
        app_desc="Headrace",
        app_url="",
        async_mode=False,
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )


def _give_key(service: Any, key: str) -> None:
    """Let services with headers of their own know which message this is."""
    headers = getattr(service, "headers", None)
    if isinstance(headers, dict):
        name = "X-Headrace-Key" if hasattr(service, "smtp_host") else "Idempotency-Key"
        headers.setdefault(name, key)


class _Said(logging.Handler):
    """What apprise logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(record.getMessage())

    def text(self) -> str:
        """Return all lines in one."""
        return " ".join(dict.fromkeys(self.lines))


# What it may connect to

Reach = Literal["public", "private", "never"]


def reach_of(host: str) -> Reach:
    """Tell whose an address is: everybody's, this network's, or one that nobody is told at."""
    try:
        address: Any = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "never"
    if address.version == 6:
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return reach_of(str(inner))
        if address in _NAT64:
            return reach_of(str(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)))
    # Link-local is where clouds keep the credentials of a machine.
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return "never"
    return "public" if address.is_global else "private"


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def guard(*, private: bool) -> list[str]:
    """Refuse connections of this process to where the channel must not reach, from now on.

    Python asks with the address that was resolved, at every connection: names that change, and
    redirects, are judged as well. Returns the list to which refusals are added.
    """
    refused: list[str] = []

    def ask(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("socket.connect", "socket.sendto"):
            return
        place = arguments[1]
        if not isinstance(place, tuple):
            if isinstance(place, str | bytes):  # a socket in the file system
                refused.append("It would speak to a program of this machine by a file.")
                raise Refused(refused[-1])
            return
        host, port = str(place[0]), place[1]
        if port == _DNS_PORT and event == "socket.sendto":
            return
        reach = reach_of(host)
        if reach == "public" or (reach == "private" and private):
            return
        hint = " Say `private: true` beside its URL to allow that." if reach == "private" else ""
        kind = "of a private network" if reach == "private" else "that nobody is told at"
        refused.append(f"{host} is an address {kind}.{hint}")
        raise Refused(refused[-1])

    sys.addaudithook(ask)
    return refused


_DNS_PORT = 53

if __name__ == "__main__":
    main()
