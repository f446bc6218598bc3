"""Cron lines in a named time zone: cronsim's calendar, our rule for the changes of clocks.

The rule (as Debian's cron and OCPS 1.4 have it for fixed times):

* Fixed hour: a time in the gap fires once, at the first instant after the gap; a time in the
  overlap fires once, at its first occurrence.
* `*` or `*/n` in the hour field: elapsed time counts. Hours of the gap are not made up for, hours
  of the overlap fire in both.

cronsim runs on wall time without a zone; mapping wall time to instants is done here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from headrace.core.errors import InvalidInput

ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
# Not from strftime, which would ask the locale of the server.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
MAX_LENGTH = 200
_ITEM = re.compile(r"[0-9A-Za-z*/,#-]+")
_SAMPLES = ("0", "0", "1", "1", "*")
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return the names that a time zone may have."""
    return frozenset(available_timezones())


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name; InvalidInput when there is none of that name.

    `ZoneInfo` itself would read files for odd names, so names are checked against the list first.
    """
    if name not in zone_names():
        raise InvalidInput(
            f"{name[:60]!r} is not a time zone: use a name such as Europe/Berlin.", field="timezone"
        )
    return ZoneInfo(name)


def normal(line: str) -> str:
    """Return a cron line of five fields; InvalidInput names the field that is wrong."""
    text = line.strip()
    if text.lower() in ALIASES:
        return ALIASES[text.lower()]
    if text.startswith("@"):
        known = ", ".join(ALIASES)
        raise InvalidInput(f"{text[:40]!r} is not known: use one of {known}.", field="cron")
    fields = text.split()
    if len(text) > MAX_LENGTH:
        raise InvalidInput(f"A cron line has at most {MAX_LENGTH} characters.", field="cron")
    if len(fields) != len(FIELDS):
        raise InvalidInput(
            f"A cron line has five fields: {', '.join(FIELDS)}. This one has {len(fields)}.",
            field="cron",
        )
    for position, (name, field) in enumerate(zip(FIELDS, fields, strict=True)):
        _check_field(name, field, position)
    return " ".join(fields)


def _check_field(name: str, field: str, position: int) -> None:
    """Try one field among harmless others, so that an error can name it."""
    sample: list[str] = list(_SAMPLES)
    sample[position] = field
    known = _ITEM.fullmatch(field) is not None
    if known:
        try:
            CronSim(" ".join(sample), datetime(2024, 1, 1))  # noqa: DTZ001 wall time has no zone
        except CronSimError:
            known = False
    if not known:
        raise InvalidInput(f"{field[:40]!r} is not a {name} that cron knows.", field="cron")


@lru_cache(maxsize=4096)
def cron_of(line: str, timezone: str) -> Cron:
    """Return a cron line in a time zone; the same one again for the same words."""
    return Cron(line, timezone)


class Cron:
    """A cron line in a time zone; `ticks` gives its instants in UTC."""

    def __init__(self, line: str, timezone: str) -> None:
        self.line = normal(line)
        self.zone = zone_of(timezone)
        self.is_fixed = not self.line.split()[1].startswith("*")
        if not list(islice(self._walls(datetime(2024, 1, 1)), 1)):  # noqa: DTZ001 wall time
            raise InvalidInput(f"{line!r} never fires: no month has such a day.", field="cron")

    def ticks(self, after: datetime) -> Iterator[datetime]:
        """Yield the instants later than `after`, in UTC, without end."""
        return self._fixed(after) if self.is_fixed else self._elapsed(after)

    def _walls(self, after: datetime) -> Iterator[datetime]:
        """Yield the wall times later than `after`, none of them with a zone."""
        try:
            yield from CronSim(self.line, after)
        except CronSimError:
            return

    def _fixed(self, after: datetime) -> Iterator[datetime]:
        # A wall time in a gap may lie before `after` on the wall and after it in time.
        start = after.astimezone(self.zone).replace(tzinfo=None) - _DAY
        last = after.astimezone(UTC)
        for wall in self._walls(start):
            instant = self._first_instant(wall)
            if instant > last:
                last = instant
                yield instant

    def _first_instant(self, wall: datetime) -> datetime:
        """Return when a wall time is: its first occurrence, or the end of the gap it lies in."""
        instant = wall.replace(tzinfo=self.zone).astimezone(UTC)
        if instant.astimezone(self.zone).replace(tzinfo=None) == wall:
            return instant
        # With fold=0 the offset before the gap was taken, so the instant lies after the change.
        return self._change_between(instant - _DAY, instant)

    def _elapsed(self, after: datetime) -> Iterator[datetime]:
        now = after.astimezone(UTC)
        while True:
            offset = self._offset(now)
            wall = next(self._walls((now + offset).replace(tzinfo=None)))
            instant = wall.replace(tzinfo=UTC) - offset
            change = self._next_change(now, instant)
            if change is None:
                yield instant
                now = instant
            else:
                # Up to the change nothing fires; from there on another offset holds.
                first = change.astimezone(self.zone).replace(tzinfo=None)
                if next(self._walls(first - _MINUTE)) == first:
                    yield change
                now = change

    def _offset(self, instant: datetime) -> timedelta:
        offset = instant.astimezone(self.zone).utcoffset()
        assert offset is not None, "a zone has an offset at every instant"
        return offset

    def _next_change(self, start: datetime, end: datetime) -> datetime | None:
        """Find the first change of the offset in (start, end], or None."""
        before = start
        while before < end:
            step = min(before + _DAY, end)
            if self._offset(step) != self._offset(before):
                return self._change_between(before, step)
            before = step
        return None

    def _change_between(self, before: datetime, after: datetime) -> datetime:
        """Find the one change of the offset in (before, after], to the second."""
        old = self._offset(before)
        low, high = int(before.timestamp()), int(after.timestamp())
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(datetime.fromtimestamp(middle, UTC)) == old:
                low = middle
            else:
                high = middle
        return datetime.fromtimestamp(high, UTC)

    def note(self, tick: datetime) -> str:
        """Say in words what a change of clocks does to a tick; empty when nothing."""
        local = tick.astimezone(self.zone)
        wall = local.replace(tzinfo=None)
        day = f"{local.day} {MONTHS[local.month - 1]}"
        if self._offset(tick) == self._offset(tick - timedelta(seconds=1)):
            twice = wall.replace(tzinfo=self.zone, fold=1).astimezone(UTC) != tick
            if local.fold:
                return f"{wall:%H:%M} comes a second time on {day}"
            if twice and self.is_fixed:
                return f"{wall:%H:%M} comes twice on {day}: runs once, the first time"
            return f"{wall:%H:%M} comes twice on {day}: this is the first" if twice else ""
        before = (tick - timedelta(seconds=1)).astimezone(self.zone).replace(tzinfo=None)
        lost = next(self._walls(before - _MINUTE), wall)
        if self.is_fixed and lost < wall:
            return f"{lost:%H:%M} does not exist on {day}: runs at {wall:%H:%M}"
        return f"clocks change to {wall:%H:%M} on {day}"
