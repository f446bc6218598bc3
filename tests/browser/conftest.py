from __future__ import annotations

import fcntl
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
expect.set_options(timeout=30_000)
FLIGHTS = REPOSITORY / "data" / "nycflights" / "flights.parquet"


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.path.parent == Path(__file__).parent:
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.timeout(600))  # with the wait for a place


@pytest.fixture(autouse=True)
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One of two places: more browsers at once would be slower than one after the other."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    lock = tmp_path_factory.getbasetemp().parent / f"browser-{int(worker) % 2}.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


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
