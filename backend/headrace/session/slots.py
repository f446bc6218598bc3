"""Which of the blocks that wait starts next: limits, priorities and fair shares. Pure.

A block asks for a slot with a ticket, holds the slot while it executes, and gives it back. What
limits there are, and whose turn it is, is decided here and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace
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

    `add` and `release` cost O(1), a ticket that is taken O(groups): runs that wait, by pool and
    priority. Nothing here knows of time; whoever releases a slot, or changes a limit, calls `take`.
    """

    def __init__(self, project: int = PROJECT_SLOTS, pools: Mapping[str, int] | None = None):
        self._project = project
        self._pools = dict(pools or {})
        self._pipelines: dict[str, int] = {}
        self._waiting: dict[_Group, dict[str, Ticket]] = {}
        self._urgent: dict[_Group, None] = {}
        """Groups of the editor that wait: all that can start while the project is full."""
        self._held: dict[tuple[str, str], _Group] = {}
        self._asked: dict[tuple[str, str], _Group] = {}
        self._shares = _Shares()
        self.changes = 0
        """Goes up with each change of the line, for those who tell of places in it."""

    def limit(self, project: int, pools: Mapping[str, int]) -> None:
        """Set the limits of the project; blocks that execute already go on."""
        self._project, self._pools = project, dict(pools)

    def limit_pipeline(self, pipeline: str, slots: int | None) -> None:
        """Set how many blocks of a pipeline execute at a time, over all its runs."""
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
        self._waiting.setdefault(group, {})[ticket.block] = ticket
        if group.interactive:
            self._urgent[group] = None
        self._shares.join(group)
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
            taken.append(ticket)
        return taken

    @property
    def may_take(self) -> bool:
        """Tell whether somebody could start now."""
        return self._next() is not None

    def release(self, run: str, block: str) -> None:
        """Give back a slot, or take a block out of the line; no harm when it is in neither."""
        group = self._held.pop((run, block), None)
        if group is not None:
            self._shares.take_back(group)
            self.changes += 1
            return
        group = self._asked.get((run, block))
        if group is not None:
            self._leave(group, run, block)

    def end_run(self, run: str) -> None:
        """Forget a run: all that it holds and all that waits."""
        for of_run, block in [*self._held, *self._asked]:
            if of_run == run:
                self.release(run, block)
        self._shares.turns.pop(("run", run), None)
        del self._shares.runs[run]

    def end_pipeline(self, pipeline: str) -> None:
        """Forget a pipeline with all its runs."""
        groups = [*self._held.values(), *self._asked.values()]
        for run in {group.run for group in groups if group.pipeline == pipeline}:
            self.end_run(run)
        self._shares.turns.pop(("pipeline", pipeline), None)
        self._pipelines.pop(pipeline, None)

    def places(self, most: int) -> dict[tuple[str, str], int]:
        """Return the place in the line, from 1, of the `most` next (run, block).

        So they would start if slots came free one by one and nobody else came.
        """
        shares = self._shares.copy()
        lines = {group: iter(tickets.values()) for group, tickets in self._waiting.items()}
        left = {group: len(tickets) for group, tickets in self._waiting.items()}
        # A slot makes whoever gets it wait longer, and all who share with it: never less long.
        # So an entry whose rank is still true when it comes up is the least of all.
        line = [(shares.rank(group), at, group) for at, group in enumerate(self._waiting)]
        heapify(line)
        found: dict[tuple[str, str], int] = {}
        while line and len(found) < most:
            rank, at, group = line[0]
            now = shares.rank(group)
            if now != rank:
                heapreplace(line, (now, at, group))
                continue
            ticket = next(lines[group])
            found[ticket.run, ticket.block] = len(found) + 1
            shares.give(group)
            left[group] -= 1
            if not left[group]:
                heappop(line)
        return found

    def pipelines(self) -> dict[str, str]:
        """Return the pipeline of each run that waits."""
        return {group.run: group.pipeline for group in self._waiting}

    def held(self) -> Iterator[tuple[str, str]]:
        """Return every (run, block) that has a slot."""
        return iter(self._held)

    def _leave(self, group: _Group, run: str, block: str) -> None:
        del self._asked[run, block]
        del self._waiting[group][block]
        if not self._waiting[group]:
            del self._waiting[group]
            self._urgent.pop(group, None)
        self.changes += 1

    def _next(self) -> _Group | None:
        # Most of the time all slots are taken: then a thousand runs that wait are not looked at.
        full = self._shares.project >= self._project
        able = [
            group for group in (self._urgent if full else self._waiting) if self._is_free(group)
        ]
        return min(able, key=self._shares.rank) if able else None

    def _is_free(self, group: _Group) -> bool:
        """Tell whether no limit but the project's keeps the next ticket of a group waiting."""
        shares = self._shares
        if shares.runs[group.run] >= group.slots:
            return False
        if group.pool is not None:
            slots = self._pools.get(group.pool, POOL_SLOTS)
            if shares.pools[group.pool] >= slots:
                return False
        if group.lane and shares.lanes[group.lane]:
            return False
        if group.interactive:
            return True
        of_pipeline = self._pipelines.get(group.pipeline, self._project)
        return shares.pipelines[group.pipeline] < of_pipeline


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
