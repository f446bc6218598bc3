"""What `headrace run` tells where nothing can be drawn anew, and the words that it uses."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from headrace.cli import live
from headrace.protocol import events as ev
from headrace.protocol.tables import Failure, Output

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = Output(kind="table", type_name="pandas.DataFrame", address="a" * 64, digest="d", rows=1)


@pytest.mark.parametrize(
    ("done", "total", "seconds", "words"),
    [
        (0, 1000, 5, "0 / 1,000"),
        (420, 1000, 10, "420 / 1,000 · 42/s · 14 s left"),
        (3, 12, 2, "3 / 12 · 1.5/s · 6.0 s left"),
        (12, 12, 2, "12 / 12 · 6/s"),
        (7, None, 0.2, "7"),
        (7200, None, 2, "7,200 · 3,600/s"),
    ],
)
def test_progress_in_words(done: float, total: float | None, seconds: float, words: str) -> None:
    assert live.progress_words(done, total, seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.004, "0.00 s"), (3.14, "3.1 s"), (38.2, "38 s"), (370, "6 m 10 s"), (7500, "2 h 5 m")],
)
def test_a_span_in_words(seconds: float, words: str) -> None:
    assert live.span(seconds) == words


@pytest.mark.parametrize(
    ("text", "columns", "fitted"),
    [("short", 5, "short"), ("longer", 5, "long…"), ("日本語", 5, "日本…"), ("日本", 4, "日本")],
)
def test_a_text_is_fitted_to_columns(text: str, columns: int, fitted: str) -> None:
    assert live.fitted(text, columns) == fitted
    assert live.width(fitted) <= columns


def test_lines_tell_what_happens() -> None:
    stream = io.StringIO()
    view = live.view_of(stream)
    names = {"run": "r", "block": "a"}
    failure = Failure(kind="exception", type="ValueError", message="one\n\x1b[2Jtwo")
    for event in (
        ev.RunQueued(run="r", origin="cli", blocks=["a", "b", "c"], queued_at=NOW),
        ev.BlockStarted(**names, attempt=1, started_at=NOW),
        ev.ProgressMade(**names, done=1, total=2),
        ev.StopAdvanced(**names, stage="terminate"),
        ev.BlockFailed(
            **names, attempt=1, failure=failure, seconds=1, finished_at=NOW, retry_at=NOW
        ),
        ev.BlockFinished(
            **names,
            state="succeeded", attempt=2, output=TABLE, seconds=2, cache="", finished_at=NOW,
        ),
        ev.BlocksSkipped(run="r", blocks=["b"], because="a"),
        ev.BlocksCancelled(run="r", blocks=["c"], finished_at=NOW),
    ):  # fmt: skip
        view.hear(event)
    view.close()
    assert stream.getvalue().splitlines() == [
        "  a …",
        "  a: did not stop: terminating …",
        "  a: failed after 1.0 s; it is tried again",
        "    ValueError: one",
        "    \ufffd[2Jtwo",
        "  a: done in 2.0 s, 1 row",
        "  b: skipped: a",
        "  c: not started",
    ]


def test_a_sensor_that_waits_is_told_once() -> None:
    stream = io.StringIO()
    view = live.Lines(stream)
    names = {"run": "r", "block": "ready", "attempt": 1}
    view.hear(ev.BlockStarted(**names, started_at=NOW))
    for pokes in (1, 2, 3):
        view.hear(ev.BlockWaiting(**names, pokes=pokes, poke_at=NOW, give_up_at=NOW))
        view.hear(ev.BlockStarted(**names, started_at=NOW, pokes=pokes))
    view.hear(ev.BlocksSkipped(run="r", blocks=["ready"], because="not ready within 1h"))
    until = NOW.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    assert stream.getvalue().splitlines() == [
        "  ready …",
        f"  ready: not ready; waits until {until} at most",
        "  ready: skipped: not ready within 1h",
    ]


def test_lines_tell_now_and_then_how_far_a_block_is(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, now = io.StringIO(), [100.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: now[0])
    view = live.Lines(stream)
    view.hear(ev.BlockStarted(run="r", block="a", attempt=1, started_at=NOW))
    for seconds in range(1, 25):
        now[0] = 100.0 + seconds
        view.hear(ev.ProgressMade(run="r", block="a", done=seconds, total=30))
    assert stream.getvalue().splitlines() == [
        "  a …",
        "  a: 10 / 30 · 1/s · 20 s left",
        "  a: 20 / 30 · 1/s · 10 s left",
    ]
