"""Lists of runs, newest first: pages that take the same time however many runs there are."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, get_args

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, tuple_, union_all

from headrace.core.errors import NotFound
from headrace.protocol.tables import Origin, Retry, RunLimits, RunState, RunSummary
from headrace.runs.database import Database
from headrace.runs.tables import backfill_ticks, runs
from headrace.runs.times import moment, stamp

_SHOWN = tuple(origin for origin in get_args(Origin) if origin != "editor")
"""Origins of the runs by which a pipeline is judged: what is tried in the editor is left out."""

Only = dict[str, str]
"""Columns with the one value that each must have."""


class Lists:
    """The part of `History` that lists runs."""

    database: Database

    def runs(
        self,
        pipeline: str | None = None,
        state: str | None = None,
        origin: str | None = None,
        limit: int = 50,
        before: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        backfill: str | None = None,
    ) -> list[RunSummary]:
        """Return the newest runs, newest first; `before` is the id of the last one seen.

        Those queued from `since` on and before `until`.
        """
        asked = {"pipeline": pipeline, "state": state, "origin": origin}
        only = {column: value for column, value in asked.items() if value is not None}
        within: list[ColumnElement[bool]] = []
        if since is not None:
            within.append(runs.c.queued_at >= stamp(since))
        if until is not None:
            within.append(runs.c.queued_at < stamp(until))
        if backfill is not None:
            of_it = select(backfill_ticks.c.run_id).where(
                backfill_ticks.c.backfill_id == backfill, backfill_ticks.c.run_id.is_not(None)
            )
            within.append(runs.c.id.in_(of_it))
        with self.database.reading() as connection:
            if before is not None:
                within.append(_before(connection, before))
            return [_summary(row) for row in connection.execute(_page(only, within, limit))]

    def latest_runs(self, pipelines: Iterable[str], each: int = 30) -> dict[str, list[RunSummary]]:
        """Return the newest runs of each pipeline, newest first, without those of the editor."""
        found: dict[str, list[RunSummary]] = {}
        with self.database.reading() as connection:
            for pipeline in pipelines:
                statement = (
                    select(runs)
                    .where(runs.c.pipeline == pipeline, runs.c.origin != "editor")
                    .order_by(runs.c.queued_at.desc(), runs.c.id.desc())
                    .limit(each)
                )
                found[pipeline] = [_summary(row) for row in connection.execute(statement)]
        return found

    def failing_since(self, latest: Mapping[str, Sequence[RunSummary]]) -> dict[str, datetime]:
        """Return when each pipeline that fails now failed first since it last succeeded.

        `latest` are its newest runs (see `latest_runs`). Runs that were cancelled say nothing.
        """
        found: dict[str, datetime] = {}
        for pipeline, newest in latest.items():
            outcomes = [run for run in newest if run.state in ("succeeded", "failed")]
            if not outcomes or outcomes[0].state != "failed":
                continue
            success = next((at for at, run in enumerate(outcomes) if run.state == "succeeded"), 0)
            found[pipeline] = (
                outcomes[success - 1].queued_at if success else self._first_failure(pipeline)
            )
        return found

    def _first_failure(self, pipeline: str) -> datetime:
        """Look beyond the newest runs, all of which failed."""
        with self.database.reading() as connection:
            ended = _edges(connection, func.max, pipeline, "succeeded")
            after = max(ended, default="")
            failed = _edges(connection, func.min, pipeline, "failed", runs.c.queued_at > after)
            return moment(min(failed))

    def count_since(self, since: datetime) -> dict[str, int]:
        """Return how many runs were queued since a moment, by state; editor runs left out."""
        statement = (
            select(runs.c.state, func.count())
            .where(runs.c.queued_at >= stamp(since), runs.c.origin != "editor")
            .group_by(runs.c.state)
        )
        with self.database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}


def median_seconds(summaries: Sequence[RunSummary]) -> float | None:
    """Return the median duration of the runs that succeeded, in seconds."""
    seconds = [s.seconds for s in summaries if s.state == "succeeded" and s.seconds is not None]
    return statistics.median(seconds) if seconds else None


def _page(only: Only, within: Sequence[ColumnElement[bool]], limit: int) -> Select[Any]:
    """Ask for the newest runs; each part of it is the end of one range of an index."""
    parts = [_newest(only | more, within, limit) for more in _ranges(only)]
    if len(parts) == 1:
        return parts[0].with_only_columns(*runs.columns)
    # Only the keys of all parts, which their indexes hold, are put in order.
    keys = union_all(*(select(part.subquery()) for part in parts)).subquery()
    newest = select(keys).order_by(keys.c.queued_at.desc(), keys.c.id.desc()).limit(limit)
    wanted = newest.subquery()
    return (
        select(runs)
        .join(wanted, wanted.c.id == runs.c.id)
        .order_by(runs.c.queued_at.desc(), runs.c.id.desc())
    )


def _newest(only: Only, within: Sequence[ColumnElement[bool]], limit: int) -> Select[Any, Any]:
    return (
        select(runs.c.queued_at, runs.c.id)
        .where(*(runs.c[column] == value for column, value in only.items()), *within)
        .order_by(runs.c.queued_at.desc(), runs.c.id.desc())
        .limit(limit)
    )


def _ranges(only: Only) -> list[Only]:
    """Say which other columns have to be given so that the rows lie in order in an index.

    Both have few values, so that an index for each set of columns is not worth its writing.
    """
    if "origin" in only and "state" not in only:
        return [{"state": state} for state in get_args(RunState)]
    if "pipeline" in only and "state" in only and "origin" not in only:
        return [{"origin": origin} for origin in get_args(Origin)]
    return [{}]


def _before(connection: Connection, run: str) -> ColumnElement[bool]:
    row = connection.execute(select(runs.c.queued_at).where(runs.c.id == run)).first()
    if row is None:
        raise NotFound(f"There is no run {run!r}.", kind="run", name=run)
    # As a row value this is one range of an index, however deep the page is.
    return tuple_(runs.c.queued_at, runs.c.id) < tuple_(row[0], run)


def _edges(
    connection: Connection, edge: Any, pipeline: str, state: str, *within: ColumnElement[bool]
) -> list[str]:
    """Return the first or last moment at which a run of each origin in a state was queued."""
    found: list[str | None] = []
    for origin in _SHOWN:
        only = {"pipeline": pipeline, "state": state, "origin": origin}
        statement = select(edge(runs.c.queued_at)).where(
            *(runs.c[column] == value for column, value in only.items()), *within
        )
        found.append(connection.execute(statement).scalar())
    return [at for at in found if at is not None]


def limits_from(text: str | None) -> RunLimits | None:
    """Read the limits of a run."""
    return None if text is None else msgspec.json.decode(text, type=RunLimits)


def retry_from(text: str | None) -> Retry | None:
    """Read which try of its tick a run is."""
    return None if text is None else msgspec.json.decode(text, type=Retry)


def _summary(row: Row[Any]) -> RunSummary:
    return RunSummary(
        id=row.id,
        pipeline=row.pipeline,
        state=row.state,
        origin=row.origin,
        trigger=row.trigger_name,
        logical_time=moment(row.logical_time),
        queued_at=moment(row.queued_at),
        started_at=moment(row.started_at),
        finished_at=moment(row.finished_at),
        seconds=row.seconds,
        blocks_done=row.blocks_done,
        blocks_total=row.blocks_total,
        reason=row.reason,
        published=row.published,
        limits=limits_from(row.limits),
        retry=retry_from(row.retry),
    )
