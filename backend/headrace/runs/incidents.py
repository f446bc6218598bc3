"""What is told of a pipeline: its state before and what happened → its state and what to say. Pure.

An incident is one thing that people hear of once: from the first run that failed to the next one
that succeeded, or from the first late tick to the next that is in time.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from headrace.protocol.notifications import Notify, NotifyEvent

TOLD_ORIGINS = ("trigger", "api", "retry")
"""Runs that nobody may be looking at. Who runs in an editor, on a terminal or a backfill does."""


class Incidents(Struct, frozen=True, kw_only=True):
    """What of a pipeline is wrong at the moment. Moments are aware and in UTC."""

    failing: str | None = None
    """The run whose failure began the incident; None: the pipeline does not fail."""
    failing_since: datetime | None = None
    failures: int = 0
    """Runs that failed in it."""
    newest_failed: datetime | None = None
    """When the newest of these runs was queued."""
    late: str | None = None
    """The tick that began the lateness, by its moment; None: nothing is late."""
    late_since: datetime | None = None
    newest_late: datetime | None = None
    """The newest tick that was late: it and those before it begin no incident any more."""
    has_succeeded: bool = False


class Ended(Struct, frozen=True, kw_only=True):
    """A run that is over, `at` some moment. A cancelled one is not told of.

    `logical_time` is None for runs that no trigger started: they are never late.
    """

    run: str
    succeeded: bool
    queued_at: datetime
    at: datetime
    logical_time: datetime | None = None
    reason: str | None = None


class Overdue(Struct, frozen=True, kw_only=True):
    """A tick is not over though its time is up. `run` is None while the tick still waits."""

    logical_time: datetime
    at: datetime
    run: str | None = None


class Telling(Struct, frozen=True, kw_only=True):
    """One event to tell. `incident` is the same for all that belongs to one."""

    event: NotifyEvent
    incident: str
    at: datetime
    run: str | None = None
    reason: str | None = None
    since: datetime | None = None
    """When the incident began, where that is not now."""
    failures: int = 0
    """Of a recovery: how many runs had failed."""
    logical_time: datetime | None = None


class Claimed(Struct, frozen=True, kw_only=True):
    """A notification that this process is to send now, and how its pipeline does meanwhile."""

    id: int
    channel: str
    pipeline: str
    telling: Telling
    attempts: int
    """This try counted in."""
    failures: int = 0
    """Runs that failed in its incident until now; 0 when that is over."""


def decide(
    before: Incidents, notify: Notify, happened: Ended | Overdue
) -> tuple[Incidents, list[Telling]]:
    """Return the state after what happened, and what is to be told of it, in order.

    State and tellings do not depend on who listens: a channel that is added in the middle of an
    incident hears of its end.
    """
    if isinstance(happened, Overdue):
        return _late(before, happened.logical_time, happened.at, happened.run)
    after, told = before, list[Telling]()
    if _is_late(notify, happened):
        assert happened.logical_time is not None, "only a tick can be late"
        after, told = _late(before, happened.logical_time, happened.at, happened.run)
    if not happened.succeeded:
        after, more = _failed(after, happened)
        return after, told + more
    if not after.has_succeeded:
        after = replace(after, has_succeeded=True)
        told.append(_telling("first_success", happened.run, happened))
    recovered = _recovery(after, notify, happened)
    if recovered is None:
        return after, told
    after, telling = recovered
    return after, [*told, telling]


def _is_late(notify: Notify, ended: Ended) -> bool:
    if notify.late_after_s is None or ended.logical_time is None:
        return False
    return (ended.at - ended.logical_time).total_seconds() > notify.late_after_s


def _late(
    before: Incidents, logical_time: datetime, at: datetime, run: str | None
) -> tuple[Incidents, list[Telling]]:
    if before.newest_late is not None and logical_time <= before.newest_late:
        return before, []
    after = replace(before, newest_late=logical_time)
    if before.late is not None:
        return after, []
    incident = f"late {logical_time.isoformat()}"
    telling = Telling(event="late", incident=incident, at=at, run=run, logical_time=logical_time)
    return replace(after, late=incident, late_since=at), [telling]


def _failed(before: Incidents, ended: Ended) -> tuple[Incidents, list[Telling]]:
    newest = max(before.newest_failed or ended.queued_at, ended.queued_at)
    if before.failing is not None:
        return replace(before, failures=before.failures + 1, newest_failed=newest), []
    after = replace(
        before, failing=ended.run, failing_since=ended.at, failures=1, newest_failed=newest
    )
    return after, [_telling("failure", ended.run, ended)]


def _recovery(before: Incidents, notify: Notify, ended: Ended) -> tuple[Incidents, Telling] | None:
    """End what a success ends. A run that was queued before the newest failed one ends nothing."""
    ends_failing = (
        before.failing is not None
        and before.newest_failed is not None
        and ended.queued_at > before.newest_failed
    )
    in_time = ended.logical_time is not None and not _is_late(notify, ended)
    ends_late = before.late is not None and (in_time or notify.late_after_s is None)
    if not ends_failing and not ends_late:
        return None
    telling = _telling("recovery", before.failing or before.late or ended.run, ended)
    if ends_failing:
        telling = replace(telling, since=before.failing_since, failures=before.failures)
    else:
        telling = replace(telling, incident=before.late or ended.run, since=before.late_since)
    after = before
    if ends_failing:
        after = replace(after, failing=None, failing_since=None, failures=0, newest_failed=None)
    if ends_late:
        after = replace(after, late=None, late_since=None)
    return after, telling


def _telling(event: NotifyEvent, incident: str, ended: Ended) -> Telling:
    return Telling(
        event=event,
        incident=incident,
        at=ended.at,
        run=ended.run,
        reason=ended.reason if event == "failure" else None,
        logical_time=ended.logical_time,
    )
