"""axe-core finds nothing, and the pages fit: every kind of page, wide and narrow, light and dark."""

import pytest

from tests.browser.axe import find_barriers
from tests.browser.conftest import NARROW, WIDE, Open
from tests.browser.pages import PAGES

pytestmark = pytest.mark.browser

SMALLEST = 320
"""To this width, WCAG 2.2 asks for pages without a horizontal scroll bar (1.4.10)."""

BARRIERS = """<!doctype html><title>x</title><input><p style="color: #ccc; background: #fff">pale</p>
<a href="#a" style="display: block; width: 9px; height: 9px; overflow: hidden">a</a><a href="#b"
style="display: block; width: 9px; height: 9px; overflow: hidden">b</a>"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_axe_finds_no_barrier(open_page: Open, width: int, scheme: str) -> None:
    opened = open_page(width, scheme)
    found = {}
    for name in PAGES:
        opened.go_to(name)
        found[name] = find_barriers(opened.page)
    assert {name: barriers for name, barriers in found.items() if barriers} == {}


def test_axe_would_find_barriers(open_page: Open) -> None:
    page = open_page().page
    page.set_content(BARRIERS)
    found = {barrier.partition(":")[0] for barrier in find_barriers(page)}
    assert {"label", "color-contrast", "html-has-lang", "target-size"} <= found


@pytest.mark.parametrize("has_scripts", [True, False])
@pytest.mark.parametrize("width", [SMALLEST, NARROW, WIDE])
def test_no_page_scrolls_sideways(open_page: Open, width: int, has_scripts: bool) -> None:  # noqa: FBT001
    opened = open_page(width, has_scripts=has_scripts)
    found = {}
    for name in PAGES:
        opened.go_to(name)
        found[name] = opened.page.evaluate("document.documentElement.scrollWidth")
    assert {name: found_width for name, found_width in found.items() if found_width > width} == {}


def test_both_schemes_are_readable_and_differ(open_page: Open) -> None:
    def read_colours(scheme: str) -> list[int]:
        page = open_page(scheme=scheme)
        page.go("/")
        colours = ("backgroundColor", "color")
        return [page.page.evaluate(f"getComputedStyle(document.body).{one}.match(/\\d+/g)[1]") for one in colours]

    (light_paper, light_ink), (dark_paper, dark_ink) = (map(int, read_colours(one)) for one in ("light", "dark"))
    assert light_paper - light_ink > 140
    assert dark_ink - dark_paper > 140
