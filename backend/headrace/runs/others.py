"""What other processes do with the same history: the command line, or another server."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from headrace.runs.database import Database
from headrace.runs.tables import runs
from headrace.runs.times import stamp


class Others:
    """The part of `History` that sees the runs of others."""

    database: Database

    def version(self) -> tuple[int, int] | None:
        """Return what stays the same while no other process writes; None when nobody can tell."""
        return self.database.version()

    def runs_of_others(
        self, pipeline: str, me: str, since: datetime, ids: Collection[str] = ()
    ) -> dict[str, tuple[str, int]]:
        """Return the state of runs that are not `me`'s, and how many of their blocks are over.

        Those are the ones that go on, those that were queued since a moment, and `ids`.
        """
        columns = select(runs.c.id, runs.c.owner, runs.c.state, runs.c.blocks_done)
        of_pipeline = columns.where(runs.c.pipeline == pipeline)
        # One after the other: as one condition it would be a look at every run of the pipeline.
        wanted = [
            of_pipeline.where(runs.c.state.in_(("queued", "running"))),
            of_pipeline.where(runs.c.queued_at >= stamp(since)),
        ]
        if ids:
            wanted.append(columns.where(runs.c.id.in_(list(ids))))
        with self.database.reading() as connection:
            return {
                row.id: (row.state, row.blocks_done)
                for statement in wanted
                for row in connection.execute(statement)
                if row.owner != me
            }
