"""A site whose every URL leads to an article, and the requests it received."""

import re
from collections import Counter

from pipeline.archive import open_archive
from replica.server import Handle
from replica.site import Site
from schemas.settings import Settings
from storage.ledger.frontier import LedgerEntry, find_entry

WWW = "https://www.themoscowtimes.com"
SITE = Site(60, bad_pages=False, moved_share=0.1)


def take(server: Handle) -> Counter[str]:
    """Return the requests since the last call, and reset them."""
    return server.reset()


def pages_of(requests: Counter[str]) -> list[str]:
    return [path for path in requests if is_page(path)]


def is_page(path: str) -> bool:
    """Return whether it is an article's path; `/sitemap/newsmap-arts-and-life.xml` is not."""
    return re.search(r"-a\d+$", path) is not None


def find(settings: Settings, url: str) -> LedgerEntry:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        entry = find_entry(session, url)
    assert entry
    return entry
