"""Sensors that wait, as people see them: set up, watched in the editor and on the run's page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.browser.complaints import Complaints
from tests.browser.pages.editor import EditorPage

SENSOR = """\
from pathlib import Path

from headrace import sensor


@sensor
def delivered():
    return Path("there").exists()
"""
LOADER = "from headrace import loader\n\n\n@loader\ndef load(delivered):\n    return 1\n"
YAML = """\
title: Guarded
blocks:
  - {name: delivered, kind: sensor, file: delivered.py}
  - {name: load, kind: loader, file: load.py, upstream: [delivered]}
"""
NEXT = re.compile(r"waiting: poke at (\d\d:\d\d:\d\d|\w{3} \d\d:\d\d)")
"""With the day when that is tomorrow."""


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    folder = root / "pipelines" / "guarded"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(YAML)
    (folder / "delivered.py").write_text(SENSOR)
    (folder / "load.py").write_text(LOADER)
    return root


def test_a_sensor_is_told_to_wait_and_waits_until_it_is_ready(
    context: BrowserContext, quiet: Complaints, empty_project: Path
) -> None:
    page = context.new_page()
    editor = EditorPage(page).open("guarded")
    editor.select("delivered")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Settings of delivered")
    expect(dialog.get_by_role("switch")).to_be_hidden()
    dialog.get_by_label("Poke").fill("often")
    expect(dialog.get_by_text("Write a span")).to_be_visible()
    dialog.get_by_label("Poke").fill("1s")
    dialog.get_by_role("switch").click()
    dialog.get_by_label("Timeout").fill("2h")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    file = empty_project / "pipelines" / "guarded" / "pipeline.yaml"
    until(lambda: "timeout: 2h, poke: 1s, soft_fail: true}" in file.read_text(), "the settings")

    editor.run_block("load")
    waiting = editor.block("delivered").get_by_text(NEXT)
    expect(waiting).to_be_visible()
    waiting.click()
    expect(page.get_by_text(re.compile(r"waits until .* at most"))).to_be_visible()
    page.keyboard.press("Escape")
    (empty_project / "there").touch()
    expect(editor.block("load").get_by_text(re.compile("^ok"))).to_be_visible()


def test_a_sensor_that_waits_is_stopped_by_its_button(
    context: BrowserContext, quiet: Complaints, server: Server, empty_project: Path
) -> None:
    file = empty_project / "pipelines" / "guarded" / "pipeline.yaml"
    file.write_text(YAML.replace("delivered.py", "delivered.py, poke: 1h"))
    page = context.new_page()
    editor = EditorPage(page).open("guarded")
    editor.run_block("delivered")
    block = editor.block("delivered")
    expect(block.get_by_text(NEXT)).to_be_visible()
    page.reload()
    expect(block.get_by_text(NEXT)).to_be_visible()
    (run,) = server.get("runs").json()["runs"]
    other = context.new_page()
    other.goto(f"/p/guarded/runs/{run['id']}")
    expect(other.get_by_text(NEXT).first).to_be_visible()
    block.get_by_role("button", name="Stop delivered").click()
    expect(block.get_by_text("cancelled")).to_be_visible()
    expect(other.get_by_text("cancelled").first).to_be_visible()
