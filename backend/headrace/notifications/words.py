"""What a message says. Pure: notifications with what is known of their runs → title and text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from headrace.notifications.errand import Message
from headrace.protocol.notifications import NotifyEvent
from headrace.runs.incidents import Claimed

TOLD_WHOLE = 5
"""So many notifications of a message come with all that is known; of the others a line."""
LISTED = 50
LOG_LINES = 20
LOG_CHARACTERS = 3000
LONGEST_REASON = 1000
_CONTROLS = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f]"
)
_DONE: dict[NotifyEvent, str] = {
    "failure": "failed",
    "recovery": "recovered",
    "late": "is late",
    "first_success": "succeeded for the first time",
}
_PLURAL: dict[NotifyEvent, str] = {
    "failure": "failed",
    "recovery": "recovered",
    "late": "are late",
    "first_success": "succeeded for the first time",
}


class RunFacts(Struct, frozen=True, kw_only=True):
    """What is known of the run of a notification."""

    trigger: str | None = None
    block: str | None = None
    """The first block that failed."""
    log_tail: str = ""


class Item(Struct, frozen=True, kw_only=True):
    """One notification, and its run as far as it is known."""

    claimed: Claimed
    facts: RunFacts = RunFacts()


def compose(project: str, items: Sequence[Item], links: str) -> Message:
    """Write one message of all items; `links` is the address of the server, without a slash."""
    if len(items) == 1:
        title = _title(items[0].claimed)
    else:
        title = _titles([item.claimed for item in items])
    parts = [_whole(item, links) for item in items[:TOLD_WHOLE]]
    rest = items[TOLD_WHOLE:]
    if rest:
        lines = [_line(item.claimed, links) for item in rest[:LISTED]]
        if len(rest) > LISTED:
            lines.append(f"… and {len(rest) - LISTED} more: {links}/runs")
        parts.append("\n".join(lines))
    return Message(
        title=one_line(f"[{project}] {title}"), text="\n\n".join(parts), kind=_kind(items)
    )


def test_message(project: str, channel: str, links: str) -> Message:
    """Write what a channel is tested with."""
    return Message(
        title=one_line(f"[{project}] Test of the channel {channel}"),
        text=f"This channel works: Headrace can tell you here how pipelines do.\n{links}/settings",
        kind="info",
    )


def one_line(text: str, limit: int = 200) -> str:
    """Return text without controls, in one line of at most so many characters."""
    flat = " ".join(plain(text).split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def plain(text: str) -> str:
    """Return text without colours and other controls of terminals."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def tail(text: str) -> str:
    """Return the last lines of a log, without controls."""
    lines = plain(text).rstrip().split("\n")[-LOG_LINES:]
    return "\n".join(lines)[-LOG_CHARACTERS:].strip("\n")


def _title(claimed: Claimed) -> str:
    times = f" {claimed.failures} times" if claimed.failures > 1 else ""
    return f"{claimed.pipeline} {_DONE[claimed.telling.event]}{times}"


def _titles(claimed: Sequence[Claimed]) -> str:
    said: list[str] = []
    for event, done in _DONE.items():
        names = list(dict.fromkeys(one.pipeline for one in claimed if one.telling.event == event))
        if len(names) == 1:
            said.append(f"{names[0]} {done}")
        elif names:
            said.append(f"{len(names)} pipelines {_PLURAL[event]}")
    return ", ".join(said)


def _kind(items: Sequence[Item]) -> Literal["failure", "warning", "success"]:
    events = Counter(item.claimed.telling.event for item in items)
    if events["failure"]:
        return "failure"
    return "warning" if events["late"] else "success"


def _line(claimed: Claimed, links: str) -> str:
    reason = f": {one_line(claimed.telling.reason)}" if claimed.telling.reason else ""
    return f"- {_title(claimed)}{reason} {_link(claimed, links)}"


def _whole(item: Item, links: str) -> str:
    claimed, facts = item.claimed, item.facts
    telling = claimed.telling
    lines = [f"{_title(claimed)} at {_moment(telling.at)}."]
    if telling.event == "recovery" and telling.since is not None:
        ended = f" {telling.failures} failed meanwhile." if telling.failures else ""
        span = _span(telling.since, telling.at)
        lines = [f"{_title(claimed)} at {_moment(telling.at)}, after {span}.{ended}"]
    if telling.event == "late" and telling.run is None:
        lines.append("Its run has not begun: it waits for another one to end.")
    if telling.logical_time is not None:
        of_trigger = f" of {facts.trigger}" if facts.trigger else ""
        lines.append(f"Tick{of_trigger}: {_moment(telling.logical_time)}")
    if telling.event == "failure" and facts.block is not None:
        lines.append(f"Block: {facts.block}")
    if telling.reason:
        lines.append(f"Reason: {plain(telling.reason)[:LONGEST_REASON]}")
    lines.append(_link(claimed, links))
    if facts.log_tail:
        lines += ["", "The end of its log:", facts.log_tail]
    return "\n".join(lines)


def _link(claimed: Claimed, links: str) -> str:
    page = f"{links}/p/{claimed.pipeline}"
    return page if claimed.telling.run is None else f"{page}/runs/{claimed.telling.run}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _span(since: datetime, at: datetime) -> str:
    minutes = max(0, int((at - since).total_seconds() // 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
