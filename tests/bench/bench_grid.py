"""The table of the data panel over 10 million rows, in a real browser: until it is on a frame."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Page, expect
from tests.acceptance.harness import Server
from tests.bench import processes, projects
from tests.bench.browser import page_of
from tests.bench.figures import Figure
from tests.bench.running import Runner

ROWS = 10_000_000
FIRST_MS, SORT_MS, JUMP_MS, FRAME_MS, HEAP_MB, GONE_S = 60, 300, 30, 17, 120, 75
_SCRIPT = Path(__file__).with_name("grid.js").read_text()
_MADE_MS = 120_000
_NOTCHES, _NOTCH_PX = 300, 400
_COLUMNS = "[aria-label=Data] [role=columnheader]"


def measure(rounds: int) -> list[Figure]:
    """One frame after the other, made from the page; the last is sorted, scrolled and left alone."""
    rounds = max(1, min(rounds, 5))
    with tempfile.TemporaryDirectory() as folder:
        project = projects.empty(Path(folder) / "p")
        projects.add_mixed(project, ROWS)
        with (
            Server(project, options=()) as server,
            Runner(server, "mixed") as runner,
            page_of(server, _SCRIPT) as page,
        ):
            server.wait_ready()
            page.goto(f"{server.url}/p/mixed")
            page.get_by_test_id("block-mixed").locator(".cm-content").click()
            first = [_made(page, runner, number) for number in range(rounds)]
            page.locator(f"{_COLUMNS}[data-name=f0]").wait_for()
            page.locator("[aria-label=Data] [role=gridcell]").first.click()
            sorts = [_sorted(page, at) for at in range(rounds)]
            jumps = [_jumped(page) for _ in range(rounds)]
            frames = _scrolled(page)
            heap = _heap_mb(page)
            gone = _seconds_until_gone(server, project)
    late = sorted(frames)[int(0.95 * len(frames))]
    return [
        Figure("first rows of 10M × 10, in the page", "ms", first, FIRST_MS),
        Figure("sort by float of 10M × 10, in the page", "ms", sorts, SORT_MS),
        Figure("jump to the last row of 10M × 10, in the page", "ms", jumps, JUMP_MS),
        Figure("frames while scrolling 10M × 10, p95", "ms", [late], FRAME_MS),
        Figure("heap of the page", "MB", [heap], HEAP_MB),
        Figure("data process gone after the last look", "s", [gone], GONE_S),
    ]


def _made(page: Page, runner: Runner, number: int) -> float:
    """Run the block with another seed; ms from hearing of its output to its rows on a frame."""
    seeded = [projects.MIXED.replace("rng(0)", f"rng({seed})") for seed in (number, number + 1)]
    base = hashlib.sha256(seeded[0].encode()).hexdigest()
    save = {"op": "save-source", "pipeline": "mixed", "block": "mixed", "text": seeded[1]}
    runner.command({**save, "base": base})
    expect(page.get_by_test_id("block-mixed").locator(".cm-content")).to_contain_text(
        f"rng({number + 1})"
    )
    page.evaluate("bench.expect(1, 'f0', bench.text(1, 'f0'))")
    page.keyboard.press("Control+Enter")
    page.set_default_timeout(_MADE_MS)
    taken: float = page.evaluate("bench.frame.then((at) => at - bench.finished)")
    return taken


def _sorted(page: Page, at: int) -> float:
    """Sort by a column that nobody sorted by before; ms from the key to the rows on a frame."""
    page.keyboard.press("Control+Home")
    for _ in range(at):
        page.keyboard.press("ArrowRight")
    page.evaluate("column => bench.expect(1, column, bench.text(1, column))", f"f{at}")
    page.keyboard.press("s")
    taken: float = page.evaluate("bench.frame.then((at) => at - bench.key)")
    return taken


def _jumped(page: Page) -> float:
    page.keyboard.press("Control+Home")
    page.wait_for_function("bench.text(1, 'f0') !== ''")
    page.evaluate(f"bench.expect({ROWS}, 'name', '')")
    page.keyboard.press("Control+End")
    taken: float = page.evaluate("bench.frame.then((at) => at - bench.key)")
    return taken


def _scrolled(page: Page) -> list[float]:
    """Turn the wheel without a pause; ms between frames."""
    page.keyboard.press("Control+Home")
    page.wait_for_function("bench.text(1, 'f0') !== ''")
    page.locator("[aria-label=Data] [role=grid]").hover()
    page.evaluate("bench.countFrames()")
    for _ in range(_NOTCHES):
        page.mouse.wheel(0, _NOTCH_PX)
    frames: list[float] = page.evaluate("bench.frames()")
    return frames


def _heap_mb(page: Page) -> float:
    line = page.context.new_cdp_session(page)
    line.send("HeapProfiler.enable")
    line.send("HeapProfiler.collectGarbage")
    return line.send("Runtime.getHeapUsage")["usedSize"] / 1e6


def _seconds_until_gone(server: Server, project: Path) -> float:
    """Seconds until no process but workers has a stored frame mapped; the page stays open."""
    began = time.monotonic()
    store = os.fsencode(project / ".headrace" / "store")
    mapping = [pid for pid in processes.tree(server.pid) if _maps(pid, store)]
    psutil.wait_procs([psutil.Process(max(mapping))], timeout=2 * GONE_S)
    return time.monotonic() - began


def _maps(pid: int, store: bytes) -> bool:
    try:
        return store in Path(f"/proc/{pid}/maps").read_bytes()
    except OSError:
        return False
