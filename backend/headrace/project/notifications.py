"""`notify:` of headrace.yaml, which names channels, and of pipeline.yaml, which uses them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from headrace.core.ids import NAME_RULE
from headrace.project.durations import parse_duration
from headrace.project.fields import Fields, Problems
from headrace.project.pipeline import Problem
from headrace.project.yaml_nodes import Node
from headrace.protocol.notifications import NOTIFY_EVENTS, Notify, NotifyEvent

VARIABLE = re.compile(r"\$\{(\w+)\}")
"""Where the value of an environment variable goes."""
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
OF_THE_MACHINE = ("dbus", "qt", "kde", "glib", "gnome", "macosx", "windows", "syslog", "file")
"""Services of the machine itself, which nobody looks at where a server runs."""
_PIPELINE_KEYS = (*NOTIFY_EVENTS, "late_after")
_CHANNEL_KEYS = ("url", "events", "private")


class Channel(Struct, frozen=True, kw_only=True):
    """A way to people: one URL as apprise knows them, its secrets as `${NAME}`.

    `private` lets it reach addresses of this machine and of private networks.
    """

    name: str
    url: str
    events: tuple[NotifyEvent, ...] = ()
    """What it is told of pipelines that do not say `notify:` themselves."""
    private: bool = False
    line: int = 1

    @property
    def service(self) -> str:
        """Name its service by the scheme of its URL, which is no secret, or by its variable."""
        if VARIABLE.fullmatch(self.url):
            return self.url
        found = _SCHEME.match(self.url)
        return found[1].lower() if found is not None else ""

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the environment variables that its URL needs."""
        return tuple(dict.fromkeys(VARIABLE.findall(self.url)))


def read_channels(fields: Fields) -> dict[str, Channel]:
    """Read `notify:` of headrace.yaml; what is not as it should be is noted and left out."""
    node = fields.node_of("notify")
    if node is None:
        return {}
    if node.kind != "map":
        fields.wrong(node, "`notify:` must be a map such as `team: slack://${SLACK_TOKEN}`.")
        return {}
    found = (_read_channel(fields.problems, key, value) for key, value in node.pairs)
    return {channel.name: channel for channel in found if channel is not None}


def _read_channel(problems: Problems, key: Node, node: Node) -> Channel | None:
    before = len(problems.found)
    name = key.text
    if not NAME_RULE.fullmatch(name):
        problems.add(
            key, f"{name[:64]!r} cannot name a channel: use lower-case letters, digits and _."
        )
        return None
    if node.kind == "scalar" and not node.empty:
        url: str | None = node.text
        fields = Fields(Node("map", node.start, node.end), problems)
    elif node.kind == "map":
        fields = Fields(node, problems)
        url = fields.text("url")
        _check_keys(fields, _CHANNEL_KEYS, "a channel")
    else:
        url, fields = None, Fields(node, problems)
    if url is None:
        problems.add(node, f"Channel {name!r} needs a URL such as `mailtos://…`.")
        return None
    channel = Channel(
        name=name,
        url=url,
        events=_events(fields),
        private=fields.flag("private") or False,
        line=problems.lines.place(key.start)[0],
    )
    wrong = _wrong_url(channel)
    if wrong is not None:
        problems.add(fields.node_of("url") or node, wrong)
    return channel if len(problems.found) == before else None


def _wrong_url(channel: Channel) -> str | None:
    """Say what of a URL cannot be, without a word of what stands in it."""
    if not channel.service:
        return f"The URL of channel {channel.name!r} must begin with a service, such as `slack://`."
    if channel.service in OF_THE_MACHINE:
        return f"Channel {channel.name!r} would tell the server's own screen: choose another one."
    try:
        password = urlsplit(VARIABLE.sub("", channel.url)).password
    except ValueError:
        return f"The URL of channel {channel.name!r} is not one."
    if password:
        return (
            f"The URL of channel {channel.name!r} holds a password: put it into an environment"
            " variable and write ${NAME} in its place."
        )
    return None


def _events(fields: Fields) -> tuple[NotifyEvent, ...]:
    found: list[NotifyEvent] = []
    for word, node in fields.texts("events"):
        if word in NOTIFY_EVENTS:
            found.append(word)
        else:
            fields.wrong(node, f"{word[:40]!r} is no event: write {', '.join(NOTIFY_EVENTS)}.")
    return tuple(dict.fromkeys(found))


def read_notify(fields: Fields) -> Notify | None:
    """Read `notify:` of pipeline.yaml; None when it does not say. An empty map tells nobody."""
    node = next((value for key, value in fields.node.pairs if key.text == "notify"), None)
    if node is None:
        return None
    if node.empty:
        return Notify()
    if node.kind != "map":
        fields.wrong(node, "`notify:` must be a map such as {failure: [team], late_after: 2h}.")
        return None
    inner = Fields(node, fields.problems)
    _check_keys(inner, _PIPELINE_KEYS, "`notify:`")
    told: dict[str, Any] = {
        event: list(dict.fromkeys(word for word, _ in inner.texts(event)))
        for event in NOTIFY_EVENTS
    }
    late_after = inner.parsed("late_after", lambda text: parse_duration(text, "late_after"))
    if told["late"] and inner.node_of("late_after") is None:
        inner.wrong(inner.node_of("late"), "`late:` needs `late_after:`, a span such as 2h.")
    line = fields.problems.lines.place(node.start)[0]
    return Notify(late_after_s=late_after, line=line, **told)


def _check_keys(fields: Fields, known: tuple[str, ...], what: str) -> None:
    for key, _ in fields.node.pairs:
        if key.text not in known:
            words = ", ".join(known)
            fields.wrong(key, f"{key.text[:40]!r} is no key of {what}: it has {words}.")


def effective_notify(own: Notify | None, channels: dict[str, Channel]) -> Notify:
    """Return what a pipeline tells: what it says itself, else what channels ask for."""
    if own is not None:
        return own
    told: dict[str, Any] = {
        event: [name for name, channel in channels.items() if event in channel.events]
        for event in NOTIFY_EVENTS
        if event != "late"  # that needs a span, which only a pipeline can say
    }
    return Notify(**told)


def unknown_channels(
    pipeline: str, own: Notify | None, channels: dict[str, Channel]
) -> list[Problem]:
    """Say which channels of a pipeline headrace.yaml does not name."""
    if own is None:
        return []
    used = {name for event in NOTIFY_EVENTS for name in own.channels(event)}
    known = ", ".join(sorted(channels)) or "none"
    return [
        Problem(
            file=f"pipelines/{pipeline}/pipeline.yaml",
            line=own.line,
            message=f"headrace.yaml names no channel {name[:64]!r} under `notify:`, but {known}.",
            code="notify",
        )
        for name in sorted(used - channels.keys())
    ]
