"""The server goes away and comes back while someone types."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, expect
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.browser.pages import EditorPage


def test_what_is_on_the_screen_stays_while_the_server_restarts(
    context: BrowserContext, server: Server, empty_project: Path
) -> None:
    folder = empty_project / "pipelines" / "small"
    folder.mkdir(parents=True)
    source = folder / "counts.py"
    source.write_text(
        "from headrace import loader\n\n\n@loader\ndef counts():\n    return [1, 2]\n"
    )
    (folder / "pipeline.yaml").write_text(
        "title: Small\nblocks:\n  - {name: counts, kind: loader, file: counts.py}\n"
    )
    editor = EditorPage(context.new_page()).open("small")
    editor.run_block("counts")
    editor.expect_done("counts")
    editor.code("counts").click()

    port = server.port
    server.stop()
    offline = editor.page.get_by_text("The server does not answer.")
    expect(offline).to_be_visible()
    editor.page.keyboard.press("Control+Home")
    editor.page.keyboard.type("# typed while it was away\n")
    expect(editor.code("counts")).to_be_focused()
    expect(editor.page.get_by_role("contentinfo")).to_contain_text("kept here")

    server.start(port=port)
    expect(offline).to_be_hidden(timeout=60_000)
    editor.expect_saved()
    until(lambda: source.read_text().startswith("# typed while it was away"), "the save")
    editor.expect_done("counts")
    expect(editor.code("counts")).to_be_focused()
