"""From the last key of a table's name to the edge in the canvas, in a real browser; and lineage."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page
from tests.acceptance.harness import Server
from tests.bench import projects
from tests.bench.browser import page_of
from tests.bench.figures import Figure
from tests.bench.running import Runner

from headrace.analysis.lineage import lineage_of
from headrace.analysis.result import BlockText

BLOCKS = 30
EDGE_TARGET_MS = 50
MODELS = 50
LINEAGE_TARGET_MS = 100
_SCRIPT = Path(__file__).with_name("edges.js").read_text()
_PAUSE_MS = 100
_CODE = "[data-testid=block-last] .cm-content"
_STEPS = (
    "select id, customer, day, qty, price * {n} as price, segment from {up} where qty > {n}",
    "with kept as (select * from {up} where price > 0) select *, qty * price as amount from kept",
    "select customer, day, min(id) as id, sum(qty) as qty, avg(price) as price from {up} group by 1",
    "select u.*, row_number() over (partition by day order by price) as place from {up} u",
    "select id, customer, day, qty, price, 1 as segment from (select * from {up}) t",
)


def measure(rounds: int) -> list[Figure]:
    """Measure what the editor knows of SQL while it is typed."""
    return [_edges(max(3, min(rounds, 20))), *_lineage(rounds)]


def _edges(rounds: int) -> Figure:
    names = [f"b{number:02}" for number in range(BLOCKS - 1)]
    texts = {name: f"select {number} as n" for number, name in enumerate(names)}
    texts |= {"last": "select 1 from b00"}
    with tempfile.TemporaryDirectory() as folder:
        project = projects.empty(Path(folder) / "p")
        _add(project, "sketch", texts, {"last": ["b00"]})
        with Server(project, options=()) as server, page_of(server, _SCRIPT) as page:
            server.wait_ready()
            page.goto(f"{server.url}/p/sketch?view=split")
            outline = page.get_by_role("list", name="Outline of blocks")
            outline.get_by_text("last", exact=True).click()
            page.wait_for_selector(_CODE)
            page.wait_for_selector(".react-flow__edge", state="attached")
            times = [_type(page, name) for name in names[1 : rounds + 1]]
    return Figure("last key → edge, 30 blocks", "ms", times, EDGE_TARGET_MS)


def _type(page: Page, name: str) -> float:
    """Type a name up to its last letter, then that; return from that to the frame, in ms."""
    page.click(_CODE)
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(f", {name[:-1]}")
    page.wait_for_timeout(_PAUSE_MS)
    page.evaluate("edge => bench.expect(edge)", f"typed {name}>last")
    page.keyboard.press(name[-1])
    page.evaluate("bench.painted")
    return page.evaluate("bench.frame - bench.key")


def _lineage(rounds: int) -> list[Figure]:
    """Ask for all columns of a chain of models: of texts never seen, and after an edit of one."""
    fresh: list[float] = []
    edited: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        project = projects.empty(Path(folder) / "p")
        with Server(project, options=()) as server:
            server.wait_ready()
            with Runner(server, "none") as runner:
                for number in range(rounds + 1):
                    name = f"chain{number}"
                    texts, reads = _chain(number)
                    _add(project, name, texts, reads)
                    runner.command({"op": "open-session", "pipeline": name})
                    fresh.append(_asked(runner, name))
                    first = f"pipelines/{name}/blocks/m00/source"
                    (project / "pipelines" / name / "m00.sql").write_text(f"{texts['m00']}, 1 as x")
                    runner.command({"op": "run-blocks", "pipeline": name, "dry_run": True})
                    assert b"1 as x" in runner.request("GET", first)
                    edited.append(_asked(runner, name))
    return [
        Figure(
            "lineage of 50 models anew, of the processor",
            "ms",
            _computed(rounds),
            LINEAGE_TARGET_MS,
        ),
        Figure("lineage of 50 models, just opened", "ms", fresh[1:], LINEAGE_TARGET_MS),
        Figure("lineage of 50 models, first one edited", "ms", edited[1:], LINEAGE_TARGET_MS),
    ]


def _computed(rounds: int) -> list[float]:
    """Compute it in this process, of texts parsed for the first time: the processor's time."""
    found: list[float] = []
    for number in range(rounds + 1):
        texts, reads = _chain(1000 + number)
        blocks = [
            BlockText(name=name, language="sql", text=text, upstream=reads.get(name, []))
            for name, text in texts.items()
        ]
        began = time.process_time()
        lineage = lineage_of(blocks)
        found.append((time.process_time() - began) * 1000)
        assert all(block.columns for block in lineage)
    return found[1:]


def _asked(runner: Runner, pipeline: str) -> float:
    began = time.perf_counter()
    answer = runner.request("GET", f"pipelines/{pipeline}/lineage")
    seconds = time.perf_counter() - began
    assert answer.count(b'"known_by":"query"') == MODELS, answer[:500]
    return seconds * 1000


def _chain(number: int) -> tuple[dict[str, str], dict[str, list[str]]]:
    texts = {
        "m00": f"select {number} as id, 'c' as customer, date '2026-01-01' as day, 1 as qty,"
        " 2.0 as price, 's' as segment"
    }
    reads: dict[str, list[str]] = {}
    for at in range(1, MODELS):
        up, name = f"m{at - 1:02}", f"m{at:02}"
        step = _STEPS[(at - 1) % len(_STEPS)].format(up=up, n=at)
        texts[name] = f"{step} -- {number}"  # what is kept is kept by the text
        reads[name] = [up]
    return texts, reads


def _add(project: Path, name: str, texts: dict[str, str], reads: dict[str, list[str]]) -> None:
    folder = project / "pipelines" / name
    folder.mkdir(parents=True)
    lines = ["blocks:"]
    for block, text in texts.items():
        (folder / f"{block}.sql").write_text(text + "\n")
        upstream = ", ".join(reads.get(block, []))
        lines.append(
            f"  - {{name: {block}, kind: transformer, file: {block}.sql, upstream: [{upstream}]}}"
        )
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n")
