"""What is kept is made once, for all who ask, and let go when nobody waits or room is short."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from headrace.store.kept import Kept
from headrace.store.stopping import Stop, Stopped, in_parallel


def of(size: int) -> Any:
    return lambda _stop: np.zeros(size, np.uint8)


def in_thread(act: Any) -> tuple[threading.Thread, list[Any]]:
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(act())
        except Exception as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, results


def test_a_value_is_made_once_and_the_oldest_goes_first() -> None:
    kept = Kept(10_000)
    made: list[str] = []

    def make(name: str) -> Any:
        return lambda _stop: made.append(name) or np.zeros(3_000, np.uint8)

    for name in ("a", "b", "a", "c", "a", "b"):
        kept.get(name, make(name), Stop())
    assert made == ["a", "b", "c", "b"]
    assert kept.bytes <= 10_000
    assert kept.peek("c") is None
    assert kept.peek("b") is not None


def test_one_value_larger_than_all_room_is_kept_while_it_is_the_last() -> None:
    kept = Kept(10)
    kept.get("a", of(1_000), Stop())
    assert kept.peek("a") is not None
    kept.get("b", of(1_000), Stop())
    assert kept.peek("a") is None


def test_what_fails_is_told_and_made_anew_next_time() -> None:
    kept = Kept(10_000)

    def fail(_stop: Stop) -> Any:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        kept.get("a", fail, Stop())
    assert len(kept.get("a", of(3), Stop())) == 3


def test_who_asks_for_what_is_coming_waits_for_it() -> None:
    kept, begun, go_on = Kept(10_000), threading.Event(), threading.Event()

    def slow(_stop: Stop) -> Any:
        begun.set()
        assert go_on.wait(10)
        return np.ones(3)

    first, results = in_thread(lambda: kept.get("a", slow, Stop()))
    assert begun.wait(10)
    second, more = in_thread(lambda: kept.get("a", of(1), Stop()))
    go_on.set()
    first.join(10)
    second.join(10)
    assert results[0] is more[0]


def test_work_goes_on_while_one_waits_and_stops_when_all_have_gone() -> None:
    kept, begun = Kept(10_000), threading.Event()
    seen: list[Stop] = []

    def until_stopped(stop: Stop) -> Any:
        seen.append(stop)
        ended = threading.Event()
        stop.listen(ended.set)
        begun.set()
        assert ended.wait(10)
        stop.check()

    mine, theirs = Stop(), Stop()
    first, results = in_thread(lambda: kept.get("a", until_stopped, mine))
    assert begun.wait(10)
    second, more = in_thread(lambda: kept.get("a", of(1), theirs))
    while kept._flights["a"].waiting < 2:
        pass
    mine.wish()
    assert not seen[0].is_wished
    theirs.wish()
    first.join(10)
    second.join(10)
    assert seen[0].is_wished
    assert [type(result) for result in (*results, *more)] == [Stopped, Stopped]
    assert not kept.is_coming("a")
    assert len(kept.get("a", of(3), Stop())) == 3


def test_a_listener_that_comes_late_is_called_at_once_and_one_that_left_never() -> None:
    stop, heard = Stop(), []
    stop.listen(lambda: heard.append("early"))
    gone = lambda: heard.append("gone")  # noqa: E731
    stop.listen(gone)
    stop.unlisten(gone)
    stop.wish()
    stop.wish()
    stop.listen(lambda: heard.append("late"))
    assert heard == ["early", "late"]
    with pytest.raises(Stopped):
        stop.check()


def test_parallel_work_keeps_its_order_raises_what_it_raised_and_stops() -> None:
    assert in_parallel(lambda n: n * n, range(100), Stop()) == [n * n for n in range(100)]
    with pytest.raises(ZeroDivisionError):
        in_parallel(lambda n: 1 // n, [1, 0, 1], Stop())
    stop = Stop()
    done: list[int] = []

    def one(number: int) -> None:
        done.append(number)
        stop.wish()

    with pytest.raises(Stopped):
        in_parallel(one, range(10_000), stop)
    assert len(done) < 10_000
