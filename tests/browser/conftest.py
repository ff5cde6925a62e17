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

    def go(self, path: str) -> None:
        """Load a page of the server."""
        self.page.goto(f"{self.base_url}{path}")


Open = Callable[..., Opened]


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`broadsheet serve`, really started, over an archive that was really crawled."""
    settings = make_archive(tmp_path_factory.mktemp("browsed"))
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(settings.data_dir)}
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
    """Opens pages, each with a width, a colour scheme, and JavaScript or none.

    In every test: nothing was requested of another host, no dialog opened, no script failed.
    """
    outside.heard.clear()
    with ExitStack() as opened:
        watches: list[Watch] = []

        def open_one(width: int = WIDE, scheme: str = "light", *, has_scripts: bool = True) -> Opened:
            context = browser.new_context(
                viewport={"width": width, "height": HEIGHT},
                color_scheme="dark" if scheme == "dark" else "light",
                java_script_enabled=has_scripts,
                locale="en-GB",
            )
            opened.enter_context(context)
            watches.append(watch := Watch())
            watch.attach(context)
            return Opened(context.new_page(), watch, outside, base_url)

        yield open_one
    for watch in watches:
        assert watch.list_foreign(base_url) == []
        assert watch.dialogs == watch.errors == watch.messages == []
    assert outside.heard == []
