"""Which of the blocks that wait starts next: limits, priorities and fair shares. Pure.

A block asks for a slot with a ticket, holds the slot while it executes, and gives it back. What
limits there are, and whose turn it is, is decided here and nowhere else.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace
from itertools import islice
from typing import NamedTuple

PROJECT_SLOTS = 8
"""Blocks of runs that execute at a time in a project whose `max_parallel:` says nothing."""

POOL_SLOTS = 1
"""Slots of a pool that `pools:` does not name: the careful answer."""


class Ticket(NamedTuple):
    """A block that wants to start.

    `slots` is the limit of its run. An interactive one counts only for its pool and its `lane`,
    the one worker that it needs, and goes before all others.
    """

    pipeline: str
    run: str
    block: str
    priority: int = 0
    pool: str | None = None
    slots: int = 1
    interactive: bool = False
    lane: str = ""


class _Group(NamedTuple):
    """Tickets among which nothing but their order decides."""

    pipeline: str
    run: str
    priority: int
    pool: str | None
    slots: int
    interactive: bool
    lane: str


class _Kind(NamedTuple):
    """Groups of runs without the editor that the same limits keep waiting, but for each run's."""

    pipeline: str
    priority: int
    pool: str | None


class _Entry(NamedTuple):
    """A group in the line of its kind; true as long as nothing of it has changed."""

    share: int
    turn: int
    order: int
    group: _Group


@dataclass
class _Shares:
    """How much everyone holds, and how long ago everyone's last turn was."""

    project: int = 0
    pipelines: Counter[str] = field(default_factory=Counter[str])
    runs: Counter[str] = field(default_factory=Counter[str])
    pools: Counter[str] = field(default_factory=Counter[str])
    lanes: Counter[str] = field(default_factory=Counter[str])
    turn: int = 0
    turns: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """Turn at which ("pipeline" or "run", name) got its last slot, or began to wait."""

    def copy(self) -> _Shares:
        return _Shares(
            self.project,
            self.pipelines.copy(),
            self.runs.copy(),
            self.pools.copy(),
            self.lanes.copy(),
            self.turn,
            dict(self.turns),
        )

    def join(self, group: _Group) -> None:
        """Let newcomers begin at the end of the line: many of them then starve nobody.

        Only whoever had the last turn of all stands behind them.
        """
        self.turns.setdefault(("pipeline", group.pipeline), self.turn - 1)
        self.turns.setdefault(("run", group.run), self.turn - 1)

    def give(self, group: _Group) -> None:
        self.turn += 2
        self.turns["pipeline", group.pipeline] = self.turn
        self.turns["run", group.run] = self.turn
        self._count(group, 1)

    def take_back(self, group: _Group) -> None:
        self._count(group, -1)

    def _count(self, group: _Group, by: int) -> None:
        self.runs[group.run] += by
        if group.pool is not None:
            self.pools[group.pool] += by
        if group.lane:
            self.lanes[group.lane] += by
        if not group.interactive:
            self.project += by
            self.pipelines[group.pipeline] += by

    def rank(self, group: _Group) -> tuple[int, ...]:
        """Give the least number to who is next: by priority, smaller share, longer wait."""
        return (
            not group.interactive,
            -group.priority,
            self.pipelines[group.pipeline],
            self.turns["pipeline", group.pipeline],
            self.runs[group.run],
            self.turns["run", group.run],
        )


class Slots:
    """The slots of a project.

    A ticket costs O(log(runs that wait)), and to see whose turn it is O(kinds that wait), which are
    pipelines by priority and pool. Nothing here knows of time; whoever releases a slot, or changes
    a limit, calls `take`.
    """

    def __init__(self, project: int = PROJECT_SLOTS, pools: Mapping[str, int] | None = None):
        self._project = project
        self._pools = dict(pools or {})
        self._pipelines: dict[str, int] = {}
        self._waiting: dict[_Group, dict[str, Ticket]] = {}
        self._orders: dict[_Group, int] = {}
        """Of the groups that wait: which of them came first."""
        self._newest = 0
        self._lines: dict[_Kind, list[_Entry]] = {}
        """Heaps. What is no longer true of them is dropped when it comes up."""
        self._full: set[_Group] = set()
        """Groups that wait in no line, for their runs have all their slots."""
        self._runs: dict[str, set[_Group]] = {}
        """The groups of a run that wait in a line."""
        self._blocks: dict[str, dict[str, None]] = {}
        """The blocks of a run that wait or have a slot."""
        self._urgent: dict[_Group, None] = {}
        """Groups of the editor that wait: all that can start while the project is full."""
        self._held: dict[tuple[str, str], _Group] = {}
        self._asked: dict[tuple[str, str], _Group] = {}
        self._shares = _Shares()
        self.changes = 0
        """Goes up with each change of the line, for those who tell of places in it."""
        self._known: tuple[int, _Group | None] | None = None
        """Who was next, and after which change that was found; None after another limit."""

    def limit(self, project: int, pools: Mapping[str, int]) -> None:
        """Set the limits of the project; blocks that execute already go on."""
        self._project, self._pools = project, dict(pools)
        self._known = None

    def limit_pipeline(self, pipeline: str, slots: int | None) -> None:
        """Set how many blocks of a pipeline execute at a time, over all its runs."""
        self._known = None
        if slots is None:
            self._pipelines.pop(pipeline, None)
        else:
            self._pipelines[pipeline] = slots

    def add(self, ticket: Ticket) -> None:
        """Let a block wait for a slot; once, until it is released."""
        place = (ticket.run, ticket.block)
        assert place not in self._asked, f"{place} waits already"
        assert place not in self._held, f"{place} has a slot already"
        group = _group_of(ticket)
        self._asked[place] = group
        self._blocks.setdefault(ticket.run, {})[ticket.block] = None
        self._shares.join(group)
        if group not in self._waiting:
            self._join(group)
        self._waiting[group][ticket.block] = ticket
        self.changes += 1

    def take(self, pipeline: str | None = None) -> list[Ticket]:
        """Give out every slot that is free, to those whose turn it is.

        With `pipeline`, only as long as it is the turn of that pipeline: the rest has to be taken
        by somebody who can start it.
        """
        taken: list[Ticket] = []
        while (group := self._next()) is not None:
            if pipeline is not None and group.pipeline != pipeline:
                break
            block, ticket = next(iter(self._waiting[group].items()))
            self._leave(group, ticket.run, block)
            self._held[ticket.run, block] = group
            self._shares.give(group)
            self._line_up(ticket.run)
            taken.append(ticket)
        return taken

    @property
    def may_take(self) -> bool:
        """Tell whether somebody could start now."""
        return self._next() is not None

    def release(self, run: str, block: str) -> None:
        """Give back a slot, or take a block out of the line; no harm when it is in neither."""
        if block not in self._blocks.get(run, ()):
            return
        del self._blocks[run][block]
        group = self._held.pop((run, block), None)
        if group is None:
            self._leave(self._asked[run, block], run, block)
            return
        self._shares.take_back(group)
        self._line_up(run)
        self.changes += 1

    def end_run(self, run: str) -> None:
        """Forget a run: all that it holds and all that waits."""
        for block in list(self._blocks.get(run, ())):
            self.release(run, block)
        self._blocks.pop(run, None)
        self._shares.turns.pop(("run", run), None)
        del self._shares.runs[run]

    def end_pipeline(self, pipeline: str) -> None:
        """Forget a pipeline with all its runs."""
        groups = [*self._held.values(), *self._asked.values()]
        for run in {group.run for group in groups if group.pipeline == pipeline}:
            self.end_run(run)
        self._shares.turns.pop(("pipeline", pipeline), None)
        self.limit_pipeline(pipeline, None)

    def places(self, most: int) -> dict[tuple[str, str], int]:
        """Return the place in the line, from 1, of the `most` next (run, block).

        So they would start if slots came free one by one and nobody else came.
        """
        shares = self._shares.copy()
        behind = {kind: self._in_line(kind) for kind in self._lines}
        first = [group for of_kind in behind.values() for group in islice(of_kind, 1)]
        groups = [*self._urgent, *self._full, *first]
        tickets: dict[_Group, deque[Ticket]] = {}
        # A slot makes whoever gets it wait longer, and all who share with it: never less long.
        # So an entry whose rank is still true when it comes up is the least of all. The next of
        # its kind joins in when the first one has a slot, or waits longer by a slot of its run.
        line = [(shares.rank(group), self._orders[group], group) for group in groups]
        heapify(line)
        found: dict[tuple[str, str], int] = {}
        while line and len(found) < most:
            rank, order, group = line[0]
            now = shares.rank(group)
            if now != rank:
                heapreplace(line, (now, order, group))
            else:
                left = tickets.setdefault(group, deque(self._waiting[group].values()))
                ticket = left.popleft()
                found[ticket.run, ticket.block] = len(found) + 1
                shares.give(group)
                if not left:
                    heappop(line)
            for follower in islice(behind.get(_kind_of(group), ()), 1):
                heappush(line, (shares.rank(follower), self._orders[follower], follower))
        return found

    def _in_line(self, kind: _Kind) -> Iterator[_Group]:
        """Yield the groups of a kind in the order of their turns, each once."""
        return (entry.group for entry in _in_order(self._lines[kind]) if self._is_true(entry))

    def pipeline_of(self, run: str, block: str) -> str:
        """Return the pipeline of a block that waits."""
        return self._asked[run, block].pipeline

    def held(self) -> Iterator[tuple[str, str]]:
        """Return every (run, block) that has a slot."""
        return iter(self._held)

    def _join(self, group: _Group) -> None:
        """Let a group wait that did not."""
        self._waiting[group] = {}
        self._newest += 1
        self._orders[group] = self._newest
        if group.interactive:
            self._urgent[group] = None
        else:
            self._runs.setdefault(group.run, set()).add(group)
            self._enter(group)

    def _leave(self, group: _Group, run: str, block: str) -> None:
        """Take a block out of the line; its group leaves with the last one."""
        del self._asked[run, block]
        del self._waiting[group][block]
        self.changes += 1
        if self._waiting[group]:
            return
        del self._waiting[group]
        del self._orders[group]
        self._urgent.pop(group, None)
        self._full.discard(group)
        mine = self._runs.get(run, set[_Group]())
        mine.discard(group)
        if not mine:
            self._runs.pop(run, None)

    def _line_up(self, run: str) -> None:
        """Give the groups of a run the places in their lines that they have by its share now."""
        for group in self._runs.get(run, ()):
            self._enter(group)

    def _enter(self, group: _Group) -> None:
        kind = _kind_of(group)
        self._full.discard(group)
        heappush(self._lines.setdefault(kind, []), self._entry(group))

    def _entry(self, group: _Group) -> _Entry:
        shares, run = self._shares, group.run
        return _Entry(shares.runs[run], shares.turns["run", run], self._orders[group], group)

    def _next(self) -> _Group | None:
        if self._known is None or self._known[0] != self.changes:
            self._known = self.changes, self._find_next()
        return self._known[1]

    def _find_next(self) -> _Group | None:
        able = [group for group in self._urgent if self._is_free(group)]
        # Most of the time all slots are taken: then a thousand runs that wait are not looked at.
        if self._shares.project < self._project:
            firsts = [self._first(kind) for kind in list(self._lines) if self._has_room(kind)]
            able += [group for group in firsts if group is not None]
        return min(able, key=self._rank, default=None)

    def _rank(self, group: _Group) -> tuple[int, ...]:
        return (*self._shares.rank(group), self._orders[group])

    def _first(self, kind: _Kind) -> _Group | None:
        """Return the group of a kind whose turn it is, None when all its runs have their slots."""
        line = self._lines[kind]
        while line:
            entry = line[0]
            if self._is_true(entry):
                if entry.share < entry.group.slots:
                    return entry.group
                # It comes into the line again when a slot of its run is given back.
                self._full.add(entry.group)
            heappop(line)
        del self._lines[kind]
        return None

    def _is_true(self, entry: _Entry) -> bool:
        """Tell whether a group still waits, and has the share and the turn of its entry."""
        if self._orders.get(entry.group) != entry.order:
            return False
        shares, run = self._shares, entry.group.run
        return shares.runs[run] == entry.share and shares.turns["run", run] == entry.turn

    def _has_room(self, kind: _Kind) -> bool:
        """Tell whether neither its pipeline nor its pool keeps a kind waiting."""
        of_pipeline = self._pipelines.get(kind.pipeline, self._project)
        return self._shares.pipelines[kind.pipeline] < of_pipeline and self._has_pool(kind.pool)

    def _has_pool(self, pool: str | None) -> bool:
        return pool is None or self._shares.pools[pool] < self._pools.get(pool, POOL_SLOTS)

    def _is_free(self, group: _Group) -> bool:
        """Tell whether no limit keeps the next ticket of a group of the editor waiting."""
        shares = self._shares
        if shares.runs[group.run] >= group.slots or (group.lane and shares.lanes[group.lane]):
            return False
        return self._has_pool(group.pool)


def _kind_of(group: _Group) -> _Kind:
    return _Kind(group.pipeline, group.priority, group.pool)


def _in_order(heap: Sequence[_Entry]) -> Iterator[_Entry]:
    """Yield the entries of a heap from the least on, without changing it; O(log) for each."""
    front = [(entry, 0) for entry in heap[:1]]
    while front:
        entry, at = heappop(front)
        yield entry
        for below in (2 * at + 1, 2 * at + 2):
            if below < len(heap):
                heappush(front, (heap[below], below))


def _group_of(ticket: Ticket) -> _Group:
    return _Group(
        ticket.pipeline,
        ticket.run,
        ticket.priority,
        ticket.pool,
        ticket.slots,
        ticket.interactive,
        ticket.lane,
    )
