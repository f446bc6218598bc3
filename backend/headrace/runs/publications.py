"""What was published of each pipeline: snapshots of its files, numbered, and kept for ever."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from headrace.core.crash import crashpoint
from headrace.core.errors import NotFound
from headrace.protocol.versions import PublishedVersion
from headrace.runs.changes import Snapshot
from headrace.runs.database import Database
from headrace.runs.tables import publications
from headrace.runs.times import moment, stamp

_MOST_VARIABLES = 500
"""Values of one IN list."""
_ABOUT = (
    publications.c.pipeline,
    publications.c.number,
    publications.c.hash,
    publications.c.message,
    publications.c.published_at,
)


class Publications:
    """The part of `History` that knows what triggers run."""

    database: Database

    def publish(
        self, snapshot: Snapshot, at: datetime, *, message: str = "", first: bool = False
    ) -> PublishedVersion:
        """Make a snapshot the newest version of its pipeline, and return that.

        The newest version is returned as it is when it has the same content, or with `first` in any
        case: who publishes only the first version leaves the others alone.
        """
        with self.database.writing() as connection:
            return _publish(connection, snapshot, at, message=message, first=first)

    def publish_first(self, snapshots: Sequence[Snapshot], at: datetime, message: str) -> None:
        """Publish the pipelines of which nothing is published, in one transaction."""
        with self.database.writing() as connection:
            for snapshot in snapshots:
                _publish(connection, snapshot, at, message=message, first=True)

    def published(self, pipeline: str) -> PublishedVersion | None:
        """Return the newest version of a pipeline, which triggers run; None without one."""
        with self.database.reading() as connection:
            return _newest(connection, pipeline)

    def published_versions(self, pipeline: str) -> list[PublishedVersion]:
        """Return all versions of a pipeline, newest first."""
        statement = (
            select(*_ABOUT)
            .where(publications.c.pipeline == pipeline)
            .order_by(publications.c.number.desc())
        )
        with self.database.reading() as connection:
            return [_version(row) for row in connection.execute(statement)]

    def published_files(self, pipeline: str, number: int) -> bytes:
        """Return the files of a version as they were handed to `publish`; NotFound."""
        statement = select(publications.c.files).where(
            publications.c.pipeline == pipeline, publications.c.number == number
        )
        with self.database.reading() as connection:
            found = connection.execute(statement).scalar()
        if found is None:
            raise NotFound(
                f"Pipeline {pipeline!r} has no version {number}.", kind="version", name=str(number)
            )
        return found

    def unpublished(self, pipelines: Sequence[str]) -> list[str]:
        """Return those of `pipelines` of which nothing is published."""
        with self.database.reading() as connection:
            known = newest_numbers(connection, pipelines)
        return [name for name in pipelines if name not in known]

    def withdraw(self, pipeline: str) -> None:
        """Forget what was published of a pipeline: another one of its name begins anew."""
        with self.database.writing() as connection:
            connection.execute(delete(publications).where(publications.c.pipeline == pipeline))


def newest_numbers(connection: Connection, pipelines: Collection[str]) -> dict[str, int]:
    """Return pipeline → number of its newest version, for those that have one."""
    names = sorted(pipelines)
    found: dict[str, int] = {}
    for start in range(0, len(names), _MOST_VARIABLES):
        statement = (
            select(publications.c.pipeline, func.max(publications.c.number))
            .where(publications.c.pipeline.in_(names[start : start + _MOST_VARIABLES]))
            .group_by(publications.c.pipeline)
        )
        found |= {row[0]: row[1] for row in connection.execute(statement)}
    return found


def _publish(
    connection: Connection, snapshot: Snapshot, at: datetime, *, message: str, first: bool
) -> PublishedVersion:
    newest = _newest(connection, snapshot.pipeline)
    if newest is not None and (first or newest.hash == snapshot.hash):
        return newest
    version = PublishedVersion(
        pipeline=snapshot.pipeline,
        number=1 if newest is None else newest.number + 1,
        hash=snapshot.hash,
        message=message,
        published_at=at,
    )
    values = {
        "pipeline": version.pipeline,
        "number": version.number,
        "hash": version.hash,
        "files": snapshot.files,
        "message": message,
        "published_at": stamp(at),
    }
    connection.execute(insert(publications).values(values))
    crashpoint("publish.before-commit")
    return version


def _newest(connection: Connection, pipeline: str) -> PublishedVersion | None:
    statement = (
        select(*_ABOUT)
        .where(publications.c.pipeline == pipeline)
        .order_by(publications.c.number.desc())
        .limit(1)
    )
    row = connection.execute(statement).first()
    return None if row is None else _version(row)


def _version(row: Row[*tuple[Any, ...]]) -> PublishedVersion:
    return PublishedVersion(
        pipeline=row.pipeline,
        number=row.number,
        hash=row.hash,
        message=row.message,
        published_at=moment(row.published_at),
    )
