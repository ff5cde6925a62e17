"""Scripts planted in every field of a record, in captures and in queries: nothing runs."""

from urllib.parse import quote

import pytest

from tests.browser.conftest import Open
from tests.browser.pages import PLANTED_PAGES
from tests.browser.sample import ELSEWHERE, RUN
from tests.browser.watch import Watch, read_markers

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", PLANTED_PAGES)
def test_nothing_that_was_planted_runs(open_page: Open, name: str) -> None:
    opened = open_page()
    opened.go(PLANTED_PAGES[name])
    opened.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    opened.page.mouse.move(300, 300)
    for _ in range(5):  # focus alone would run what `autofocus` and `onfocus` have
        opened.page.keyboard.press("Tab")
    assert set(read_markers(opened.page)) == {None}


def test_no_link_of_a_planted_record_has_a_script(open_page: Open) -> None:
    opened = open_page()
    for path in PLANTED_PAGES.values():
        opened.go(path)
        links = opened.page.eval_on_selector_all(
            "a[href]:not(svg a), area", "all => all.map(one => [one.protocol, one.href])"
        )
        assert {str(protocol) for protocol, _ in links} <= {"http:", "https:", ""}
        scripts = opened.page.eval_on_selector_all("script", "all => all.map(one => one.src)")
        assert all(str(src).startswith(opened.base_url) for src in scripts)


def test_what_is_planted_would_run_and_be_seen_without_our_care(open_page: Open, base_url: str) -> None:
    """A page of our server's that has the plant as it is, by a way around its templates."""
    opened = open_page()
    opened.page.goto("data:text/html," + quote(f"<script>{RUN}; alert(1)</script><img src='{ELSEWHERE}/image.png'>"))
    assert opened.page.evaluate("window.marker") == "planted"
    opened.page.wait_for_load_state("networkidle")
    assert opened.watch.dialogs == ["1"]
    assert f"{ELSEWHERE}/image.png" in opened.watch.list_foreign(base_url)
    assert f"GET {ELSEWHERE}/image.png" in opened.outside.heard
    forget(opened.watch, opened.outside.heard)


def forget(watch: Watch, heard: list[str]) -> None:
    """Forget what was wanted here."""
    for one in (watch.requests, watch.messages, watch.dialogs, watch.errors, heard):
        one.clear()
