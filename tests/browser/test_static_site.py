"""A published site in the browser: from a file server and from a disk, with and without JavaScript."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.browser.axe import find_barriers
from tests.browser.conftest import NARROW, WIDE, Open, Opened
from tests.browser.sample import NEW_HEADLINE, NEW_WORDS

pytestmark = pytest.mark.browser

OTHERS = ("/browse.html", "/coverage.html", "/about.html")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def folder(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive as `broadsheet publish` makes it, captures and search included."""
    folder = tmp_path_factory.mktemp("published") / "site"
    command = [sys.executable, "-m", "cli", "publish", str(folder), "--captures"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    """The site on a file server, not at the root of it."""
    handler = partial(_Quiet, directory=folder.parent)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{folder.name}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "dark"), (WIDE, "light")])
def test_a_search_leads_to_a_capture_without_a_barrier(open_page: Open, site: str, width: int, scheme: str) -> None:
    opened = open_page(width, scheme, site=site)
    page = opened.page
    opened.go("/index.html")
    assert find_barriers(page) == []
    page.locator("#q").fill('"another ending"')
    page.keyboard.press("Enter")
    page.locator("#hits h2 a").wait_for()
    assert page.locator("#heading").inner_text() == "1 article"
    assert page.locator("#hits h2 a").inner_text() == NEW_HEADLINE
    assert find_barriers(page) == []
    page.locator("#hits h2 a").click()
    assert follow_article(opened) == []
    for path in OTHERS:
        opened.go(path)
        assert (path, find_barriers(page)) == (path, [])


@pytest.mark.parametrize("has_scripts", [True, False])
@pytest.mark.parametrize("is_on_disk", [True, False])
def test_the_years_lead_to_a_capture(
    open_page: Open,
    site: str,
    folder: Path,
    is_on_disk: bool,  # noqa: FBT001
    has_scripts: bool,  # noqa: FBT001
) -> None:
    opened = open_page(has_scripts=has_scripts, site=folder.as_uri() if is_on_disk else site)
    page = opened.page
    opened.go("/index.html")
    assert page.locator("#q").is_visible() == (has_scripts and not is_on_disk)
    assert page.locator("noscript .notice").is_visible() == (not has_scripts)
    assert page.locator("#search-problem").is_visible() == (has_scripts and is_on_disk)
    if has_scripts and is_on_disk:  # the browser says why it does not load the search
        assert {"pagefind" in text or "ERR_FAILED" in text for text, _ in opened.watch.messages} == {True}
        opened.watch.messages.clear()
    page.get_by_role("link", name="Browse", exact=True).click()
    page.get_by_role("link", name=re.compile("^2024")).click()
    page.get_by_role("link", name=re.compile("^February")).click()
    page.get_by_role("link", name=NEW_HEADLINE).click()
    follow_article(opened, has_axe=False)


def follow_article(opened: Opened, *, has_axe: bool = True) -> list[str]:
    """Go from an article to its history and its capture; return the barriers on the way. axe needs JavaScript."""
    page = opened.page
    barriers: list[str] = []
    page.wait_for_url(re.compile("/article/"))
    assert page.locator("h1").inner_text() == NEW_HEADLINE
    assert NEW_WORDS in page.locator(".text").inner_text()
    barriers += find_barriers(page) if has_axe else []
    page.get_by_role("link", name="History", exact=True).click()
    page.wait_for_url(re.compile("/history/"))
    assert NEW_WORDS in page.locator(".changed ins").inner_text()
    barriers += find_barriers(page) if has_axe else []
    page.get_by_role("link", name="Its capture of version 2").click()
    page.wait_for_url(re.compile("/capture/"))
    page.locator("iframe.capture").scroll_into_view_if_needed()
    page.frame_locator("iframe.capture").locator("mark", has_text=NEW_WORDS).wait_for()
    return barriers + (find_barriers(page) if has_axe else [])
