"""From the key Ctrl+Enter to the output on the screen, in a real browser."""

from __future__ import annotations

import itertools
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from tests.acceptance.harness import Server
from tests.bench import projects
from tests.bench.browser import page_of
from tests.bench.figures import Figure
from tests.bench.running import Runner

WARM_TARGET_MS = 25
COLD_TARGET_MS = 150
_SCRIPT = Path(__file__).with_name("run_key.js").read_text()
_MIN_ROUNDS = 20
_PAUSE_MS = 100
"""From the last letter to the key: quick hands, and too short for the text to be saved by itself."""

_BLANK = """
document.body.innerHTML = '<div data-testid="block-echo"><pre class="result-text"></pre></div>';
addEventListener("keydown", () => setTimeout(() => {
  document.querySelector(".result-text").textContent = bench.awaited;
}));
"""

Note = dict[str, Any]
_POINTS = (
    ("save sent", lambda n: _at(n, "> save-source")),
    ("saved and analysed", lambda n: _accepted(n, "> save-source")),
    ("run sent", lambda n: _at(n, "> run-blocks")),
    ("run recorded (queued)", lambda n: _at(n, "< run-queued")),
    ("block handed to a worker", lambda n: _at(n, "< block-started")),
    ("executed, stored, recorded", lambda n: _at(n, "< block-finished")),
    ("text in the page", lambda n: n["text"]),
    ("on a frame", lambda n: n["frame"]),
)


def measure(rounds: int) -> list[Figure]:
    """Every run has a source of its own. Typed: save and analysis are on the way as well."""
    rounds = max(rounds, _MIN_ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        project = projects.empty(Path(folder) / "p")
        projects.add_echo(project)
        with (
            Server(project, options=()) as server,
            page_of(server, _SCRIPT) as page,
            Runner(server, "echo") as runner,
        ):
            server.wait_ready()
            floor = _floor(page, rounds)
            page.goto(f"{server.url}/p/echo")
            page.wait_for_selector("[data-testid=block-echo] .cm-content")
            texts = (f"T{n}" for n in itertools.count(10_000))
            for _ in range(3):
                _press(page, next(texts), saved=True)
            saved = [_press(page, next(texts), saved=True) for _ in range(rounds)]
            typed = [_press(page, next(texts), saved=False) for _ in range(rounds)]

            def restart() -> None:
                runner.command({"op": "restart-worker", "pipeline": "echo"})

            cold = [_press(page, next(texts), saved=True, before=restart) for _ in range(rounds)]
    return [
        _figure("run key → output, warm", saved, WARM_TARGET_MS, floor),
        _figure("run key → output, warm, typed just before", typed, WARM_TARGET_MS, floor),
        _figure("run key → output, restarted worker", cold, COLD_TARGET_MS, floor),
    ]


def _press(page: Page, text: str, *, saved: bool, before: Callable[[], None] | None = None) -> Note:
    """Type a new source, run it by its key, and return what the page noted, in ms."""
    page.click("[data-testid=block-echo] .cm-content")
    page.keyboard.press("Control+End")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    page.keyboard.press("Shift+Home")
    page.evaluate("text => bench.expect(text)", text)
    page.keyboard.insert_text(f'return "{text}"')
    if saved:
        page.evaluate("bench.saved")
    page.wait_for_timeout(_PAUSE_MS)
    if before is not None:
        before()
    page.keyboard.press("Control+Enter")
    page.evaluate("bench.painted")
    note: Note = page.evaluate(
        "({key: bench.key, text: bench.text, frame: bench.frame, wire: bench.wire})"
    )
    note["wire"] = [entry for entry in note["wire"] if entry[0] >= note["key"]]
    return note


def _at(note: Note, what: str) -> float | None:
    return next((at for at, name, _ in note["wire"] if name == what), None)


def _accepted(note: Note, sent: str) -> float | None:
    req = next((req for _, name, req in note["wire"] if name == sent), None)
    return next((at for at, name, of in note["wire"] if name == "< accepted" and of == req), None)


def _floor(page: Page, rounds: int) -> float:
    """Return what a page takes that answers the key by itself."""
    page.evaluate(_BLANK)
    times: list[float] = []
    for number in range(rounds):
        page.evaluate("text => bench.expect(text)", f"T{number}")
        page.wait_for_timeout(_PAUSE_MS)
        page.keyboard.press("Control+Enter")
        page.evaluate("bench.painted")
        times.append(page.evaluate("bench.frame - bench.key"))
    return statistics.median(times)


def _figure(name: str, notes: list[Note], target: float, floor: float) -> Figure:
    parts: dict[str, float] = {}
    steps: dict[str, list[float]] = {}
    for note in notes:
        since = note["key"]
        for point, find in _POINTS:
            at = find(note)
            if at is not None:
                steps.setdefault(point, []).append(at - since)
                since = at
    for point, times in steps.items():
        parts[point] = statistics.median(times)
    times = [note["frame"] - note["key"] for note in notes]
    return Figure(name, "ms", times, target, floor, "page without a server", parts)
