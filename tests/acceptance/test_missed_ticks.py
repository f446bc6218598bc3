"""What becomes of ticks when a server was off, clocks jump, runs overlap and triggers are edited."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from .harness import Server
from .plant import until
from .ticking import Ticking, over

HOUR = timedelta(hours=1)
Make = Callable[..., Ticking]


@pytest.fixture
def make(history_url: str, tmp_path: Path) -> Make:
    """Make a project whose history is in one of the databases."""

    def made(trigger: str, **more: Any) -> Ticking:
        return Ticking(tmp_path, trigger, history=history_url, **more)

    return made


def every_five_minutes() -> str:
    """A cron line whose last tick was two minutes ago: none comes while a test looks."""
    return f"cron: '{(datetime.now(UTC).minute - 2) % 5}-59/5 * * * *'"


def off_for(ticking: Ticking, span: timedelta) -> Server:
    """Let a server see the trigger, then be off for a span, and start again."""
    server = Server(ticking.project, options=())
    try:
        server.wait_ready()
        until(lambda: ticking.rows("SELECT id FROM triggers WHERE next_at IS NOT NULL"), "a tick")
        server.stop()
        ticking.move(-span)
        server.start()
        server.wait_ready()
    except BaseException:
        server.close()
        raise
    return server


@pytest.mark.parametrize(("catchup", "runs"), [("none", 0), ("latest", 1), ("all", 36)])
def test_after_three_hours_off_each_tick_has_its_run_or_its_reason(
    make: Make, catchup: str, runs: int
) -> None:
    ticking = make(f"{every_five_minutes()}, catchup: {catchup}")
    with off_for(ticking, 3 * HOUR) as server:
        until(lambda: len(ticking.ticks()) >= 36, "all ticks")
        over(server, runs)
        ticks = ticking.ticks()
    assert len(ticks) == 36
    times = [datetime.fromisoformat(tick.logical_time) for tick in ticks]
    assert {b - a for a, b in pairwise(times)} == {timedelta(minutes=5)}
    reasons = [tick.skipped for tick in ticks if tick.run_id is None]
    assert reasons == [f"missed; catchup: {catchup}"] * (36 - runs)
    begun = [run for word, run, _ in ticking.effects() if word == "begin"]
    assert begun == [tick.run_id for tick in ticks if tick.run_id], "once each, in their order"


def test_400_days_off_are_100_runs_and_one_record(tmp_path: Path) -> None:
    ticking = Ticking(tmp_path, "cron: '* * * * *', catchup: all, overlap: allow")
    with off_for(ticking, 400 * 24 * HOUR) as server:
        until(lambda: len(ticking.ticks()) >= 101, "all ticks")
        first, second, *_ = ticking.ticks()
        assert "missed, with all before" in first.skipped
        assert first.until == second.logical_time
        until(lambda: len(ticking.effects()) >= 200, "the runs", 120)
        made_up = ticking.ticks()[1:101]
        assert all(tick.run_id for tick in made_up)
        assert server.get("status").json()["state"] == "ready"
        warnings = [line for line in server.log_file.read_text().splitlines() if "missed" in line]
    assert len(warnings) == 1, "one for all"
    assert re.search(r"p/t, 20.* UTC to 20.* UTC: missed, with all before the last", warnings[0])


def test_a_clock_that_jumps_fires_nothing_twice_and_nothing_uncounted(make: Make) -> None:
    ticking = make(f"{every_five_minutes()}, catchup: latest")
    with off_for(ticking, HOUR) as server:
        over(server, 1)
        assert len(ticking.ticks()) == 12
        # Two hours back: the ticks of those hours were, and do not come again.
        server.stop()
        ticking.move(2 * HOUR)
        server.start()
        server.wait_ready()
        server.post("pipelines/p/runs", {})
        until(lambda: len(ticking.effects()) == 4, "another run: the server is at work")
        assert len(ticking.ticks()) == 12
        (table,) = server.get("pipelines/p/triggers").json()["triggers"]
        assert datetime.fromisoformat(table["next_at"]) > datetime.now(UTC) + 1.9 * HOUR


def test_a_clock_that_goes_ten_years_forward_makes_up_for_one_tick(make: Make) -> None:
    ticking = make(f"{every_five_minutes()}, catchup: latest")
    with off_for(ticking, timedelta(days=3650)) as server:
        over(server, 1)
        until(lambda: len(ticking.ticks()) >= 101, "all ticks")
        first, *rest = ticking.ticks()
        assert first.until == rest[0].logical_time, "one record of all that is long ago"
        assert [bool(tick.run_id) for tick in rest] == [False] * 99 + [True]


@pytest.mark.parametrize("overlap", ["skip", "queue_one", "queue_all", "cancel_previous", "allow"])
def test_runs_that_are_longer_than_the_time_between_ticks(tmp_path: Path, overlap: str) -> None:
    ticking = Ticking(tmp_path, f"every: 1s, overlap: {overlap}", seconds=2.5)
    with Server(ticking.project, options=()) as server:
        server.wait_ready()
        until(lambda: len(ticking.ticks()) >= 5, "five ticks")
        assert server.patch("pipelines/p/triggers/t", {"active": False}).is_success
        idle = ("succeeded", "failed", "cancelled")

        def at_rest() -> bool:
            decided = all(tick.run_id or tick.skipped for tick in ticking.ticks())
            runs = server.get("runs").json()["runs"]
            return decided and all(run["state"] in idle for run in runs)

        until(at_rest, "rest")
        states = [run["state"] for run in server.get("runs").json()["runs"][::-1]]
    going, most = 0, 0
    for word, _, _ in ticking.effects():
        going += 1 if word == "begin" else -1
        most = max(most, going)
    ticks = ticking.ticks()
    reasons = {tick.skipped for tick in ticks if tick.skipped}
    fired = [tick.run_id for tick in ticks if tick.run_id]
    assert all(tick.run_id or tick.skipped for tick in ticks)
    assert len(fired) == len(set(fired)) == len(states)
    if overlap == "allow":
        assert most > 1
        assert len(fired) >= 5
    elif overlap == "cancel_previous":
        assert "cancelled" in states
    else:
        assert most == 1, "one after the other"
        assert set(states) == {"succeeded"}
        kept = f"a run is going on; overlap: {overlap}"
        assert (kept in reasons) == (overlap != "queue_all")


def test_a_pause_an_edit_and_a_new_name_fire_nothing_of_the_past(make: Make) -> None:
    ticking = make("every: 1s, overlap: allow")
    with Server(ticking.project, options=()) as server:
        server.wait_ready()
        until(lambda: len(ticking.ticks()) >= 2, "two ticks")
        (before,) = ticking.rows("SELECT id, last_at FROM triggers")

        renamed = server.patch("pipelines/p/triggers/t", {"name": "u"})
        assert renamed.is_success, renamed.text
        (after,) = ticking.rows("SELECT id, name, last_at FROM triggers")
        assert (after.id, after.name) == (before.id, "u")
        assert after.last_at >= before.last_at

        assert server.patch("pipelines/p/triggers/u", {"active": False}).is_success
        pausing, paused = datetime.now(UTC), len(ticking.ticks())
        time.sleep(3)  # a pause is some time in which nothing happens
        assert len(ticking.ticks()) == paused
        resumed = datetime.now(UTC)
        assert server.patch("pipelines/p/triggers/u", {"active": True}).is_success
        until(lambda: len(ticking.ticks()) >= paused + 2, "ticks again")
        times = [datetime.fromisoformat(tick.logical_time) for tick in ticking.ticks()]
        assert not [at for at in times if pausing < at < resumed], "none of the pause"

        # An hour ago by the clock: the next time is tomorrow.
        earlier = datetime.now(UTC) - HOUR
        cron = f"{earlier.minute} {earlier.hour} * * *"
        edited = server.patch("pipelines/p/triggers/u", {"cron": cron, "every": None})
        assert edited.is_success, edited.text
        assert datetime.fromisoformat(edited.json()["next_at"]) > datetime.now(UTC) + 22 * HOUR
        many = sum(1 for tick in ticking.ticks() if tick.run_id)
        time.sleep(1.5)  # what would be fired at once would be by now
        assert sum(1 for tick in ticking.ticks() if tick.run_id) == many


def test_new_names_of_a_trigger_and_its_pipeline_while_a_run_goes_on(make: Make) -> None:
    ticking = make("every: 1s, overlap: skip, active: true", seconds=4)
    with Server(ticking.project, options=()) as server:
        server.wait_ready()
        until(lambda: ticking.effects(), "a run")
        (before,) = ticking.rows("SELECT id, last_at, next_at FROM triggers")
        run = ticking.effects()[0][1]

        assert server.patch("pipelines/p/triggers/t", {"name": "u"}).is_success
        (after,) = ticking.rows("SELECT id, name, pipeline, last_at, next_at FROM triggers")
        assert (after.id, after.name, after.pipeline) == (before.id, "u", "p")
        assert after.last_at >= before.last_at
        assert after.next_at >= before.next_at, "on it goes, with no tick again"
        until(lambda: len(ticking.ticks()) >= 2, "the tick after")
        assert server.get(f"runs/{run}").json()["trigger"] == "t", "as it was when it began"

        # A folder by another name is another pipeline, whose schedule begins now.
        renamed = datetime.now(UTC)
        ticking.project.joinpath("pipelines", "p").rename(ticking.project / "pipelines" / "q")
        until(lambda: ticking.rows("SELECT id FROM triggers WHERE pipeline = 'q'"), "the new one")
        until(lambda: not ticking.rows("SELECT id FROM triggers WHERE pipeline = 'p'"), "one only")
        (moved,) = ticking.rows("SELECT id FROM triggers")
        tick = "SELECT logical_time FROM ticks WHERE trigger_id = :id ORDER BY logical_time"
        until(lambda: ticking.rows(tick, id=moved.id), "a tick of it")
        first = datetime.fromisoformat(ticking.rows(tick, id=moved.id)[0].logical_time)
        assert first > renamed - timedelta(seconds=1), "none of the past"
        assert server.patch("pipelines/q/triggers/u", {"active": False}).is_success
        over = ("succeeded", "failed", "cancelled")
        until(lambda: server.get(f"runs/{run}").json()["state"] in over, "the end of the run")
        ended = server.get(f"runs/{run}").json()
        assert ended["state"] == "succeeded" or ended["reason"] == "the pipeline is gone"
        listed = server.get("runs", params={"pipeline": "p"}).json()["runs"]
        assert run in {one["id"] for one in listed}, "its history stays"
