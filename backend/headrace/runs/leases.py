"""Who may write to the history: each process has a lease, and loses it to whoever takes its runs.

A lease is a row that its owner touches every few seconds. One whose process is dead, or that was
not touched for `EXPIRY_S`, is void: its row is deleted by the process that takes over, in the same
transaction. Every transaction of an owner begins by looking for its row, so a process that was
stopped meanwhile writes nothing when it goes on.
"""

from __future__ import annotations

import os

from sqlalchemy import delete, func, insert, select, update

from headrace.runs.database import Database
from headrace.runs.owner import is_alive
from headrace.runs.tables import leases, runs

EXPIRY_S = float(os.environ.get("HEADRACE_LEASE_S", "30"))
"""How long a lease may stay untouched; the setting is for tests."""
RENEWAL_S = EXPIRY_S / 6


class Leases:
    """The part of `History` that knows the processes which write to it."""

    database: Database

    def enlist(self, owner: str) -> None:
        """Give this process its lease; all that it writes from now on is fenced by it."""
        with self.database.writing() as connection:
            connection.execute(delete(leases).where(leases.c.owner == owner))
            connection.execute(insert(leases).values(owner=owner, beat=0))
        self.database.fence(owner)

    def renew(self, owner: str) -> None:
        """Say that the owner goes on; raise Fenced when its lease was taken."""
        with self.database.writing() as connection:
            connection.execute(
                update(leases).where(leases.c.owner == owner).values(beat=leases.c.beat + 1)
            )

    def resign(self, owner: str) -> None:
        """Give a lease back: whoever comes next takes up what the owner left, at once."""
        with self.database.writing() as connection:
            connection.execute(delete(leases).where(leases.c.owner == owner))

    def beats(self) -> dict[str, int]:
        """Return how often each lease was renewed."""
        with self.database.reading() as connection:
            rows = connection.execute(select(leases.c.owner, leases.c.beat))
            return {row.owner: row.beat for row in rows}

    def owners(self) -> dict[str, int]:
        """Return who has runs that are not over, and how many."""
        statement = (
            select(runs.c.owner, func.count())
            .where(runs.c.state.in_(("queued", "running")))
            .group_by(runs.c.owner)
        )
        with self.database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def ids_of(self, owner: str) -> set[str]:
        """Return the runs of an owner that are not over."""
        statement = select(runs.c.id).where(
            runs.c.owner == owner, runs.c.state.in_(("queued", "running"))
        )
        with self.database.reading() as connection:
            return set(connection.execute(statement).scalars())


class Vigil:
    """What one process has seen of the others' leases. Pure, but for a look at local processes.

    Time is counted by this process's monotonic clock alone: other machines' clocks, and a night
    that all of them slept, make no lease old.
    """

    def __init__(self, owner: str, expiry_s: float = EXPIRY_S) -> None:
        self._owner = owner
        self._expiry_s = expiry_s
        self._seen: dict[str, tuple[int, float]] = {}

    def is_void(self, owner: str, beat: int | None, at: float) -> bool:
        """Tell whether an owner is gone, or silent for too long; `beat` None: it has no lease."""
        if owner == self._owner:
            return False
        if beat is None or not is_alive(owner):
            return True
        known = self._seen.get(owner)
        if known is None or known[0] != beat:
            self._seen[owner] = (beat, at)
            return False
        return at - known[1] >= self._expiry_s
