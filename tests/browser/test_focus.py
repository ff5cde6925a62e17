"""Tab goes through every kind of page in the order of its elements, and each stop can be seen."""

import time

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NARROW, WIDE, Open
from tests.browser.pages import PAGES

pytestmark = pytest.mark.browser

PATIENCE_SECONDS = 3.0
"""How long the focus may be nowhere."""

MANY = 400
"""More stops than any page here has."""

ALIKE = {"search", "planted search", "planted article"}
"""Pages with the elements of others, and many of them."""

LIST_STOPS = """() => {
  const all = [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, summary, iframe, [tabindex="0"]')];
  window.look = one => {
    const read = element => {
      const style = getComputedStyle(element);
      return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.stroke, style.strokeWidth].join(' ');
    };
    return [read(one), ...[...one.querySelectorAll('rect.room')].map(read)].join(', ');
  };
  window.stops = all.filter(one => one.checkVisibility());
  window.looks = window.stops.map(window.look);
  return window.stops.length;
}"""
"""Remembers how each element looks that the keyboard should reach, while none has the focus; returns their number."""

READ_STOP = """() => {
  const one = document.activeElement;
  const place = window.stops.indexOf(one), box = one.getBoundingClientRect();
  const isInside = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
    && box.right > 0 && box.left < innerWidth;
  const isOfBrowser = one.type === 'date' && !one.matches(':focus');
  return [place, isInside && (isOfBrowser || window.look(one) !== window.looks[place]), one.outerHTML.slice(0, 120)];
}"""
"""Returns the number of the element that has the focus, whether that can be seen, and what it is.

In a field for a date, the button of its calendar is the browser's own, and so is how it shows the focus.
"""

FRAME = "iframe.capture"
IS_SEEN_IN_FRAME = """(one => one.matches('details') || getComputedStyle(one).outlineStyle !== 'none')(
  document.activeElement)"""
"""Whether the focus can be seen there. The browser shows it by itself on a `details` without a summary of its own."""


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_tab_stops_everywhere_in_order_and_visibly(open_page: Open, width: int) -> None:
    opened = open_page(width)
    problems = {}
    for name in PAGES.keys() - ALIKE:
        opened.go_to(name)
        if opened.page.locator(FRAME).count():
            opened.page.locator(FRAME).scroll_into_view_if_needed()
            opened.page.frame_locator(FRAME).locator("header.frame").wait_for()
        count = opened.page.evaluate(LIST_STOPS)
        places, unseen = press_tab(opened.page)
        if unseen or places != list(range(count)):
            problems[name] = (unseen, places, count)
    assert problems == {}


def read_stop(page: Page) -> tuple[int, bool, str]:
    """Return the number of the element that has the focus, whether that can be seen, and what it is.

    A frame is a process of its own: on its way there and back, the focus is nowhere for a moment.
    """
    deadline = time.monotonic() + (PATIENCE_SECONDS if page.locator(FRAME).count() else 0)
    while True:
        place, is_seen, html = page.evaluate(READ_STOP)
        if html.startswith("<iframe"):
            is_seen = page.frames[-1].evaluate(IS_SEEN_IN_FRAME)
        if (is_seen and place >= 0) or time.monotonic() > deadline:
            return place, is_seen, html
        page.wait_for_timeout(50)


def press_tab(page: Page) -> tuple[list[int], list[str]]:
    """Press Tab to the end of a page; return the numbers of the stops, and those where the focus cannot be seen."""
    places: list[int] = []
    unseen = []
    for _ in range(MANY):
        page.keyboard.press("Tab")
        place, is_seen, html = read_stop(page)
        if places and place < places[-1]:  # it begins again
            break
        if places[-1:] != [place]:  # a frame, and a field for a date, have stops of their own
            places.append(place)
        if not is_seen:
            unseen.append(html)
    return places, unseen
