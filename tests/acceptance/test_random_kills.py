"""Servers and workers are killed at random moments: no run is lost, none is doubled.

`HEADRACE_KILLS` says how many kills, `HEADRACE_SEED` which; both are printed with what was found.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from tests.postgres import new_database

from .harness import Server
from .invariants import check
from .plant import Plant, all_over, try_to
from .processes import TEMPLATE

KILLS = int(os.environ.get("HEADRACE_KILLS", "20"))
SEED = int(os.environ.get("HEADRACE_SEED", "0")) or random.randrange(1, 10**6)
SITES = 4
LONGEST_WAIT_S = 0.6


@dataclass
class Report:
    """What happened at one site."""

    kills: Counter[str] = field(default_factory=Counter[str])
    runs: int = 0
    ticks: int = 0
    executions: int = 0
    interrupted: int = 0
    resumed_s: list[float] = field(default_factory=list[float])


@pytest.mark.timeout(1200)
def test_whatever_is_killed_whenever_no_run_is_lost_and_none_is_doubled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], postgresql_server: str
) -> None:
    # Every other site has its history on PostgreSQL.
    urls = [
        f"postgresql+psycopg://{new_database(postgresql_server)}" if index % 2 else ""
        for index in range(SITES)
    ]
    share = [KILLS // SITES + (index < KILLS % SITES) for index in range(SITES)]
    with ThreadPoolExecutor(SITES) as pool:
        at_work = [
            pool.submit(_batter, tmp_path / f"site{index}", kills, SEED + index, url)
            for index, (kills, url) in enumerate(zip(share, urls, strict=True))
        ]
        reports = [work.result() for work in at_work]
    kills = sum((report.kills for report in reports), Counter[str]())
    resumed = sorted(second for report in reports for second in report.resumed_s)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{sum(kills.values())} kills ({dict(kills)}), seed {SEED}:"
            f" {sum(r.runs for r in reports)} runs, {sum(r.ticks for r in reports)} of ticks,"
            f" {sum(r.executions for r in reports)} executions of blocks,"
            f" {sum(r.interrupted for r in reports)} of them again after a kill;"
            " 0 lost, 0 doubled, 0 orphans, integrity ok\n"
        )
        if resumed:
            sys.stdout.write(
                f"resumed: the next block began {resumed[len(resumed) // 2]:.2f} s (median),"
                f" {resumed[-1]:.2f} s (worst of {len(resumed)}) after the start\n"
            )
    assert sum(kills.values()) == KILLS


def _batter(folder: Path, kills: int, seed: int, history: str) -> Report:
    """Kill at one site, then let everything come to its end and look."""
    folder.mkdir()
    chance = random.Random(seed)
    often = "every: 1s, overlap: allow"
    plant = Plant(folder, trigger=often, seconds=0.04, history=history)
    report, acknowledged, dead = Report(), set[str](), list[int]()
    with Server(plant.project, options=()) as server:
        while sum(report.kills.values()) < kills:
            server.wait_ready()
            if chance.random() < 0.7:
                answer = try_to(lambda: server.post("pipelines/steps/runs", {}))
                if answer:
                    acknowledged.add(answer["id"])
            # What is at random here is the moment of the death: it may fall anywhere.
            time.sleep(chance.uniform(0, LONGEST_WAIT_S))
            if chance.random() < 0.3 and _kill_a_worker(plant, server, chance):
                report.kills["worker"] += 1
                continue
            dead.append(server.pid)
            server.kill9()
            report.kills["server"] += 1
            _restart(plant, server, report)
        server.wait_ready()
        paused = server.patch("pipelines/steps/triggers/often", {"active": False})
        assert paused.is_success, paused.text
        runs = all_over(server)
        ids = {run["id"] for run in runs}
        assert acknowledged <= ids, f"lost: {acknowledged - ids}"
        assert {run["state"] for run in runs} == {"succeeded"}, Counter(r["state"] for r in runs)
        effects = plant.effects()
        for run in ids:
            assert set(plant.counts(run)) == set(plant.CHAIN), run
        check(plant, server, dead=tuple(dead))
        report.runs = len(runs)
        report.ticks = sum(1 for run in runs if run.get("trigger"))
        report.executions = len(effects)
        report.interrupted = len(effects) - len({(e.run, e.block) for e in effects})
    return report


def _restart(plant: Plant, server: Server, report: Report) -> None:
    """Start again; measure how soon a run that was cut off executes its next block."""
    before = plant.effects()
    known = {effect.run for effect in before}
    begun = time.monotonic()
    server.start()
    if server.process is None or not known:
        return
    server.wait_ready()
    with_runs = try_to(lambda: server.get("runs", params={"state": "running"}))
    going = {run["id"] for run in (with_runs or {}).get("runs", [])} & known
    limit = time.monotonic() + 1
    while going and time.monotonic() < limit:
        if any(effect.run in going for effect in plant.effects()[len(before) :]):
            report.resumed_s.append(time.monotonic() - begun)
            return
        time.sleep(0.005)


def _kill_a_worker(plant: Plant, server: Server, chance: random.Random) -> bool:
    """Kill the worker of one of the last executions; False when all of them are gone."""
    pids = sorted({effect.pid for effect in plant.effects()[-4:]})
    chance.shuffle(pids)
    for pid in pids:
        try:
            worker = psutil.Process(pid)
            if TEMPLATE not in worker.cmdline():
                continue  # its number belongs to somebody else by now
            worker.kill()
        except psutil.NoSuchProcess:
            continue
        return True
    return False
