"""What counts as an event for a trigger: what it sees now, held against what it has seen. Pure.

The first look only remembers: what is there when a trigger is made, changed or switched on is the
past.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from headrace.core.errors import InvalidInput
from headrace.core.ids import digest
from headrace.runs.arrivals import Ended
from headrace.runs.firing import Arrival, Cause

MOST_FILES = 10_000
"""Files that one pattern may name."""
_Files = dict[str, tuple[str, str]]
"""Path → its state at the last look, and the last one that counted."""


class _Runs(Struct):
    """Until when runs were seen, and those that ended at just that moment."""

    until: datetime
    seen: list[str]


Found = tuple[list[Arrival], bytes]
"""Events, oldest first, and what the trigger has seen from now on."""


def files_arrived(memory: bytes | None, present: Mapping[str, str], now: datetime) -> Found:
    """Find the files that are new or changed; `present` is path → what tells its states apart.

    A file counts once it looked the same twice in a row: it is written to its end then.
    """
    if len(present) > MOST_FILES:
        raise InvalidInput(f"The pattern names more than {MOST_FILES:,} files.", field="files")
    if memory is None:
        return [], msgspec.json.encode({path: (state, state) for path, state in present.items()})
    known = msgspec.json.decode(memory, type=_Files)
    seen: _Files = {}
    found: list[Arrival] = []
    for path in sorted(present):
        state = present[path]
        before, told = known.get(path, ("", ""))
        seen[path] = (state, state if before == state else told)
        if before == state != told:
            cause = Cause(words=f"file {path}", offered={"file": path})
            found.append(Arrival(key=digest("file", path, state), at=now, cause=cause))
    return found, msgspec.json.encode(seen)


def runs_arrived(memory: bytes | None, ended: Sequence[Ended], now: datetime) -> Found:
    """Find the runs that ended well since the last look; `ended` are those since `until` of it."""
    if memory is None:
        return [], msgspec.json.encode(_Runs(until=now, seen=[]))
    before = msgspec.json.decode(memory, type=_Runs)
    new = [one for one in ended if one.run not in before.seen]
    if not new:
        return [], memory
    until = new[-1].at
    seen = [one.run for one in ended if one.at == until]
    found = [
        Arrival(key=f"run {one.run}", at=one.at, cause=Cause(words=f"run {one.run}")) for one in new
    ]
    return found, msgspec.json.encode(_Runs(until=until, seen=seen))


def seen_until(memory: bytes | None, now: datetime) -> datetime:
    """Return from when on runs are news."""
    return now if memory is None else msgspec.json.decode(memory, type=_Runs).until


def output_arrived(memory: bytes | None, newest: tuple[str, str] | None, now: datetime) -> Found:
    """Find out whether an output differs; `newest` is the run that gave it, and its digest."""
    content = None if newest is None else newest[1]
    encoded = msgspec.json.encode(content)
    if memory is None or newest is None or memory == encoded:
        return [], encoded if memory is None else memory
    words = f"another output by run {newest[0]}"
    return [Arrival(key=f"output {newest[0]}", at=now, cause=Cause(words=words))], encoded
