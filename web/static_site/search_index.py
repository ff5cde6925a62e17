"""Makes the index that the search of a static site runs on, in the reader's browser: Pagefind's."""

from base64 import b64decode
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from schemas.article import ArticleRecord
from schemas.failure import UsageFailure
from sites import find_title
from storage.ledger.publication_date import publication_day
from web.page import format_day
from web.static_site.pagefind_service import PagefindService

UNUSED = ("pagefind-ui", "pagefind-modular-ui", "pagefind-component-ui", "pagefind-highlight")
"""Files of an interface that the site does not have."""

EVERY = "\U00010900"
"""A word of every article, in letters that nobody searches for: without any word, Pagefind loads its whole index."""

ENTRY_PATH = "pagefind-entry.json"

UNDATED = "0"
"""Before all dates: what has no value to be sorted by, Pagefind does not find."""


class PagefindMissing(UsageFailure):
    """The optional dependency that makes the index is not installed."""


def check_pagefind() -> None:
    """Raise if there is no Pagefind.

    Raises:
        PagefindMissing: it is not installed.
    """
    advice = "install broadsheet[publish], or publish with --no-search"
    try:
        from pagefind.service import get_executable
    except ImportError:
        raise PagefindMissing(f"the search of the site needs Pagefind: {advice}") from None
    found = get_executable()
    if found is None or not found.is_file():
        raise PagefindMissing(f"the search of the site needs Pagefind's program: {advice}")


class IndexFile(NamedTuple):
    """A file of an index."""

    path: str
    """Relative to the index's folder."""
    body: bytes


def make_index(found: Iterable[tuple[ArticleRecord, str]], language: str, name: str) -> list[IndexFile]:
    """Return the index of these articles, each with the path of its page; the file that names the others is the last.

    All have the word forms of one language: Pagefind does not count across several. The index's name is a private
    part of its language tag, by which a hit's id tells the browser in which index it is.

    The files come in an answer because Pagefind does not wait for those that it writes to a folder.
    """
    from pagefind.service import get_executable

    program = get_executable()
    if program is None:
        raise PagefindMissing("Pagefind's program was removed")
    tag = f"{language}-x-{name}"
    with PagefindService(program) as service:
        index = int(service.request("NewIndex", config={"force_language": tag})["index_id"])
        for record, path in found:
            _add(service, index, record, path, tag)
        made = service.request("GetFiles", index_id=index)["files"]
    files = [IndexFile(one["path"], b64decode(one["content"])) for one in made if not one["path"].startswith(UNUSED)]
    return sorted(files, key=lambda one: (one.path == ENTRY_PATH, one.path))


def _add(service: PagefindService, index: int, record: ArticleRecord, path: str, tag: str) -> None:
    day = publication_day(record.published_at, record.site, record.published_offset)
    service.request(
        "AddRecord",
        index_id=index,
        url=path,
        content=record.body or record.id,
        language=tag,
        meta={name: value for name, value in _describe(record, day).items() if value},
        filters=list_filters(record, day),
        sort={"date": record.published_at.isoformat() if record.published_at else UNDATED},
    )


def _describe(record: ArticleRecord, day: date | None) -> dict[str, str | None]:
    return {
        "title": record.headline or "(no headline)",
        "subtitle": record.subtitle,
        "by": " · ".join(filter(None, (", ".join(record.authors), record.section))),
        "day": format_day(day) if day else None,
        "language": record.language,
        "every": EVERY,
    }


def list_filters(record: ArticleRecord, day: date | None) -> dict[str, list[str]]:
    """Return the values by which an article of a day can be found; of no filter without one."""
    found: dict[str, Any] = {
        "section": [record.section],
        "author": dict.fromkeys((*record.authors, *record.agencies)),
        "tag": dict.fromkeys(record.tags),
        "kind": [record.kind.value],
        "language": [record.language],
        "year": [str(day.year) if day else None],
        "site": [find_title(record.site) or record.site],
    }
    return {name: kept for name, values in found.items() if (kept := [one for one in values if one])}
