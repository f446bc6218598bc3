"""What is typed is not lost: by a second window on the same block, or by a disk that is full."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.acceptance.disk import mounting, small_disk
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.browser.chromium import logged_in
from tests.browser.complaints import Complaints
from tests.browser.pages.editor import EditorPage

YAML = """
title: Says
blocks:
  - {name: say, kind: exporter, file: say.py}
"""
CODE = """\
from headrace import exporter


@exporter
def say():
    print("first")

    print("between")

    print("last")
"""
SAVED_AGAIN_MS = 30_000


def write(root: Path) -> Path:
    folder = root / "pipelines" / "says"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(YAML)
    (folder / "say.py").write_text(CODE)
    return folder / "say.py"


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    write(tmp_path / "project")
    return tmp_path / "project"


def editors(context: BrowserContext) -> list[EditorPage]:
    """Two windows on the same block."""
    found = [EditorPage(context.new_page()).open("says") for _ in range(2)]
    for editor in found:
        expect(editor.code("say")).to_contain_text("between")
    return found


def test_two_windows_edit_different_lines_and_both_edits_are_saved(
    context: BrowserContext, quiet: Complaints, server: Server
) -> None:
    one, other = editors(context)
    server.pause()  # both type on the same text, and neither hears of the other
    try:
        one.replace_word("say", "first", "erste")
        other.replace_word("say", "last", "letzte")
    finally:
        server.go_on()
    both = CODE.replace("first", "erste").replace("last", "letzte")
    file = server.project / "pipelines" / "says" / "say.py"
    until(lambda: file.read_text() == both, "both edits on the disk", 60)
    for editor in (one, other):
        expect(editor.code("say")).to_contain_text("erste")
        expect(editor.code("say")).to_contain_text("letzte")
        editor.expect_saved()
        expect(editor.block("say").get_by_role("alert")).to_be_hidden()


def test_two_windows_edit_one_line_and_the_second_chooses_between_both_texts(
    context: BrowserContext, quiet: Complaints, server: Server
) -> None:
    windows = editors(context)
    server.pause()
    try:
        for editor, word in zip(windows, ("mine", "yours"), strict=True):
            editor.replace_word("say", "between", word)
    finally:
        server.go_on()
    file = server.project / "pipelines" / "says" / "say.py"

    def saved_word() -> str | None:
        text = file.read_text()
        return next((word for word in ("mine", "yours") if word in text), None)

    # A slow machine may save a word in pieces.
    saved = until(saved_word, "the first save", 60)
    first, second = windows if saved == "mine" else windows[::-1]
    kept = {"mine": "yours", "yours": "mine"}[saved]
    bar = second.block("say").get_by_role("alert")
    expect(bar).to_contain_text("was changed elsewhere while you typed")
    expect(second.code("say")).to_contain_text(kept)
    expect(first.block("say").get_by_role("alert")).to_be_hidden()
    bar.get_by_role("button", name="Show difference").click()
    for word in (saved, kept):
        expect(second.block("say").locator(".difference")).to_contain_text(word)
    assert saved in file.read_text(), "nothing is overwritten"
    bar.get_by_role("button", name="Keep mine").click()
    until(lambda: kept in file.read_text(), "what was chosen", 60)
    expect(first.code("say")).to_contain_text(kept)


@mounting
def test_what_is_typed_on_a_full_disk_stays_and_is_saved_when_there_is_room(
    browser: Browser, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "project") as disk:
        file = write(disk.folder)
        with Server(disk.folder, options=()) as server:
            server.wait_ready()
            page = logged_in(browser, server).new_page()
            editor = EditorPage(page).open("says")
            expect(editor.code("say")).to_contain_text("between")
            disk.fill()
            says_full(page, full=True)
            editor.replace_word("say", "between", "typed on a full disk")
            # The history is given some space now and then, and a save that is as small may fit in.
            problem = editor.block("say").get_by_role("alert").filter(has_text="No space left")

            def refused() -> bool:
                disk.fill()
                page.keyboard.type("!")
                page.wait_for_timeout(1000)
                return problem.is_visible()

            until(refused, "a save that is refused", SAVED_AGAIN_MS / 1000)
            typed = editor.code("say").locator(".cm-line").get_by_text("typed").inner_text()
            page.reload()
            expect(editor.code("say")).to_contain_text(typed)

            disk.empty()
            until(lambda: typed in file.read_text(), "the save", SAVED_AGAIN_MS / 1000)
            editor.expect_saved()
            says_full(page, full=False)
            page.context.close()


def says_full(page: Page, *, full: bool) -> None:
    """Expect every page to say that schedules wait, or not."""
    bar = page.get_by_role("status").filter(has_text=re.compile("disk of this project"))
    expect(bar).to_have_count(int(full), timeout=SAVED_AGAIN_MS)
