"""Inside of the real JupyterLab: a card in the launcher opens the app in a tab, below any prefix."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect
from tests.browser.complaints import Complaints
from tests.browser.pages.keyboard import Keyboard
from tests.integration.server.test_stock import free_port
from tests.jupyter import end

TOKEN = "sesame"
EXTENSION = Path(__file__).parents[2] / "frontend" / "lab" / "extension"
BLOCK = """\
import pandas as pd
from headrace import loader


@loader
def one():
    return pd.DataFrame({"n": [41, 42]})
"""


@contextmanager
def jupyterlab(root: Path, prefix: str) -> Iterator[str]:
    """Start `jupyter lab` in a folder; give its address."""
    port = free_port()
    aside = root.with_name(f"{root.name}-jupyter")
    aside.mkdir()
    own = {f"JUPYTER_{kind}_DIR": str(aside / kind) for kind in ("RUNTIME", "CONFIG", "DATA")}
    own |= {
        "JUPYTERLAB_SETTINGS_DIR": str(aside / "s"),
        "JUPYTERLAB_WORKSPACES_DIR": str(aside / "w"),
    }
    # The files of the repository, whatever of them is installed.
    labs = aside / "path" / "labextensions"
    labs.mkdir(parents=True)
    (labs / "headrace").symlink_to(EXTENSION)
    own["JUPYTER_PATH"] = str(aside / "path")
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
        f"--ServerApp.root_dir={root}", f"--ServerApp.base_url={prefix}", f"--IdentityProvider.token={TOKEN}",
        "--ServerApp.port_retries=0", "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    log = aside / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, env={**os.environ, **own}, cwd=root, stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}{prefix}"
    try:
        limit = time.monotonic() + 90
        while not answers(f"{url}api"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < limit, log.read_text()
            time.sleep(0.1)
        yield url
    finally:
        end(process)


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    yield context
    context.close()


def app_in(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title=Headrace]")


@pytest.mark.parametrize("prefix", ["/", "/user/ada/"])
def test_the_launcher_opens_the_app_in_a_tab_where_a_pipeline_runs(
    prefix: str, window: BrowserContext, tmp_path: Path
) -> None:
    root = tmp_path / "work"
    folder = root / "pipelines" / "small"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text("blocks:\n  - {name: one, kind: loader, file: one.py}\n")
    (folder / "one.py").write_text(BLOCK)
    with jupyterlab(root, prefix) as url:
        complaints = Complaints(window)
        page = window.new_page()
        page.goto(f"{url}lab?token={TOKEN}")
        card = page.locator(".jp-LauncherCard", has_text="Headrace")
        card.wait_for(timeout=60_000)
        card.focus()
        Keyboard(page).press("Enter")
        app = app_in(page)
        app.get_by_role("link", name="small").click()
        app.get_by_role("button", name=re.compile(r"^Run \d+ stale")).click()
        expect(app.get_by_role("gridcell", name="42").first).to_be_visible(timeout=60_000)
        if "HEADRACE_PICTURES" in os.environ:
            page.screenshot(path=f"{os.environ['HEADRACE_PICTURES']}/jupyterlab.png")
        # A second time it is the same tab, and it is there again when the page is loaded anew.
        expect(page.get_by_role("tab", name="Headrace")).to_have_count(1)
        page.wait_for_timeout(1_500)  # JupyterLab keeps its layout a second after the last change
        page.reload()
        expect(page.get_by_role("tab", name="Headrace")).to_have_count(1, timeout=60_000)
        app_in(page).get_by_role("navigation", name="Main").wait_for()
        ours = [text for text in complaints.texts if "headrace" in text.lower()]
        assert ours == []


def test_nothing_is_made_in_a_folder_before_the_app_is_opened_there(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    with jupyterlab(root, "/user/ada/") as url, httpx.Client(timeout=30) as client:
        headers = {"Authorization": f"token {TOKEN}"}
        assert client.get(f"{url}api/status", headers=headers).status_code == 200
        assert httpx.get(f"{url}headrace/api/status").status_code in (401, 403)
        assert list(root.iterdir()) == []
        limit = time.monotonic() + 60
        while client.get(f"{url}headrace/api/status", headers=headers).json()["state"] != "ready":
            assert time.monotonic() < limit
            time.sleep(0.1)
        assert (root / ".headrace").is_dir()
