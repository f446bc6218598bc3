"""A lease is renewed for as long as its process lives, whatever fails beside it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headrace.core.errors import Fenced, Unavailable
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.session import lease as module
from headrace.session.lease import Lease

from .conftest import until

ME = "me"


class Around:
    """What a lease calls: a sweep that fails when told to, and who hears of its loss."""

    def __init__(self) -> None:
        self.sweeps = 0
        self.failing: list[Exception] = []
        self.losses: list[Fenced] = []

    async def sweep(self) -> None:
        self.sweeps += 1
        if self.failing:
            raise self.failing.pop()

    async def lost(self, error: Fenced) -> None:
        self.losses.append(error)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEWAL_S", 0.002)


@pytest.fixture
async def history(tmp_path: Path) -> AsyncIterator[HistoryThread]:
    thread = HistoryThread(str(tmp_path / "history.db"))
    thread.start()
    yield thread
    await thread.close()


@pytest.fixture
def around() -> Around:
    return Around()


async def test_it_is_renewed_with_a_sweep_each_time_and_given_back(
    history: HistoryThread, around: Around
) -> None:
    lease = Lease(history, ME, lost=around.lost, sweep=around.sweep)
    await lease.start()
    await until(lambda: around.sweeps >= 3)
    assert (await history.call(History.beats))[ME] >= 3
    await lease.close()
    assert await history.call(History.beats) == {}
    assert around.losses == []


async def test_it_is_renewed_without_a_sweep(history: HistoryThread, around: Around) -> None:
    lease = Lease(history, ME, lost=around.lost)
    await lease.start()
    beats = 0
    while beats < 3:
        beats = (await history.call(History.beats))[ME]
    await lease.close()


async def test_a_sweep_that_fails_ends_nothing(
    history: HistoryThread, around: Around, caplog: pytest.LogCaptureFixture
) -> None:
    around.failing = [RuntimeError("a bug")]
    lease = Lease(history, ME, lost=around.lost, sweep=around.sweep)
    await lease.start()
    await until(lambda: around.sweeps >= 3)
    await lease.close()
    assert [(r.levelno, r.getMessage()) for r in caplog.records] == [
        (logging.ERROR, "The sweep failed and is tried again")
    ]


async def test_a_history_that_cannot_be_written_is_written_later(
    history: HistoryThread, around: Around, caplog: pytest.LogCaptureFixture
) -> None:
    lease = Lease(history, ME, lost=around.lost, sweep=around.sweep)
    around.failing = [Unavailable("locked")]
    await lease.start()
    await until(lambda: around.sweeps >= 2)
    await lease.close()
    assert "The lease is renewed later: locked" in caplog.text


async def test_its_loss_is_told_once_and_nothing_is_given_back(
    history: HistoryThread, around: Around, tmp_path: Path
) -> None:
    lease = Lease(history, ME, lost=around.lost, sweep=around.sweep)
    await lease.start()
    other = History.open(tmp_path / "history.db")
    other.resign(ME)
    other.enlist("you")
    await until(lambda: around.losses)
    sweeps = around.sweeps
    await lease.close()
    assert (len(around.losses), around.sweeps) == (1, sweeps)
    assert set(other.beats()) == {"you"}
    other.close()


async def test_one_that_never_began_is_closed(history: HistoryThread, around: Around) -> None:
    await Lease(history, ME, lost=around.lost).close()
    assert around.losses == []
