"""Displays: prose is drawn, frames are as high as what is in them, and nothing gets out of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, expect
from tests.acceptance.harness import Server
from tests.browser.chromium import logged_in
from tests.browser.complaints import Complaints
from tests.browser.pages import EditorPage

SHOWN = '''
from IPython.display import HTML, SVG, Latex, Markdown, Math, display

from headrace import loader

GROWING = """<!doctype html><p style="height: 100px; margin: 0">low</p>
<button onclick="document.querySelector('p').style.height = '400px'">more</button>"""
LOUD = """<p style="height: 90px">loud</p>
<script>
parent.postMessage({headraceHeight: 1e9}, "*");
parent.postMessage("taken", "*");
parent.postMessage({headraceHeight: {valueOf: 7}}, "*");
</script>"""


@loader
def shown():
    """All kinds of rich output."""
    display(Markdown("# Delays\\n\\n| carrier | mean |\\n|---|--:|\\n| UA | 12.1 |\\n\\nwith $\\\\bar x = 3$"))
    display(Math(r"\\frac{x^{2}}{2}"))
    display(Latex(r"\\text{<img src=x onerror=parent.postMessage({headraceHeight:600},'*')>}"))
    display(HTML("<p>short</p>"))
    display(HTML("<div style='height: 5000px'>long</div>"))
    display(HTML("<!doctype html><div style='height: 100vh; margin: 8px'>follows</div>"))
    display(HTML(GROWING))
    display(HTML(LOUD))
    display(SVG('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><circle r="9"/></svg>'))
    return 1
'''


@pytest.fixture
def server(empty_project: Path) -> Iterator[Server]:
    folder = empty_project / "pipelines" / "shown"
    folder.mkdir(parents=True)
    (folder / "shown.py").write_text(SHOWN.lstrip())
    (folder / "pipeline.yaml").write_text(
        "title: Shown\nblocks:\n  - {name: shown, kind: loader, file: shown.py}\n"
    )
    with Server(empty_project) as running:
        running.wait_ready()
        yield running


@pytest.fixture
def displays(context: BrowserContext) -> Locator:
    return look(context.new_page())


def look(page: Page) -> Locator:
    editor = EditorPage(page).open("shown")
    editor.select("shown")
    editor.run_block("shown")
    editor.expect_done("shown")
    editor.open_tab("shown", "Shown")
    return editor.block("shown").locator(".displays")


def inside(displays: Locator, number: int) -> FrameLocator:
    frame = displays.locator("iframe").nth(number)
    frame.scroll_into_view_if_needed()
    return frame.content_frame


def height(displays: Locator, number: int) -> float:
    box = displays.locator("iframe").nth(number).bounding_box()
    assert box is not None
    return box["height"]


def expect_height(displays: Locator, number: int, low: float, high: float) -> None:
    frame = displays.locator("iframe").nth(number)
    frame.scroll_into_view_if_needed()
    handle = frame.element_handle()
    displays.page.wait_for_function(
        "([frame, low, high]) => frame.clientHeight >= low && frame.clientHeight <= high",
        arg=[handle, low, high],
    )


def test_markdown_and_latex_are_drawn(displays: Locator, quiet: Complaints) -> None:
    prose = inside(displays, 0)
    expect(prose.get_by_role("heading", name="Delays")).to_be_visible()
    expect(prose.get_by_role("cell", name="UA")).to_be_visible()
    expect(prose.locator("math")).to_have_count(1)
    expect(inside(displays, 1).locator("mfrac")).to_be_visible()
    hostile = inside(displays, 2)
    expect(hostile.locator("mtext")).to_contain_text("<img")
    expect(hostile.locator("img")).to_have_count(0)
    expect_height(displays, 1, 30, 120)


def test_a_frame_is_as_high_as_what_is_in_it(displays: Locator, quiet: Complaints) -> None:
    expect_height(displays, 0, 100, 320)
    expect_height(displays, 3, 24, 80)
    expect_height(displays, 4, 640, 640)
    expect(inside(displays, 5).locator("div")).to_be_visible()
    displays.page.wait_for_timeout(300)
    assert height(displays, 5) < 420, "a content that follows its frame does not push it on and on"
    growing = inside(displays, 6)
    expect_height(displays, 6, 110, 180)
    growing.get_by_role("button").click()
    expect_height(displays, 6, 410, 480)


def test_what_a_frame_says_is_taken_as_a_height_within_limits_and_as_nothing_else(
    displays: Locator, quiet: Complaints
) -> None:
    title = displays.page.title()
    expect(inside(displays, 7).get_by_text("loud")).to_be_visible()
    expect_height(displays, 7, 90, 640)
    assert displays.page.title() == title


def test_a_drawing_is_a_picture_of_its_own_size(displays: Locator, quiet: Complaints) -> None:
    picture = displays.locator("img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 40)
    assert displays.locator("iframe").count() == 8
    assert all(
        frame.get_attribute("sandbox") == "allow-scripts"
        for frame in displays.locator("iframe").all()
    )


def test_prose_is_read_in_the_dark(browser: Browser, server: Server) -> None:
    window = logged_in(browser, server, color_scheme="dark")
    displays = look(window.new_page())
    expect(inside(displays, 0).locator("body")).to_have_css("color", "rgb(229, 233, 240)")
    window.close()
