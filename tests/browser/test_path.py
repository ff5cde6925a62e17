"""From a search to an article, its history, a capture and the WARC record: by mouse, and by keyboard alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page
from warcio.archiveiterator import ArchiveIterator

from tests.browser.conftest import NARROW, WIDE, Open
from tests.browser.sample import CHANGED, NEW_HEADLINE, NEW_WORDS

pytestmark = pytest.mark.browser

MANY = 150
"""More than any page here has to Tab through."""

QUERY = '"another ending"'

Use = Callable[[Page, Locator], None]


def click(_: Page, target: Locator) -> None:
    """Use a link with the mouse."""
    target.click()


def press(page: Page, target: Locator) -> None:
    """Use a link with the keyboard."""
    tab_to(page, target)
    assert target.evaluate("one => getComputedStyle(one).outlineStyle") != "none"
    page.keyboard.press("Enter")


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(MANY):
        page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement"):
            return
    pytest.fail(f"Tab does not lead to {target}")


@pytest.mark.parametrize("use", [click, press])
@pytest.mark.parametrize("has_scripts", [True, False])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_a_search_leads_to_the_warc_record(open_page: Open, use: Use, width: int, has_scripts: bool) -> None:  # noqa: FBT001
    opened = open_page(width, has_scripts=has_scripts)
    opened.go("/")
    page = opened.page
    page.locator("#q").click() if use is click else tab_to(page, page.locator("#q"))
    page.keyboard.type(QUERY)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=%22another"))
    use(page, page.locator(".hits h2 a").first)
    page.wait_for_url(re.compile("/article/"))
    assert page.locator("h1").inner_text() == NEW_HEADLINE
    assert NEW_WORDS in page.locator(".text").inner_text()
    use(page, page.get_by_role("link", name="History", exact=True))
    page.wait_for_url(re.compile("/history/"))
    assert NEW_HEADLINE in page.locator(".changes ins").inner_text()
    assert NEW_WORDS in page.locator(".changed ins").inner_text()
    use(page, page.get_by_role("link", name="Its capture of version 2"))
    page.wait_for_url(re.compile("/capture/"))
    page.locator("iframe.capture").scroll_into_view_if_needed()
    marked = page.frame_locator("iframe.capture").locator("mark", has_text=NEW_WORDS)
    marked.wait_for()
    with page.expect_download() as download:
        use(page, page.get_by_role("link", name=re.compile("^The WARC record")))
    with download.value.path().open("rb") as file:
        records = [(one.rec_type, one.rec_headers["WARC-Target-URI"]) for one in ArchiveIterator(file)]
    assert ("response", CHANGED.url) in records
