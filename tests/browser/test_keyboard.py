"""From a search to an article without a mouse; the histogram's brush with one."""

import re

import pytest

from tests.browser.conftest import NARROW, WIDE, Open

pytestmark = pytest.mark.browser

MANY = 120
"""More than any page here has to Tab through before its first hit."""


@pytest.mark.parametrize("has_scripts", [True, False])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_the_keyboard_leads_from_a_search_to_an_article(open_page: Open, width: int, has_scripts: bool) -> None:  # noqa: FBT001
    opened = open_page(width, has_scripts=has_scripts)
    opened.go("/")
    page = opened.page
    page.keyboard.press("Tab")
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator("#q:focus").count() == 1
    page.keyboard.type("moscow")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=moscow"))
    for _ in range(MANY):
        page.keyboard.press("Tab")
        if page.locator(".hits h2 a:focus").count():
            break
    assert page.locator(".hits h2 a:focus").count() == 1
    assert page.locator(":focus").evaluate("one => getComputedStyle(one).outlineStyle") != "none"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/article/"))
    assert page.locator(".text p").count()


def test_dragging_over_bars_searches_in_their_days(open_page: Open) -> None:
    opened = open_page()
    opened.go("/?from=2023-09-01")
    page = opened.page
    bars = page.locator(".histogram a")
    since, until = bars.nth(1).get_attribute("data-since"), bars.nth(3).get_attribute("data-until")
    boxes = [bars.nth(place).locator(".room").bounding_box() for place in (1, 3)]
    assert boxes[0]
    assert boxes[1]
    page.mouse.move(boxes[0]["x"] + boxes[0]["width"] / 2, boxes[0]["y"] + 20)
    page.mouse.down()
    page.mouse.move(boxes[1]["x"] + boxes[1]["width"] / 2, boxes[1]["y"] + 20, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(f"from={since}&to={until}"))
    assert page.locator("#from").input_value() == since


def test_an_article_is_printed_without_what_only_a_screen_needs(open_page: Open) -> None:
    opened = open_page(scheme="light")
    opened.go("/article/moscow-times:en:1")
    opened.page.emulate_media(media="print")
    assert not opened.page.locator("header.site").is_visible()
    assert not opened.page.locator(".tabs").is_visible()
    assert opened.page.locator(".text").is_visible()


@pytest.mark.parametrize("name", ["history", "capture"])
def test_paper_has_light_colours_whatever_the_screen_has(open_page: Open, name: str) -> None:
    def read_colours(scheme: str) -> list[object]:
        opened = open_page(scheme=scheme)
        opened.go_to(name)
        opened.page.emulate_media(media="print")
        elements = "document.querySelectorAll('body, ins, del, .notice, summary, a')"
        read = "one => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]"
        colours: list[object] = opened.page.evaluate(f"[...{elements}].map({read})")
        return colours

    assert read_colours("dark") == read_colours("light")
