"""The line for slots among live sessions: who is told that it is its turn, and of its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from headrace.session.slots import PROJECT_SLOTS, Slots

TOLD_PLACES = 20
"""So many of the next ones are told their place in the line."""

_PAUSE_S = 0.05
"""Places are told at most so often: a wide run changes them with each block."""

Places = dict[str, dict[str, int]]
"""Run → block → place in the line, from 1."""


class Member(Protocol):
    """A session, as the line sees it."""

    def granted(self, run: str, block: str) -> None:
        """Take a slot for a block that waited."""

    def moved(self, places: Places) -> None:
        """Hear the places of all its blocks that have one."""


class Turns:
    """Hands slots to sessions, and tells each, and the project, how the line has moved."""

    def __init__(self, tell_project: Callable[[Places], None]) -> None:
        self.slots = Slots()
        self._tell_project = tell_project
        self._members: dict[str, Member] = {}
        self._told: dict[str, Places] = {}
        self._seen = 0
        self._timer: asyncio.TimerHandle | None = None

    def join(self, pipeline: str, member: Member) -> None:
        """Let a session take part."""
        self._members[pipeline] = member

    def leave(self, pipeline: str, member: Member) -> None:
        """Give what a session held or waited for to others; no harm when another took its place."""
        if self._members.get(pipeline) is not member:
            return
        del self._members[pipeline]
        self._told.pop(pipeline, None)
        self.slots.end_pipeline(pipeline)
        self.share_out()

    def limit(self, project: int | None, pools: Mapping[str, int], run: int) -> int:
        """Set the limits of the project, and return how many blocks may execute at a time.

        Without a limit of its own a project has eight slots, or as many as one `run` may have.
        """
        slots = project or max(PROJECT_SLOTS, run)
        self.slots.limit(slots, pools)
        self.share_out()
        return slots

    def share_out(self) -> None:
        """Give out the slots that are free, whosever turn it is."""
        for ticket in self.slots.take():
            self._members[ticket.pipeline].granted(ticket.run, ticket.block)
        self.look()

    def look(self) -> None:
        """See whether the line has moved, and tell of it soon."""
        if self._timer is None and self.slots.changes != self._seen:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE_S, self._tell)

    def places(self) -> dict[str, Places]:
        """Return the places of the next ones, by pipeline."""
        found: dict[str, Places] = {}
        for (run, block), place in self.slots.places(TOLD_PLACES).items():
            found.setdefault(self.slots.pipeline_of(run, block), {}).setdefault(run, {})[block] = (
                place
            )
        return found

    def close(self) -> None:
        """Tell nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def _tell(self) -> None:
        self._timer = None
        self._seen = self.slots.changes
        before, self._told = self._told, self.places()
        if before == self._told:
            return
        for pipeline, member in self._members.items():
            places = self._told.get(pipeline, {})
            if places != before.get(pipeline, {}):
                member.moved(places)
        self._tell_project({run: of for line in self._told.values() for run, of in line.items()})
