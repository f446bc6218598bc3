"""The documentation as text: pages, sections, fenced code, rows of tables."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Page:
    """One Markdown file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.relative_to(ROOT).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.prose = _FENCE.sub("", self.text)

    def fences(self, *languages: str) -> list[str]:
        """Return the fenced code in these languages."""
        found = _FENCE.findall(self.text)
        return [textwrap.dedent(code) for _, language, code in found if language in languages]

    def section(self, heading: str) -> str:
        """Return what stands below a heading of the second level, "" when there is none."""
        found = re.search(
            rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", self.text, re.MULTILINE | re.DOTALL
        )
        return found[1] if found else ""

    def rows(self) -> list[list[str]]:
        """Return the cells of every row of every table."""
        lines = [line for line in self.prose.splitlines() if line.startswith("| ")]
        return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]

    def anchors(self) -> set[str]:
        """Return what `#anchor` may be, as GitHub makes it of headings."""
        return {
            re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
            for heading in _HEADING.findall(self.prose)
        }


@pytest.fixture(scope="session")
def pages() -> dict[str, Page]:
    return {page.name: page for page in map(Page, PAGES)}
