"""A database by keys: set up with a wrong password, mended, read, and written to by leave."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.acceptance.harness import Server
from tests.browser.complaints import Complaints
from tests.browser.pages.editor import EditorPage
from tests.browser.pages.keyboard import Keyboard
from tests.browser.test_looks import axe
from tests.postgres import postgres

PASSWORD = "Right/h0rse"
YAML = """
title: Flights
blocks:
  - {name: flights, kind: loader, file: flights.sql}   # of the warehouse
  - {name: endless, kind: loader, file: endless.sql, connection: warehouse}
  - {name: store, kind: transformer, file: store.sql, connection: warehouse}
"""


@pytest.fixture
def database() -> Iterator[str]:
    """The place of a PostgreSQL that asks `guarded` for a password."""
    with postgres() as place:
        with psycopg.connect(f"postgresql://{place}", autocommit=True) as server:
            server.execute(f"create user guarded password '{PASSWORD}'")
            server.execute("create table flights as select i as id from generate_series(1, 5) i")
            server.execute("grant all on flights to guarded")
        yield place


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "pipelines" / "flights"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(YAML)
    (folder / "flights.sql").write_text("select id from flights order by id")
    (folder / "endless.sql").write_text("select generate_series(1, 100000000) as i")
    (folder / "store.sql").write_text("insert into flights (id) values (6)")
    return tmp_path / "project"


@pytest.fixture
def server(empty_project: Path) -> Iterator[Server]:
    keys = {"XDG_CONFIG_HOME": str(empty_project.parent / "config")}
    with Server(empty_project, options=(), env=keys) as running:
        running.wait_ready()
        yield running


def fill(keys: Keyboard, field: Locator, text: str) -> None:
    keys.tab_to(field)
    keys.press("Control+a")
    keys.write(text)


def test_a_wrong_password_is_told_and_mended_and_rows_come(
    context: BrowserContext, quiet: Complaints, database: str, empty_project: Path
) -> None:
    page = context.new_page()
    page.goto("/settings")
    keys = Keyboard(page)
    section = page.get_by_role("region", name="Connections")
    add = section.get_by_role("button", name="Add a connection")
    add.wait_for()
    keys.tab_to(add)
    keys.press("Enter")
    dialog = keys.dialog("Add a connection")
    keys.write("warehouse")
    host, port = database.partition("@")[2].partition("/")[0].split(":")
    for label, text in (("Host", host), ("Port", port), ("Database", "postgres")):
        fill(keys, dialog.get_by_label(label, exact=True), text)
    fill(keys, dialog.get_by_label("User", exact=True), "guarded")
    password = dialog.get_by_label("Password", exact=True)
    fill(keys, password, "Wr0ng/h0rse")
    expect(dialog.get_by_label("Kept as")).to_have_value("WAREHOUSE_PASSWORD")
    test = dialog.get_by_role("button", name="Test", exact=True)
    keys.tab_to(test)
    keys.press("Enter")
    told = dialog.get_by_text("The connection 'warehouse' cannot be opened")
    expect(told).to_contain_text(f"tried: guarded at {host}:{port}/postgres", timeout=60_000)
    expect(dialog).to_contain_text("User or password is wrong: type them again.")
    assert axe(page) == []

    fill(keys, password, PASSWORD)
    keys.tab_to(test)
    keys.press("Enter")
    expect(dialog.get_by_text("PostgreSQL", exact=False).last).to_contain_text(
        "answered in", timeout=60_000
    )
    keys.tab_to(dialog.get_by_role("button", name="Save"))
    keys.press("Enter")
    expect(dialog).to_be_hidden()
    row = section.get_by_role("listitem")
    expect(row).to_contain_text("WAREHOUSE_PASSWORD in the encrypted file")
    text = (empty_project / "headrace.yaml").read_text()
    url = f"postgresql://guarded:${{WAREHOUSE_PASSWORD}}@{host}:{port}/postgres"
    assert text == f"connections:\n  warehouse: {url}\n"

    choose_and_run(page, keys, empty_project)


def choose_and_run(page: Page, keys: Keyboard, project: Path) -> None:
    """Let a block run on the connection, by its settings."""
    editor = EditorPage(page).open("flights")
    editor.block("flights").wait_for()
    keys.go_to("flights")
    keys.press("s")
    keys.dialog("Settings of flights")
    expect(page.get_by_label("Connection", exact=True)).to_be_focused()
    expect(page.get_by_role("option", name="warehouse")).to_be_attached()
    keys.write("warehouse")
    keys.tab_to(page.get_by_role("button", name="Save"))
    keys.press("Enter")
    expect(editor.block("flights").get_by_text("on warehouse")).to_be_visible()
    keys.go_to("flights")
    keys.press("Control+Enter")
    editor.expect_done("flights")
    expect(editor.block("flights")).to_contain_text("5 rows")
    lines = (project / "pipelines/flights/pipeline.yaml").read_text().splitlines()
    assert lines[3].endswith("connection: warehouse}   # of the warehouse")


def connect(server: Server, database: str, password: str) -> None:
    """Set the connection up over the API."""
    host, port = database.partition("@")[2].partition("/")[0].split(":")
    form = {"kind": "postgresql", "host": host, "port": int(port), "database": "postgres"}
    form |= {"user": "guarded", "secret": "WAREHOUSE_PASSWORD"}
    kept = {"value": password, "place": "file"}
    made = server.post("connections", {"name": "warehouse", "form": form, "password": kept})
    assert made.status_code == 201, made.text


def test_rows_are_counted_while_they_come_and_a_stop_ends_the_statement(
    context: BrowserContext, quiet: Complaints, database: str, server: Server
) -> None:
    connect(server, database, "Wr0ng/h0rse")
    page = context.new_page()
    keys = Keyboard(page)
    editor = EditorPage(page).open("flights")
    block = editor.block("endless")
    block.wait_for()
    keys.go_to("endless")
    keys.press("Control+Enter")
    editor.expect_state("endless", "failed")
    expect(block.get_by_role("link", name="Settings › Connections")).to_be_visible()
    kept = {"form": server.get("connections").json()["connections"][0]["form"]}
    kept["password"] = {"value": PASSWORD, "place": "file"}
    assert server.put("connections/warehouse", kept).status_code == 200
    keys.press("Control+Enter")
    expect(block.locator(".progress-words")).to_contain_text(" rows", timeout=60_000)
    stop = block.get_by_role("button", name="Stop endless")
    stop.focus()
    keys.press("Enter")
    expect(stop).to_be_hidden(timeout=60_000)
    running = "select count(*) from pg_stat_activity where application_name = 'headrace'"
    with psycopg.connect(f"postgresql://{database}", autocommit=True) as asked:
        deadline = time.monotonic() + 60
        while asked.execute(running).fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_what_writes_without_leave_offers_the_switch_and_then_writes(
    context: BrowserContext, quiet: Complaints, database: str, server: Server
) -> None:
    connect(server, database, PASSWORD)
    page = context.new_page()
    keys = Keyboard(page)
    editor = EditorPage(page).open("flights")
    editor.block("store").wait_for()
    keys.go_to("store")
    keys.press("Enter")
    code = editor.code("store")
    expect(code).to_be_focused()
    expect(editor.block("store").locator(".cm-lint-marker-error")).to_be_visible()
    keys.press("F8")
    panel = editor.block("store").locator(".cm-panel-lint")
    expect(panel).to_contain_text("This writes to the database")
    expect(panel.get_by_role("button", name="Let it write, as an exporter")).to_be_visible()
    keys.press("l")
    expect(editor.block("store").get_by_text("on warehouse, writes")).to_be_visible()
    expect(editor.block("store").get_by_text("exporter")).to_be_visible()
    expect(code).to_be_focused()
    keys.press("Control+Enter")
    editor.expect_done("store")
    with psycopg.connect(f"postgresql://{database}") as asked:
        assert asked.execute("select count(*) from flights where id = 6").fetchone() == (1,)
