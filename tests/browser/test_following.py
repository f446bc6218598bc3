"""What a page asked for and what events tell it go together, whichever comes first."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Route, expect
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.browser.complaints import Complaints

WORDS = ("one", "two", "three")
SAYS = f"""
import time
from pathlib import Path

from headrace import loader


@loader
def says():
    for word in {WORDS}:
        while not Path(word).exists():
            time.sleep(0.01)
        print("said", word, flush=True)
    while not Path("end").exists():
        time.sleep(0.01)
"""


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "pipelines" / "talks"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(
        "blocks:\n  - {name: says, kind: loader, file: says.py}\n"
    )
    (folder / "says.py").write_text(SAYS)
    return tmp_path / "project"


@pytest.fixture
def run(server: Server) -> str:
    """A run of which nothing was said yet."""
    started = server.post("pipelines/talks/runs", {}).json()["id"]
    until(lambda: server.get(f"runs/{started}").json()["state"] == "running", "its start")
    return started


def test_a_run_that_ends_while_the_page_asks_for_it_is_shown_as_over(
    context: BrowserContext, quiet: Complaints, server: Server, empty_project: Path, run: str
) -> None:
    page = context.new_page()
    page.goto("/runs")
    link = page.get_by_role("table", name="Runs, newest first").get_by_role("link").first
    link.wait_for()

    address = f"runs/{run}"
    running, asked = server.get(address), list[Route]()
    page.route(f"**/api/{address}", lambda route: asked.append(route), times=1)
    with page.expect_request(f"**/api/{address}"):
        link.click()
    for word in (*WORDS, "end"):
        (empty_project / word).touch()
    until(lambda: server.get(address).json()["state"] == "succeeded", "its end")
    page.wait_for_timeout(300)  # its events are there before the answer is
    asked[0].fulfill(body=running.content, headers={**running.headers})
    expect(page.locator(".crumbs .chip").first).to_contain_text("ok")


def test_what_is_printed_between_the_answer_and_the_first_event_is_in_the_log(
    context: BrowserContext, quiet: Complaints, server: Server, empty_project: Path, run: str
) -> None:
    log = f"runs/{run}/blocks/says/log"

    def say(word: str) -> None:
        (empty_project / word).touch()
        until(lambda: f"said {word}" in server.get(log).text, word)

    say("one")
    early = server.get(log, params={"attempt": 1, "tail": 1000})
    say("two")
    page = context.new_page()
    page.wait_for_timeout(200)  # its event came when nobody listened
    page.route(
        f"**/api/{log}?*",
        lambda route: route.fulfill(body=early.content, headers={**early.headers}),
        times=1,
    )
    page.goto(f"/p/talks/runs/{run}")
    shown = page.get_by_role("log", name="Log of says")
    expect(shown).to_contain_text("said one")
    expect(page.get_by_role("contentinfo")).to_contain_text("connected")
    say("three")
    expect(shown).to_contain_text("said one\nsaid two\nsaid three")
