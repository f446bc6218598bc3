"""The product's pages by what a user does on them."""

from tests.browser.pages.editor import EditorPage
from tests.browser.pages.home import HomePage
from tests.browser.pages.runs import RunPage, RunsPage
from tests.browser.pages.schedule import ScheduleSheet

__all__ = ["EditorPage", "HomePage", "RunPage", "RunsPage", "ScheduleSheet"]
