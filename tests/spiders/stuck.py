"""`python -m tests.spiders.stuck in-python|in-c JOB.json`: a crawl that never finishes parsing its first source."""

import os
import sys
from dataclasses import fields
from datetime import datetime
from itertools import repeat

import sites
from sites.moscow_times import MOSCOW_TIMES
from sites.source_page import SourcePage
from spiders import watchdog
from spiders.__main__ import main

MARK = "stuck from now on"


class StuckSite(type(MOSCOW_TIMES)):  # type: ignore[misc]  # whatever class that profile is of
    """The publisher's profile, except that reading a source never returns."""

    def read_source(self, _body: bytes, _url: str, _media_type: str, _seen_at: datetime) -> SourcePage:
        os.write(1, MARK.encode() + b"\n")
        if sys.argv[1] == "in-python":
            while True:
                pass
        # One call that neither releases the interpreter's lock nor checks for signals.
        any(repeat(0))
        raise AssertionError


if __name__ == "__main__":
    profile = StuckSite(**{one.name: getattr(MOSCOW_TIMES, one.name) for one in fields(MOSCOW_TIMES)})
    sites.get_site = sites.PUBLISHERS.replacing(profile).get
    if sys.argv[1] == "in-c":
        watchdog.STUCK_SECONDS = 1.0  # a minute of CPU time is too long for a test
    sys.exit(main(sys.argv[2:]))
