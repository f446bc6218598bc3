"""A schema is frozen with the mouse and by keys, broken, and seen to be so at the block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.browser.chromium import logged_in
from tests.browser.complaints import Complaints
from tests.browser.pages import EditorPage
from tests.browser.test_looks import axe

PLANES = """\
import pandas as pd
from headrace import loader


@loader
def planes():
    return pd.DataFrame({"tail": ["N1", "N2"], "built": [2004, None], "seats": [55, 182]})
"""
YAML = """\
title: Planes
blocks:
  - {name: planes, kind: loader, file: planes.py}
  - {name: large, kind: transformer, file: large.sql, upstream: [planes]}
"""


@pytest.fixture
def server(empty_project: Path) -> Iterator[Server]:
    folder = empty_project / "pipelines" / "planes"
    folder.mkdir(parents=True)
    (folder / "planes.py").write_text(PLANES)
    (folder / "large.sql").write_text("select tail, seats from planes where seats > 100\n")
    (folder / "pipeline.yaml").write_text(YAML)
    with Server(empty_project) as running:
        running.wait_ready()
        yield running


def test_a_schema_is_frozen_broken_and_told_of(
    context: BrowserContext, quiet: Complaints, server: Server, empty_project: Path
) -> None:
    folder = empty_project / "pipelines" / "planes"
    editor = EditorPage(context.new_page()).open("planes")
    page = editor.page
    editor.run_block("planes")
    editor.expect_done("planes")
    planes = editor.block("planes")
    planes.get_by_role("tab", name="Schema").click()
    planes.get_by_role("button", name="Freeze schema…").click()
    dialog = page.get_by_role("dialog", name="Freeze the schema of planes")
    expect(dialog.get_by_label("Type of built")).to_have_value("number")
    not_null = dialog.get_by_label("seats is not null")
    not_null.press("Space")
    expect(not_null).to_be_checked()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(planes).to_contain_text("Contract of 3 columns.")
    contract = "contract: {columns: {tail: string, built: number, seats: integer not null}}"
    assert contract in (folder / "pipeline.yaml").read_text()

    # Who reads a column that was not promised is told, whatever was run.
    (folder / "large.sql").write_text("select tail, seatz from planes\n")
    large = editor.block("large")
    expect(large.locator(".cm-lint-marker-error")).to_be_visible()
    editor.code("large").click()
    page.keyboard.press("F8")
    panel = large.locator(".cm-panel-lint")
    expect(panel).to_contain_text(
        "There is no column 'seatz' in the contract of planes: did you mean 'seats'?"
    )
    panel.get_by_role("button", name="Change to seats").click()
    expect(large).not_to_contain_text("seatz")

    (folder / "planes.py").write_text(PLANES.replace('"seats"', '"places"'))
    expect(editor.code("planes")).to_contain_text("places")
    editor.run_block("planes")
    expect(planes).to_contain_text("contract: 'seats' (integer) is missing")
    expect(planes).to_contain_text("'places' (int64) is not in the contract")
    planes.get_by_role("tab", name="Checks").click()
    planes.get_by_role("button", name="Look at the output").click()
    expect(planes).to_contain_text("The output that was refused: no other block gets it.")
    expect(planes.get_by_role("columnheader", name="places")).to_be_visible()

    # The change was meant: the contract takes it over.
    planes.get_by_role("tab", name="Schema").click()
    planes.get_by_role("button", name="Contract…").click()
    dialog = page.get_by_role("dialog", name="Contract of planes")
    expect(dialog.get_by_role("row", name="seats")).to_contain_text("not in the output")
    dialog.get_by_role("checkbox", name="seats", exact=True).click()
    dialog.get_by_role("checkbox", name="places", exact=True).click()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    editor.run_block("planes")
    editor.expect_done("planes")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dialog_can_be_used_by_everybody(browser: Browser, server: Server, scheme: str) -> None:
    context = logged_in(browser, server, color_scheme=scheme)
    editor = EditorPage(context.new_page()).open("planes")
    editor.run_block("planes")
    editor.expect_done("planes")
    planes = editor.block("planes")
    planes.get_by_role("tab", name="Schema").click()
    planes.get_by_role("button", name="Freeze schema…").click()
    expect(editor.page.get_by_label("Type of seats")).to_be_visible()
    assert axe(editor.page) == []
    context.close()


def test_how_far_a_loader_has_come_is_seen_and_reset_in_its_settings(
    context: BrowserContext, quiet: Complaints, server: Server, empty_project: Path
) -> None:
    listed = empty_project / "pipelines" / "planes" / "pipeline.yaml"
    listed.write_text(YAML.replace("planes.py}", "planes.py, incremental: seats}"))
    assert server.run("planes")["state"] == "succeeded"
    editor = EditorPage(context.new_page()).open("planes")
    page = editor.page
    editor.select("planes")
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Settings of planes")
    expect(dialog.get_by_label("Incremental")).to_have_value("seats")
    expect(dialog).to_contain_text("seats > 182")
    expect(dialog).to_contain_text("Moved by a run")
    dialog.get_by_role("button", name="Reset…").press("Enter")
    dialog.get_by_role("button", name="Load all again").press("Enter")
    expect(dialog).to_contain_text("none: the next run loads from the beginning")
    expect(dialog).to_contain_text("Set by hand")
    dialog.get_by_label("Incremental").fill("built")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    until(lambda: "planes.py, incremental: built}" in listed.read_text(), "the other column")
