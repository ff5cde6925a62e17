"""Scripts planted in every field of a record, in captures and in queries: nothing runs."""

import re
from urllib.parse import quote

import pytest

from tests.browser.conftest import NARROW, WIDE, Open, Opened
from tests.browser.pages import PLANTED_PAGES
from tests.browser.sample import ELSEWHERE, PLANTED, RUN, plant
from tests.browser.watch import read_markers

pytestmark = pytest.mark.browser

READ_LINKS = """all => all.flatMap(one => [one.getAttribute('href'), one.getAttribute('xlink:href')])
    .filter(one => one !== null).map(one => new URL(one, location.href).href)"""

SECONDS_TO_REFRESH = 1.5
"""The planted page would load another after a second."""


@pytest.mark.parametrize("name", PLANTED_PAGES)
def test_nothing_that_was_planted_runs(open_page: Open, name: str) -> None:
    opened = open_page()
    opened.go_to(name)
    opened.page.mouse.move(300, 300)
    for _ in range(5):  # focus alone would run what `autofocus` and `onfocus` have
        opened.page.keyboard.press("Tab")
    assert set(read_markers(opened.page)) == {None}


def test_no_link_of_a_planted_record_has_a_script(open_page: Open) -> None:
    opened = open_page()
    for name in PLANTED_PAGES:
        opened.go_to(name)
        links = opened.page.eval_on_selector_all("a, area", READ_LINKS)
        assert [link for link in links if not re.match("https?:", link)] == []
        scripts = opened.page.eval_on_selector_all("script", "all => all.map(one => one.src)")
        assert all(str(src).startswith(opened.base_url) for src in scripts)


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_nothing_in_the_frame_of_a_capture_runs_or_loads(open_page: Open, width: int) -> None:
    opened = open_page(width)
    opened.go(f"/capture/{PLANTED.id}")
    opened.page.locator("iframe.capture").scroll_into_view_if_needed()
    frame = opened.page.frame_locator("iframe.capture")
    frame.locator("mark").first.hover()
    frame.locator("main p").first.click()
    frame.get_by_text("Planted other link").click()
    opened.page.wait_for_timeout(SECONDS_TO_REFRESH * 1000)
    assert frame.get_by_text("Planted table").count() == 1
    assert read_markers(opened.page) == [None, None]
    assert opened.page.url.startswith(opened.base_url)


def test_the_frame_stops_what_would_be_left_in_a_page(open_page: Open) -> None:
    """The page as the publisher sent it, with the headers and in the frame that the server gives an inert one."""
    opened = open_page()
    raw = plant(PLANTED.page_html())
    opened.page.route("**/capture-page/**", lambda route: route.fulfill(response=route.fetch(), body=raw))
    opened.go(f"/capture/{PLANTED.id}")
    opened.page.locator("iframe.capture").scroll_into_view_if_needed()
    opened.page.frame_locator("iframe.capture").get_by_text("Planted table").wait_for()
    opened.page.wait_for_timeout(SECONDS_TO_REFRESH * 1000)
    frame = opened.page.frames[1]  # not those within: nothing can be asked of a frame that was refused
    assert [one.evaluate("window.marker ?? null") for one in (opened.page, frame)] == [None, None]
    assert opened.watch.dialogs == opened.outside.heard == []
    assert any("Content Security Policy" in text for text, _ in opened.watch.messages)
    forget(opened)


def test_the_planted_page_would_run_without_the_frame(open_page: Open) -> None:
    opened = open_page()
    opened.page.set_content(plant(PLANTED.page_html()), wait_until="domcontentloaded")
    assert opened.page.evaluate("window.marker") == "planted"
    assert len({url for url in opened.watch.requests if url.startswith(ELSEWHERE)}) > 5
    forget(opened)


def test_what_is_planted_would_run_and_be_seen_without_our_care(open_page: Open, base_url: str) -> None:
    """Shows that the watch and the proxy notice a script, a dialog and a request, on a page of no server."""
    opened = open_page()
    opened.page.goto("data:text/html," + quote(f"<script>{RUN}; alert(1)</script><img src='{ELSEWHERE}/image.png'>"))
    assert opened.page.evaluate("window.marker") == "planted"
    opened.page.wait_for_load_state("networkidle")
    assert opened.watch.dialogs == ["1"]
    assert f"{ELSEWHERE}/image.png" in opened.watch.list_foreign(base_url)
    assert f"GET {ELSEWHERE}/image.png" in opened.outside.heard
    forget(opened)


@pytest.mark.parametrize("host", ["fonts.googleapis.com", "www.google.com", "ssl.gstatic.com"])
def test_a_page_that_loads_from_the_browsers_maker_is_caught(open_page: Open, base_url: str, host: str) -> None:
    opened = open_page()
    opened.page.set_content(f"<link rel=stylesheet href=https://{host}/css?family=Inter><p>text</p>")
    opened.page.wait_for_load_state("networkidle")
    assert opened.watch.list_foreign(base_url) == [f"https://{host}/css?family=Inter"]
    assert opened.outside.heard == [f"CONNECT {host}:443"]
    forget(opened)


def test_what_is_missing_on_a_page_is_caught(open_page: Open, base_url: str) -> None:
    opened = open_page()
    opened.go("/article/moscow-times:en:999", 404)
    assert opened.watch.list_messages() == []
    opened.page.set_content(f"<img src={base_url}/static/missing.png>", wait_until="load")
    assert [text.rpartition(" ")[2] for text in opened.watch.list_messages()] == [f"({base_url}/static/missing.png)"]
    forget(opened)


def forget(opened: Opened) -> None:
    """Forget what was wanted here, when nothing can follow."""
    opened.page.context.close()
    watch = opened.watch
    for one in (watch.requests, watch.messages, watch.dialogs, watch.errors, opened.outside.heard):
        one.clear()
