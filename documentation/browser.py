"""`python -m documentation.browser`: names the Chromium that shows pages to the tests, or says why there is none."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

VARIABLE = "CHROMIUM"
"""Names another browser of the same kind, by its path."""

NAMES = ("chromium", "chromium-browser", "google-chrome")


class BrowserMissing(Exception):  # noqa: N818 - it states a fact
    """There is no Chromium on this machine."""


def find_browser() -> str:
    """Return the path of the Chromium of this machine.

    Raises:
        BrowserMissing: there is none.
    """
    named = os.environ.get(VARIABLE)
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        searched = f"{VARIABLE} names no program ({named})" if named else f"none of {', '.join(NAMES)} is on the PATH"
        raise BrowserMissing(f"there is no Chromium on this machine: {searched}")
    return found


@contextmanager
def running_browser(*options: str) -> Iterator[Browser]:
    """Within the block, the Chromium of this machine runs, without a window.

    Raises:
        BrowserMissing: there is none.
    """
    path = find_browser()
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=path, args=options) as browser:
        yield browser


def main(_arguments: Sequence[str] = ()) -> int:
    """Print the path and return 0; or the reason, and 1."""
    try:
        print(find_browser())  # noqa: T201 - what it is for
    except BrowserMissing as missing:
        print(missing)  # noqa: T201 - as above
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
