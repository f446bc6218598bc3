"""How every page looks, to eyes, to screen readers and to the content policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.acceptance.harness import Server
from tests.browser.chromium import logged_in
from tests.browser.complaints import Complaints
from tests.browser.pages import EditorPage
from tests.browser.projects import MANY, add_crowded, add_rich, make_example

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SEVERE = {"serious", "critical"}

# What each page shows once it is drawn.
PAGES = {
    "home": ("/", ".pipelines .row-link"),
    "editor": ("/p/late_flights", "#block-flights[data-state] .cm-line"),
    "canvas": ("/p/late_flights?view=split", ".react-flow__node .node"),
    "runs": ("/runs", ".runs-table .row-link"),
    "run": ("/p/late_flights/runs/{failed}", ".failure-view"),
    "backfill": ("/p/late_flights/backfill", ".month-day[data-state]"),
    "runs side by side": ("/runs?pipeline=late_flights&view=matrix&time=month", ".matrix-cell"),
    "two runs": ("/p/late_flights/runs/{failed}?with=", ".two-runs-line"),
    "schedules": ("/schedules", ".triggers-table .row-link"),
    "settings": ("/settings", ".settings-row"),
    "no such pipeline": ("/p/nothing", "[role=alert]"),
}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    project = tmp_path_factory.mktemp("looks") / "project"
    make_example(project)
    add_rich(project)
    add_crowded(project)
    with Server(project, options=()) as running:
        running.wait_ready()
        yield running


@pytest.fixture(scope="module")
def failed_run(example: Server) -> str:
    return example.get("runs?state=failed").json()["runs"][0]["id"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_fault_for_screen_readers_or_breaks_the_content_policy(
    browser: Browser, example: Server, failed_run: str, scheme: str
) -> None:
    window = logged_in(browser, example, color_scheme=scheme, bypass_csp=False)
    complaints = Complaints(window)
    page = window.new_page()
    faults: list[str] = []
    for name, (path, drawn) in PAGES.items():
        page.goto(path.format(failed=failed_run))
        page.locator(drawn).first.wait_for()
        faults += [f"{name}: {fault}" for fault in axe(page)]
    window.close()
    assert not faults, "\n".join(faults)
    assert complaints.texts == []


# What opens over the editor: by which keys, and what shows that it is there.
LAYERS = {
    "add": (["b"], "dialog[open] [role=menuitem]"),
    "library": (["b", "b"], "dialog[open] .choice"),
    "settings": (["s"], "dialog[open] .field"),
    "rename": (["F2"], "dialog[open] .field"),
    "connect": (["c", "o"], "dialog[open] .choice"),
    "palette": (["Control+k"], "dialog[open] [role=option]"),
    "help": (["?"], "dialog[open] kbd"),
    "schedule": (["Control+Shift+S"], ".sheet .trigger-row"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_that_opens_over_the_editor_has_a_serious_fault(
    browser: Browser, example: Server, scheme: str
) -> None:
    window = logged_in(browser, example, color_scheme=scheme)
    complaints = Complaints(window)
    page = window.new_page()
    EditorPage(page).open("late_flights").select("flights")
    expect(page.get_by_test_id("block-flights")).to_be_focused()
    faults: list[str] = []
    for name, (keys, drawn) in LAYERS.items():
        for key in keys:
            page.keyboard.press(key)
            if key == "b":
                page.locator("dialog[open]").wait_for()
        page.locator(drawn).first.wait_for()
        faults += [f"{name}: {fault}" for fault in axe(page)]
        page.keyboard.press("Escape")
        page.locator(drawn).first.wait_for(state="detached")
    page.get_by_role("button", name="More for flights").click()
    faults += [f"menu: {fault}" for fault in axe(page)]
    window.close()
    assert not faults, "\n".join(faults)
    assert complaints.texts == []


# What opens over a table that has the keyboard.
TABLE_LAYERS = {
    "columns": (["/"], "dialog[open] [role=option]"),
    "row": (["Control+g"], "dialog[open] .field"),
    "cell menu": (["m"], "[role=menu]:popover-open"),
    "whole value": (["Enter"], ".cell-popover:popover-open"),
    "wrong filter": (["f", "x"], ".grid-filter-problem"),
    "search": (["Control+f"], ".frame-search-input:focus"),
    "downloads": (["e"], "[role=menu]:popover-open"),
    "column menu": (["ArrowUp", "m"], "[role=menu]:popover-open"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_that_opens_over_a_table_has_a_serious_fault(
    browser: Browser, example: Server, scheme: str
) -> None:
    window = logged_in(browser, example, color_scheme=scheme)
    complaints = Complaints(window)
    page = window.new_page()
    editor = EditorPage(page).open("late_flights")
    editor.select("flights")
    expect(editor.data.grid.get_by_role("gridcell").first).not_to_be_empty()
    editor.data.enter()
    page.keyboard.press("s")
    editor.data.expect_sort("year", "ascending")
    expect(page.locator(".mini-bars").first).to_be_visible()
    faults = [f"sorted: {fault}" for fault in axe(page)]
    for name, (keys, drawn) in TABLE_LAYERS.items():
        for key in keys:
            page.keyboard.press(key)
        page.locator(drawn).first.wait_for()
        faults += [f"{name}: {fault}" for fault in axe(page)]
        page.keyboard.press("Escape")
        page.locator(drawn).first.wait_for(state="hidden")
        expect(editor.data.grid.locator(":focus")).to_have_count(1)
    window.close()
    assert not faults, "\n".join(faults)
    assert complaints.texts == []


def axe(page: Page) -> list[str]:
    """Serious faults of the page as text. The script is handed over by the debugger, not by the page."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate(
        "axe.run(document, {resultTypes: ['violations'], iframes: false})"
    )
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in SEVERE
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("width", [320, 1024])
def test_no_page_scrolls_sideways_on_a_small_screen(
    browser: Browser, example: Server, failed_run: str, width: int
) -> None:
    window = logged_in(browser, example, viewport={"width": width, "height": 768})
    page = window.new_page()
    wide: list[str] = []
    for name, (path, drawn) in {**PAGES, "crowded": ("/p/crowded", ".block")}.items():
        page.goto(path.format(failed=failed_run))
        page.locator(drawn).first.wait_for()
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(name)
    window.close()
    assert wide == []


def test_rich_displays_live_in_frames_that_reach_nothing(browser: Browser, example: Server) -> None:
    window = logged_in(browser, example)
    page = window.new_page()
    editor = EditorPage(page).open("rich")
    editor.run_block("rich")
    editor.expect_done("rich")
    frames = editor.block("rich").locator("iframe")
    expect(frames).to_have_count(1)
    assert frames.get_attribute("sandbox") == "allow-scripts"
    expect(editor.block("rich").locator(".displays img")).to_have_js_property("naturalWidth", 40)
    shown = frames.first.content_frame.locator("#shown")
    expect(shown).to_contain_text("refused")
    assert set(json.loads(shown.inner_text()).values()) == {"refused"}
    assert page.title() == "Rich · Headrace"
    assert page.locator(".block img[src=x]").count() == 0
    window.close()


@pytest.mark.parametrize("width", [1024, 1440])
def test_thirty_blocks_with_the_longest_names_overlap_nowhere(
    browser: Browser, example: Server, width: int
) -> None:
    window = logged_in(browser, example, viewport={"width": width, "height": 900})
    page = window.new_page()
    editor = EditorPage(page).open("crowded")
    expect(
        page.get_by_role("list", name="Outline of blocks").get_by_role("listitem")
    ).to_have_count(MANY)
    expect(page.locator(".block-header .block-words").first).to_be_visible()
    for parts in (
        ".header > :not(.header-middle), .header-middle > *",
        ".crumbs li",
        ".header-actions > *",
        ".outline-list > li",
        "#main .block",
        ".status-bar > *",
        ".zones > *",
    ):
        assert overlaps(page, parts) == [], parts
    for header in editor.page.locator(".block-header").all()[:6]:
        assert overlaps(page, ":scope > *", within=header) == []
    for row in page.locator(".outline-row").all()[:6]:
        assert overlaps(page, ":scope > *", within=row) == []
    names_differ_where_they_are_seen(page)
    page.locator(".run-split-more").nth(4).click()
    menu = page.get_by_role("menu")
    expect(menu).to_be_visible()
    assert menu.evaluate("menu => menu.scrollWidth - menu.clientWidth") == 0, "nothing is cut off"
    window.close()


def names_differ_where_they_are_seen(page: Page) -> None:
    """The end of a long name, where such names differ, is within its row."""
    for row in page.locator(".outline-row").all()[:6]:
        tail = row.locator(".name-tail")
        assert tail.inner_text() == str(row.locator(".name-text").get_attribute("title"))[-8:]
        outer, inner = row.bounding_box(), tail.bounding_box()
        assert outer is not None
        assert inner is not None
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]


def overlaps(page: Page, selector: str, *, within: Any = None) -> list[str]:
    """Pairs of visible boxes that cover one another by more than half a pixel."""
    scope = within.element_handle() if within is not None else page.query_selector("html")
    return page.evaluate(
        """([scope, selector]) => {
          const boxes = [...scope.querySelectorAll(selector)]
            .map((element) => [element, element.getBoundingClientRect()])
            .filter(([, box]) => box.width > 0 && box.height > 0);
          const found = [];
          for (const [index, [one, a]] of boxes.entries())
            for (const [other, b] of boxes.slice(index + 1)) {
              if (one.contains(other) || other.contains(one)) continue;
              const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
              const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
              if (x > 0.5 && y > 0.5) found.push(`${one.outerHTML.slice(0, 90)} | ${other.outerHTML.slice(0, 90)}`);
            }
          return found;
        }""",
        [scope, selector],
    )


def test_a_page_whose_code_does_not_arrive_says_so_and_leaves_the_others(
    browser: Browser, example: Server
) -> None:
    window = logged_in(browser, example)
    page = window.new_page()
    page.route("**/assets/runs-*.js", lambda route: route.abort())
    page.goto("/")
    navigation = page.get_by_role("navigation", name="Main")
    navigation.get_by_text("Runs").click()
    expect(page.get_by_role("alert")).to_contain_text("This page broke")
    page.get_by_role("link", name="All pipelines").click()
    expect(page.get_by_role("table", name="Pipelines")).to_be_visible()
    window.close()
