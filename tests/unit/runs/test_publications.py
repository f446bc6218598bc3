"""Published versions in the history: numbered from 1, and never the same content twice in a row."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from headrace.core.errors import NotFound
from headrace.runs.changes import Snapshot
from headrace.runs.history import History


def test_versions_are_counted_by_pipeline(history: History, noon: datetime) -> None:
    first = history.publish(Snapshot("p", "h1", b"1"), noon, message="one")
    later = noon + timedelta(hours=1)
    second = history.publish(Snapshot("p", "h2", b"2"), later)
    other = history.publish(Snapshot("q", "h1", b"q"), noon)
    assert [version.number for version in (first, second, other)] == [1, 2, 1]
    assert history.published("p") == second
    assert history.published_versions("p") == [second, first]
    assert history.published_files("p", 1) == b"1"
    assert (first.message, first.published_at, first.hash) == ("one", noon, "h1")


def test_the_newest_content_is_not_published_again_but_an_older_one_is(
    history: History, noon: datetime
) -> None:
    for content, number in (("h1", 1), ("h1", 1), ("h2", 2), ("h1", 3)):
        assert history.publish(Snapshot("p", content, b""), noon).number == number


def test_a_first_version_is_only_made_where_there_is_none(history: History, noon: datetime) -> None:
    history.publish(Snapshot("p", "h1", b""), noon)
    assert history.unpublished(["p", "q"]) == ["q"]
    history.publish_first([Snapshot("p", "h2", b""), Snapshot("q", "h3", b"")], noon, "first")
    assert [history.published(name).hash for name in ("p", "q")] == ["h1", "h3"]  # type: ignore[union-attr]
    assert history.unpublished(["p", "q"]) == []


def test_what_is_not_there_is_not_found(history: History, noon: datetime) -> None:
    assert history.published("p") is None
    assert history.published_versions("p") == []
    history.publish(Snapshot("p", "h1", b""), noon)
    with pytest.raises(NotFound, match="no version 2"):
        history.published_files("p", 2)
    history.withdraw("p")
    assert history.published("p") is None
