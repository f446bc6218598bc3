"""What counts as an event: each file, run and output once, and never what was there before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.errors import InvalidInput
from headrace.runs.arrivals import Ended
from headrace.runs.firing import Arrival
from headrace.scheduling import arrivals
from headrace.scheduling.arrivals import files_arrived, output_arrived, runs_arrived, seen_until
from headrace.scheduling.observer import files_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def words(found: list[Arrival]) -> list[str]:
    return [arrival.cause.words for arrival in found]


def test_a_file_counts_once_it_looked_the_same_twice() -> None:
    found, memory = files_arrived(None, {"old": "1"}, NOON)
    assert found == []
    found, memory = files_arrived(memory, {"old": "1", "new": "half"}, NOON)
    assert found == []
    found, memory = files_arrived(memory, {"old": "1", "new": "whole"}, NOON)
    assert found == []
    found, memory = files_arrived(memory, {"old": "1", "new": "whole"}, NOON)
    assert words(found) == ["file new"]
    assert found[0].cause.offered == {"file": "new"}
    found, memory = files_arrived(memory, {"old": "1", "new": "whole"}, NOON)
    assert found == []
    _, memory = files_arrived(memory, {"old": "2"}, NOON)
    found, _ = files_arrived(memory, {"old": "2"}, NOON)
    assert words(found) == ["file old"]


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.sampled_from("12")), max_size=12))
def test_no_state_of_a_file_is_told_twice_in_a_row(looks: list[dict[str, str]]) -> None:
    found, memory = files_arrived(None, {}, NOON)
    told: dict[str, str] = {}
    for present in [*looks, *looks[-1:]]:
        found, memory = files_arrived(memory, present, NOON)
        told = {path: key for path, key in told.items() if path in present}
        for arrival in found:
            path = arrival.cause.offered["file"]
            assert told.get(path) != arrival.key
            told[path] = arrival.key
    if looks:
        assert set(told) == set(looks[-1]), "every file that stayed was told"


def test_there_is_a_limit_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST_FILES", 1)
    with pytest.raises(InvalidInput, match="more than 1 files"):
        files_arrived(None, {"a": "", "b": ""}, NOON)


def test_each_run_that_succeeded_counts_once() -> None:
    _, memory = runs_arrived(None, [Ended("before", NOON)], NOON)
    assert seen_until(memory, NOON + SECOND) == NOON
    assert seen_until(None, NOON) == NOON
    first, second = Ended("a", NOON + SECOND), Ended("b", NOON + SECOND)
    found, memory = runs_arrived(memory, [first], NOON)
    assert words(found) == ["run a"]
    found, memory = runs_arrived(memory, [first, second], NOON)
    assert words(found) == ["run b"]
    found, memory = runs_arrived(memory, [first, second], NOON)
    assert found == []
    assert seen_until(memory, NOON) == NOON + SECOND


def test_another_output_counts_the_same_does_not() -> None:
    _, memory = output_arrived(None, ("r1", "one"), NOON)
    for newest, expected in (
        (("r2", "one"), []),
        (None, []),
        (("r3", "two"), ["another output by run r3"]),
        (("r4", "two"), []),
        (("r5", "one"), ["another output by run r5"]),
    ):
        found, memory = output_arrived(memory, newest, NOON)
        assert words(found) == expected
    _, memory = output_arrived(None, None, NOON)
    found, _ = output_arrived(memory, ("r1", "one"), NOON)
    assert words(found) == ["another output by run r1"]


def test_patterns_name_files_of_the_project_and_elsewhere(tmp_path: Path) -> None:
    for name in ("a.csv", "sub/b.csv", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "lost.csv").symlink_to("nowhere")
    assert sorted(files_of(tmp_path, "**/*.csv")) == ["a.csv", "sub/b.csv"]
    assert list(files_of(tmp_path, f"{tmp_path}/*.txt")) == [f"{tmp_path}/c.txt"]
    (far,) = files_of(tmp_path, f"file://{tmp_path}/*.csv")
    assert far.endswith("a.csv")
    with pytest.raises(InvalidInput, match="files: "):
        files_of(tmp_path, "nowhere://x/*.csv")
