"""Edges drawn on the canvas while somebody else is at work on the pipeline."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext
from tests.acceptance.harness import Server
from tests.acceptance.plant import until

from .pages.editor import EditorPage

SLOWER = 6
"""What the page computes takes so many times as long, for what happens between two frames to be seen."""
HEAD = "from headrace import transformer\n\n\n@transformer\n"


@pytest.fixture
def busy(server: Server) -> Iterator[list[str]]:
    """Blocks without an edge; another one beside them is edited all the time."""
    names = [f"b{number}" for number in range(5)]
    folder = server.project / "pipelines" / "busy"
    folder.mkdir(parents=True)
    for name in [*names, "edited"]:
        (folder / f"{name}.py").write_text(f"{HEAD}def {name}():\n    return 1\n")
    blocks = [f"  - {{name: {n}, kind: transformer, file: {n}.py}}\n" for n in [*names, "edited"]]
    (folder / "pipeline.yaml").write_text(f"blocks:\n{''.join(blocks)}")
    until(lambda: server.get("pipelines/busy").is_success, "the pipeline")
    enough = threading.Event()

    def edit(file: Path) -> None:
        for number in count():
            file.write_text(f"{HEAD}def edited(size: int = {number}):\n    return size\n")
            if enough.wait(0.05):
                return

    editing = threading.Thread(target=edit, args=(folder / "edited.py",))
    editing.start()
    yield names
    enough.set()
    editing.join()


def test_edges_can_be_drawn_while_the_pipeline_changes(
    context: BrowserContext, busy: list[str]
) -> None:
    page = context.new_page()
    editor = EditorPage(page).open("busy", view="canvas")
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    first, *others = busy
    for other in others:
        editor.draw_edge(first, other)
