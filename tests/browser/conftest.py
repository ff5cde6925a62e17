"""A server with a small archive, and a browser that is watched."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from documentation.browser import running_browser
from tests.browser.pages import ALL_PAGES, FOLLOWED, STATUSES
from tests.browser.sample import make_archive
from tests.browser.watch import Outside, Watch, listening_outside

WIDE, NARROW = 1440, 360
HEIGHT = 900


@dataclass(frozen=True)
class Opened:
    """A page of the browser, and what it did."""

    page: Page
    watch: Watch
    outside: Outside
    base_url: str

    def go(self, path: str, status: int = 200) -> None:
        """Load a page of the server, which has this status."""
        response = self.page.goto(f"{self.base_url}{path}")
        assert response
        assert (path, response.status) == (path, status)
        if status >= 400:
            self.watch.error_urls.add(response.url)

    def go_to(self, name: str) -> None:
        """Load one of `PAGES` or `PLANTED_PAGES`, all its details open."""
        self.go(ALL_PAGES[name], STATUSES.get(name, 200))
        if name in FOLLOWED:
            found = self.page.locator(FOLLOWED[name]).first.get_attribute("href")
            assert found
            self.go(found)
        self.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


Open = Callable[..., Opened]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables with which a command works on an archive that was really crawled."""
    settings = make_archive(tmp_path_factory.mktemp("browsed"))
    return os.environ | {"BROADSHEET_DATA_DIR": str(settings.data_dir)}


@pytest.fixture(scope="session")
def base_url(environment: dict[str, str]) -> Iterator[str]:
    """`broadsheet serve`, really started."""
    command = [sys.executable, "-m", "cli", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())
        assert found
        yield found[0]
        process.terminate()
        process.communicate()


@pytest.fixture(scope="session")
def outside() -> Iterator[Outside]:
    with listening_outside() as proxy:
        yield proxy


@pytest.fixture(scope="session")
def browser(outside: Outside) -> Iterator[Browser]:
    with running_browser(*outside.options) as started:
        yield started


@pytest.fixture
def open_page(base_url: str, browser: Browser, outside: Outside) -> Iterator[Open]:
    """Opens pages of the server, or of another `site`, with a width, a colour scheme, and JavaScript or none.

    In every test: nothing was requested of another host, no dialog opened, no script failed, nothing was missing.
    """
    outside.heard.clear()
    with ExitStack() as opened:
        watches: list[tuple[Watch, str]] = []

        def open_one(
            width: int = WIDE, scheme: str = "light", *, has_scripts: bool = True, site: str = base_url
        ) -> Opened:
            context = browser.new_context(
                viewport={"width": width, "height": HEIGHT},
                color_scheme="dark" if scheme == "dark" else "light",
                java_script_enabled=has_scripts,
                reduced_motion="reduce",  # so that nothing is measured while it still scrolls
                locale="en-GB",
            )
            opened.enter_context(context)
            watch = Watch()
            watches.append((watch, site))
            watch.attach(context)
            return Opened(context.new_page(), watch, outside, site)

        yield open_one
    for watch, site in watches:
        assert watch.list_foreign(site) == []
        assert watch.dialogs == watch.errors == watch.list_messages() == []
    assert outside.heard == []
