"""What is told of runs to people outside: channels, events, notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

NotifyEvent = Literal["failure", "recovery", "late", "first_success"]
"""What a channel can be told of. One of each is told per incident, not per run."""

NOTIFY_EVENTS: tuple[NotifyEvent, ...] = ("failure", "recovery", "late", "first_success")


class Notify(Struct, frozen=True, kw_only=True):
    """Which channels are told of a pipeline, by event; `line` is that in its pipeline.yaml."""

    failure: list[str] = []
    recovery: list[str] = []
    late: list[str] = []
    first_success: list[str] = []
    late_after_s: float | None = None
    """A run that is not over so many seconds after its tick is late; None: none ever is."""
    line: int = 1

    def channels(self, event: NotifyEvent) -> list[str]:
        """Return the names of the channels that are told of an event."""
        return getattr(self, event)


class ChannelTable(Struct, frozen=True, kw_only=True):
    """A channel of headrace.yaml and how it does. Its URL is never sent."""

    name: str
    service: str
    """The scheme of its URL, such as `mailtos` or `slack`; `${NAME}` for a URL in a variable."""
    events: list[NotifyEvent] = field(default_factory=list[NotifyEvent])
    """What it is told of pipelines that do not say `notify:` themselves."""
    pipelines: list[str] = field(default_factory=list[str])
    """Pipelines of which it is told something."""
    problem: str | None = None
    """Why nothing can be sent, such as an environment variable that is not set."""
    sent_at: datetime | None = None
    error: str | None = None
    """Why the newest try failed; None when it did not."""
    error_at: datetime | None = None
    waiting: int = 0
    """Notifications that are still to be sent."""


class NotificationTable(Struct, frozen=True, kw_only=True):
    """One notification to one channel."""

    id: int
    channel: str
    event: NotifyEvent
    pipeline: str
    run: str | None = None
    reason: str | None = None
    state: Literal["waiting", "sent", "failed"] = "waiting"
    """`failed`: given up after the last try."""
    attempts: int = 0
    created_at: datetime
    sent_at: datetime | None = None
    error: str | None = None


class Notifications(Struct, frozen=True, kw_only=True):
    """All channels, and the newest notifications, newest first."""

    channels: list[ChannelTable]
    notifications: list[NotificationTable]
    told: dict[str, Notify] = field(default_factory=dict[str, Notify])
    """Who is told of each pipeline, without those that tell nobody."""
    problems: list[str] = field(default_factory=list[str])
    """What of `notify:` cannot be taken as meant: file, line and remedy."""
