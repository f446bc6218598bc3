from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from tests.acceptance.harness import Server
from tests.browser.chromium import chromium, executable, logged_in
from tests.browser.complaints import Complaints

REPOSITORY = Path(__file__).parents[2]
# The whole suite keeps every core busy.
expect.set_options(timeout=15_000)
FLIGHTS = REPOSITORY / "data" / "nycflights" / "flights.parquet"


def pytest_itemcollected(item: pytest.Item) -> None:
    """At most two browsers at once: each file belongs to one of two groups."""
    if item.path.parent == Path(__file__).parent:
        group = "browser_jobs" if item.path.stem == "test_main_job" else "browser_looks"
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.xdist_group(group))
        item.add_marker(pytest.mark.timeout(180))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if executable() is None:
        if "CI" in os.environ:
            pytest.fail("Chromium is not installed")
        pytest.skip("Chromium is not installed")
    with chromium() as started:
        yield started


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    """A folder with data and nothing else, as a newcomer has it."""
    project = tmp_path / "project"
    folder = project / "data" / "nycflights"
    folder.mkdir(parents=True)
    shutil.copy(FLIGHTS, folder)
    return project


@pytest.fixture
def server(empty_project: Path) -> Iterator[Server]:
    """A server of the empty project, with its scheduler."""
    with Server(empty_project, options=()) as running:
        running.wait_ready()
        yield running


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    window = logged_in(browser, server)
    yield window
    window.close()


@pytest.fixture
def quiet(context: BrowserContext) -> Iterator[Complaints]:
    """Fails the test when the browser complained."""
    complaints = Complaints(context)
    yield complaints
    assert complaints.texts == []
