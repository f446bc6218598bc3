"""Two histories with one face for the simulation: the real one, and one in memory that is quick.

The quick one is what a database with transactions must do, in a hundred lines. That the real one
does the same is shown by letting both go the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple, Protocol

import msgspec

from headrace.project.pipeline import TRIGGER_KINDS, TriggerSpec
from headrace.protocol.tables import FINAL_RUN_STATES, RunState
from headrace.runs.arrivals import Waiting
from headrace.runs.changes import QueueRetry, QueueRun, SaveRun
from headrace.runs.firing import Arrival, Firing, TickChange, TickRun, TriggerState, shift_of
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

    at: datetime
    run: str | None
    skipped: str | None
    until: datetime | None


class Book(Protocol):
    """What the simulation needs of a history."""

    def sync(self, specs: Sequence[TriggerSpec], now: datetime) -> None: ...
    def entries(self) -> list[Entry]: ...
    def ticks(self) -> dict[str, tuple[Tick, ...]]:
        """Return the ticks of each trigger, oldest first."""
        ...

    def waiting(self) -> dict[str, list[datetime]]:
        """Return the ticks that wait for runs to be over, oldest first."""
        ...

    def situation(self, now: datetime) -> list[TriggerState]: ...
    def fire(self, firings: Sequence[Firing]) -> list[str]: ...
    def arrive(self, trigger: Waiting, arrivals: Sequence[Arrival]) -> list[datetime]: ...
    def waiting_trigger(self, trigger: str) -> Waiting: ...
    def tick_of_key(self, trigger: str, key: str) -> datetime | None: ...
    def going(self) -> dict[str, str]: ...
    def all_runs(self) -> set[str]: ...
    def end(self, run: str, state: RunState) -> None: ...
    def try_again(self, run: str, queue: QueueRun) -> None: ...
    def close(self) -> None: ...


class RealBook:
    """The history itself; on SQLite in memory when none is given."""

    def __init__(self, history: History | None = None) -> None:
        self._history = history or History.open("sqlite://")

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

    def ticks(self) -> dict[str, tuple[Tick, ...]]:
        rows = self._read(
            "SELECT trigger_id, logical_time, run_id, skipped, until FROM ticks"
            " ORDER BY trigger_id, logical_time"
        )
        return {
            trigger: tuple(Tick(moment(r[1]), r[2], r[3], moment(r[4])) for r in of_it)
            for trigger, of_it in groupby(rows, key=lambda row: row[0])
        }

    def waiting(self) -> dict[str, list[datetime]]:
        rows = self._read(
            "SELECT trigger_id, logical_time FROM ticks"
            " WHERE run_id IS NULL AND skipped IS NULL AND NOT arrived"
            " ORDER BY trigger_id, logical_time"
        )
        return {
            trigger: [moment(r[1]) for r in of_it]
            for trigger, of_it in groupby(rows, key=lambda row: row[0])
        }

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

    def try_again(self, run: str, queue: QueueRun) -> None:
        failed = SaveRun(run_id=run, state="failed", finished_at=queue.record.queued_at)
        self._history.write([failed, QueueRetry(of=run, queue=queue)])

    def close(self) -> None:
        self._history.close()

    def _read(self, statement: str) -> list[Any]:
        with self._history.database.reading() as connection:
            return list(connection.exec_driver_sql(statement).all())


@dataclass
class _Tick:
    run: str | None = None
    skipped: str | None = None
    until: datetime | None = None
    arrived: bool = False
    replaces: bool = False

    @property
    def is_settled(self) -> bool:
        return self.run is not None or self.skipped is not None


@dataclass
class _Ticks:
    """The ticks that a trigger has or had; those that are open again by themselves."""

    all: dict[datetime, _Tick] = field(default_factory=dict[datetime, _Tick])
    open: dict[datetime, _Tick] = field(default_factory=dict[datetime, _Tick])
    shown: tuple[Tick, ...] | None = None

    def put(self, at: datetime, tick: _Tick) -> None:
        self.all[at], self.shown = tick, None
        if tick.is_settled:
            self.open.pop(at, None)
        else:
            self.open[at] = tick


@dataclass
class _Trigger:
    spec: TriggerSpec
    active: bool
    next_at: datetime | None
    last_at: datetime | None = None
    revision: int = 0
    keys: dict[str, datetime] = field(default_factory=dict[str, datetime])


class MemoryBook:
    """A history as it should be."""

    def __init__(self) -> None:
        self._triggers: dict[str, _Trigger] = {}
        self._ticks: dict[str, _Ticks] = {}
        self._runs: dict[str, RunState] = {}
        self._going: dict[str, tuple[str, datetime]] = {}
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
            for at in list(self._ticks[name].open):
                self._ticks[name].put(at, _Tick(skipped="the trigger was deleted"))

    def _is(self, name: str, spec: TriggerSpec) -> bool:
        before = self._triggers[name].spec
        return all(
            getattr(before, kind) == getattr(spec, kind) for kind in (*TRIGGER_KINDS, "timezone")
        )

    def _put(self, known: str | None, spec: TriggerSpec, now: datetime) -> None:
        self._made += 1  # no name is random: the same seed is the same history
        name = known or f"{self._made:020}"
        trigger = self._triggers.get(name)
        if trigger is not None and trigger.spec == spec:
            return
        after = now if trigger is None or trigger.last_at is None else max(now, trigger.last_at)
        due = next_of_spec(spec, after)
        shifted = None if due is None else due + shift_of(name, spec.jitter)
        if trigger is None:
            self._triggers[name] = _Trigger(spec, spec.active, shifted)
            self._ticks[name] = _Ticks()
            return
        before, trigger.spec = trigger.spec, spec
        trigger.revision += 1
        if msgspec.structs.replace(spec, name=before.name) == before:
            return
        if trigger.active and trigger.next_at is not None and trigger.next_at <= now:
            at = trigger.next_at - shift_of(name, before.jitter)
            if at not in self._ticks[name].all:
                until = due or now + MOMENT
                self._ticks[name].put(at, _Tick(skipped=EDITED, until=until))
            trigger.last_at = max(at, trigger.last_at or at)
        if before.active != spec.active:
            trigger.active = spec.active
        trigger.next_at = shifted

    def entries(self) -> list[Entry]:
        return [
            Entry(name, one.spec, one.active, one.next_at, one.last_at)
            for name, one in self._triggers.items()
        ]

    def ticks(self) -> dict[str, tuple[Tick, ...]]:
        return {name: self._shown(of_it) for name, of_it in self._ticks.items()}

    def _shown(self, of_it: _Ticks) -> tuple[Tick, ...]:
        if of_it.shown is None:
            of_it.shown = tuple(
                Tick(at, tick.run, tick.skipped, tick.until)
                for at, tick in sorted(of_it.all.items(), key=lambda item: item[0])
            )
        return of_it.shown

    def waiting(self) -> dict[str, list[datetime]]:
        return {
            name: sorted(at for at, tick in of_it.open.items() if not tick.arrived)
            for name, of_it in self._ticks.items()
        }

    def situation(self, now: datetime) -> list[TriggerState]:
        running: dict[str, list[TickRun]] = {}
        for run, (trigger, at) in sorted(self._going.items(), key=lambda item: item[1]):
            running.setdefault(trigger, []).append(TickRun(at, run))
        found: list[TriggerState] = []
        for name, one in self._triggers.items():
            waiting = sorted(self._ticks[name].open.items(), key=lambda item: item[0])
            if waiting or (one.active and one.next_at is not None and one.next_at <= now):
                found.append(
                    TriggerState(
                        id=name,
                        pipeline="p",
                        spec=one.spec,
                        active=one.active,
                        next_at=one.next_at,
                        revision=one.revision,
                        running=tuple(running.get(name, ())),
                        held=tuple(at for at, tick in waiting if not tick.arrived),
                        replacing=any(tick.replaces for _, tick in waiting),
                        arrived=tuple(at for at, tick in waiting if tick.arrived),
                    )
                )
        return found

    def fire(self, firings: Sequence[Firing]) -> list[str]:
        created: list[str] = []
        for firing in firings:
            trigger = self._triggers.get(firing.trigger_id)
            if trigger is None or trigger.revision != firing.revision:
                continue
            trigger.revision += 1
            for change in firing.ticks:
                created += self._settle(firing.trigger_id, change)
            if firing.ticks and (firing.next_at != firing.due_at or firing.due_at is None):
                newest = max(change.logical_time for change in firing.ticks)
                trigger.last_at = max(newest, trigger.last_at or newest)
            trigger.next_at = firing.next_at
        return created

    def _settle(self, trigger: str, change: TickChange) -> list[str]:
        """Do with a tick what was decided, unless something was before; return its run."""
        of_it, at = self._ticks[trigger], change.logical_time
        if at in of_it.all and of_it.all[at].is_settled:
            if change.until is not None:  # it speaks of other ticks
                of_it.put(at, replace(of_it.all[at], until=change.until))
            return []
        run = None if change.queue is None else change.queue.record.id
        of_it.put(at, _Tick(run, change.skipped, change.until, replaces=change.replaces))
        if run is None:
            return []
        self._runs[run], self._going[run] = "queued", (trigger, at)
        return [run]

    def arrive(self, trigger: Waiting, arrivals: Sequence[Arrival]) -> list[datetime]:
        known = self._triggers.get(trigger.id)
        if known is None or not known.active:
            return []
        of_it, times = self._ticks[trigger.id], list[datetime]()
        for arrival in arrivals:
            if arrival.key in known.keys:
                continue
            last, at = max(of_it.all, default=None), arrival.at
            if last is not None:
                at = max(at, last + MOMENT)
            of_it.put(at, _Tick(arrived=True))
            known.keys[arrival.key] = at
            times.append(at)
        return times

    def waiting_trigger(self, trigger: str) -> Waiting:
        one = self._triggers[trigger]
        return Waiting(
            id=trigger, pipeline="p", spec=one.spec, active=one.active, memory=None, secret=None
        )

    def tick_of_key(self, trigger: str, key: str) -> datetime | None:
        return self._triggers[trigger].keys.get(key)

    def going(self) -> dict[str, str]:
        return {run: trigger for run, (trigger, _) in self._going.items()}

    def all_runs(self) -> set[str]:
        return set(self._runs)

    def end(self, run: str, state: RunState) -> None:
        if self._going.pop(run, None) is not None:
            self._runs[run] = state

    def try_again(self, run: str, queue: QueueRun) -> None:
        self._runs[run], self._runs[queue.record.id] = "failed", "queued"
        trigger, at = self._going[queue.record.id] = self._going.pop(run)
        self._ticks[trigger].put(
            at, _Tick(queue.record.id, until=self._ticks[trigger].all[at].until)
        )
        if trigger in self._triggers:
            self._triggers[trigger].revision += 1

    def close(self) -> None:
        pass
