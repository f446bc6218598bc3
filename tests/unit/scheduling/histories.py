"""Two histories with one face for the simulation: the real one, and one in memory that is quick.

The quick one is what a database with transactions must do, in a hundred lines. That the real one
does the same is shown by letting both go the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

import msgspec

from headrace.project.pipeline import TRIGGER_KINDS, TriggerSpec
from headrace.protocol.tables import FINAL_RUN_STATES, RunState
from headrace.runs.arrivals import Waiting
from headrace.runs.changes import SaveRun
from headrace.runs.firing import Arrival, Firing, TickRun, TriggerState, shift_of
from headrace.runs.history import History
from headrace.runs.times import moment
from headrace.scheduling.triggers import next_of_spec

MOMENT = timedelta(microseconds=1)
EDITED = "missed; the trigger was edited before it could start"


class Entry(NamedTuple):
    """A trigger as it is recorded."""

    id: str
    spec: TriggerSpec
    active: bool
    next_at: datetime | None
    last_at: datetime | None


class Tick(NamedTuple):
    """A tick as it is recorded."""

    trigger: str
    at: datetime
    run: str | None
    skipped: str | None
    until: datetime | None


class Book(Protocol):
    """What the simulation needs of a history."""

    def sync(self, specs: Sequence[TriggerSpec], now: datetime) -> None: ...
    def entries(self) -> list[Entry]: ...
    def ticks(self) -> list[Tick]: ...
    def situation(self, now: datetime) -> list[TriggerState]: ...
    def fire(self, firings: Sequence[Firing]) -> list[str]: ...
    def arrive(self, trigger: Waiting, arrivals: Sequence[Arrival]) -> list[datetime]: ...
    def waiting_trigger(self, trigger: str) -> Waiting: ...
    def tick_of_key(self, trigger: str, key: str) -> datetime | None: ...
    def going(self) -> dict[str, str]: ...
    def all_runs(self) -> set[str]: ...
    def end(self, run: str, state: RunState) -> None: ...
    def close(self) -> None: ...


class RealBook:
    """The history itself, on SQLite in memory."""

    def __init__(self) -> None:
        self._history = History.open("sqlite://")

    def sync(self, specs: Sequence[TriggerSpec], now: datetime) -> None:
        self._history.sync_triggers("p", specs, now, next_of_spec)

    def entries(self) -> list[Entry]:
        rows = self._read("SELECT id, spec, active, next_at, last_at FROM triggers")
        return [
            Entry(
                row[0],
                msgspec.json.decode(row[1], type=TriggerSpec),
                bool(row[2]),
                moment(row[3]),
                moment(row[4]),
            )
            for row in rows
        ]

    def ticks(self) -> list[Tick]:
        rows = self._read("SELECT trigger_id, logical_time, run_id, skipped, until FROM ticks")
        return [Tick(r[0], moment(r[1]), r[2], r[3], moment(r[4])) for r in rows]

    def situation(self, now: datetime) -> list[TriggerState]:
        return self._history.situation(now)

    def fire(self, firings: Sequence[Firing]) -> list[str]:
        return self._history.fire(firings)

    def arrive(self, trigger: Waiting, arrivals: Sequence[Arrival]) -> list[datetime]:
        return self._history.arrive(trigger, arrivals, trigger.memory)

    def waiting_trigger(self, trigger: str) -> Waiting:
        return self._history.waiting_trigger(trigger)

    def tick_of_key(self, trigger: str, key: str) -> datetime | None:
        return self._history.tick_of_key(trigger, key)

    def going(self) -> dict[str, str]:
        going = "SELECT run_id, trigger_id FROM ticks WHERE run_id IN (SELECT id FROM runs WHERE"
        return dict(self._read(f"{going} state IN ('queued', 'running'))"))  # type: ignore[arg-type]

    def all_runs(self) -> set[str]:
        return {row[0] for row in self._read("SELECT id FROM runs")}

    def end(self, run: str, state: RunState) -> None:
        if self._history.run(run).state not in FINAL_RUN_STATES:
            self._history.write([SaveRun(run_id=run, state=state)])

    def close(self) -> None:
        self._history.close()

    def _read(self, statement: str) -> list[Any]:
        with self._history.database.reading() as connection:
            return list(connection.exec_driver_sql(statement).all())


@dataclass
class _Trigger:
    spec: TriggerSpec
    active: bool
    next_at: datetime | None
    last_at: datetime | None = None


@dataclass
class _Tick:
    run: str | None = None
    skipped: str | None = None
    until: datetime | None = None
    arrived: bool = False
    key: str | None = None

    @property
    def is_settled(self) -> bool:
        return self.run is not None or self.skipped is not None


class MemoryBook:
    """A history as it should be."""

    def __init__(self) -> None:
        self._triggers: dict[str, _Trigger] = {}
        self._ticks: dict[tuple[str, datetime], _Tick] = {}
        self._runs: dict[str, RunState] = {}
        self._made = 0

    def sync(self, specs: Sequence[TriggerSpec], now: datetime) -> None:
        ids = {trigger.spec.name: name for name, trigger in self._triggers.items()}
        gone = [ids[name] for name in ids if name not in {spec.name for spec in specs}]
        for spec in specs:
            known = ids.get(spec.name) or next((g for g in gone if self._is(g, spec)), None)
            if known in gone:
                gone.remove(known)
            self._put(known, spec, now)
        for name in gone:
            del self._triggers[name]
            for (trigger, _), tick in self._ticks.items():
                if trigger == name and not tick.is_settled:
                    tick.skipped = "the trigger was deleted"

    def _is(self, name: str, spec: TriggerSpec) -> bool:
        before = self._triggers[name].spec
        return all(
            getattr(before, kind) == getattr(spec, kind) for kind in (*TRIGGER_KINDS, "timezone")
        )

    def _put(self, known: str | None, spec: TriggerSpec, now: datetime) -> None:
        self._made += 1  # no name is random: the same seed is the same history
        name = known or f"{self._made:020}"
        trigger = self._triggers.get(name)
        after = now if trigger is None or trigger.last_at is None else max(now, trigger.last_at)
        due = next_of_spec(spec, after)
        shifted = None if due is None else due + shift_of(name, spec.jitter)
        if trigger is None:
            self._triggers[name] = _Trigger(spec, spec.active, shifted)
            return
        before, trigger.spec = trigger.spec, spec
        if msgspec.structs.replace(spec, name=before.name) == before:
            return
        if trigger.active and trigger.next_at is not None and trigger.next_at <= now:
            at = trigger.next_at - shift_of(name, before.jitter)
            self._ticks.setdefault((name, at), _Tick(skipped=EDITED, until=due or now + MOMENT))
            trigger.last_at = max(at, trigger.last_at or at)
        if before.active != spec.active:
            trigger.active = spec.active
        trigger.next_at = shifted

    def entries(self) -> list[Entry]:
        return [
            Entry(name, one.spec, one.active, one.next_at, one.last_at)
            for name, one in self._triggers.items()
        ]

    def ticks(self) -> list[Tick]:
        return [
            Tick(trigger, at, tick.run, tick.skipped, tick.until)
            for (trigger, at), tick in self._ticks.items()
        ]

    def situation(self, now: datetime) -> list[TriggerState]:
        waiting: dict[str, list[tuple[datetime, bool]]] = {}
        running: dict[str, list[TickRun]] = {}
        for (trigger, at), tick in sorted(self._ticks.items(), key=lambda entry: entry[0]):
            if not tick.is_settled:
                waiting.setdefault(trigger, []).append((at, tick.arrived))
            elif tick.run is not None and self._runs[tick.run] == "queued":
                running.setdefault(trigger, []).append(TickRun(at, tick.run))
        return [
            TriggerState(
                id=name,
                pipeline="p",
                spec=one.spec,
                active=one.active,
                next_at=one.next_at,
                running=tuple(running.get(name, ())),
                held=tuple(at for at, arrived in waiting.get(name, ()) if not arrived),
                arrived=tuple(at for at, arrived in waiting.get(name, ()) if arrived),
            )
            for name, one in self._triggers.items()
            if name in waiting or (one.active and one.next_at is not None and one.next_at <= now)
        ]

    def fire(self, firings: Sequence[Firing]) -> list[str]:
        created: list[str] = []
        for firing in firings:
            trigger = self._triggers.get(firing.trigger_id)
            if trigger is None or trigger.next_at != firing.due_at:
                continue
            if not trigger.active and any(tick.skipped is None for tick in firing.ticks):
                continue
            for change in firing.ticks:
                tick = self._ticks.setdefault((firing.trigger_id, change.logical_time), _Tick())
                if tick.is_settled:
                    continue
                tick.skipped, tick.until, tick.arrived = change.skipped, change.until, False
                if change.queue is not None:
                    tick.run = change.queue.record.id
                    self._runs[tick.run] = "queued"
                    created.append(tick.run)
            if firing.ticks and (firing.next_at != firing.due_at or firing.due_at is None):
                newest = max(change.logical_time for change in firing.ticks)
                trigger.last_at = max(newest, trigger.last_at or newest)
            trigger.next_at = firing.next_at
        return created

    def arrive(self, trigger: Waiting, arrivals: Sequence[Arrival]) -> list[datetime]:
        known = self._triggers.get(trigger.id)
        if known is None or not known.active:
            return []
        times: list[datetime] = []
        for arrival in arrivals:
            if self.tick_of_key(trigger.id, arrival.key) is not None:
                continue
            last = max((at for name, at in self._ticks if name == trigger.id), default=None)
            at = arrival.at
            if last is not None:
                at = max(at, last + MOMENT)
            self._ticks[trigger.id, at] = _Tick(arrived=True, key=arrival.key)
            times.append(at)
        return times

    def waiting_trigger(self, trigger: str) -> Waiting:
        one = self._triggers[trigger]
        return Waiting(
            id=trigger, pipeline="p", spec=one.spec, active=one.active, memory=None, secret=None
        )

    def tick_of_key(self, trigger: str, key: str) -> datetime | None:
        found = (
            at for (name, at), tick in self._ticks.items() if name == trigger and tick.key == key
        )
        return next(found, None)

    def going(self) -> dict[str, str]:
        return {
            tick.run: trigger
            for (trigger, _), tick in self._ticks.items()
            if tick.run is not None and self._runs[tick.run] == "queued"
        }

    def all_runs(self) -> set[str]:
        return set(self._runs)

    def end(self, run: str, state: RunState) -> None:
        if self._runs[run] == "queued":
            self._runs[run] = state

    def close(self) -> None:
        pass
