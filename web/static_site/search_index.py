"""Makes the index that the search of a static site runs on, in the reader's browser: Pagefind's."""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from schemas.article import ArticleRecord
from schemas.failure import UsageFailure
from sites import find_title
from storage.ledger.publication_date import publication_day
from web.page import format_day
from web.static_site.pagefind_service import PagefindService

UNUSED = ("pagefind-ui", "pagefind-modular-ui", "pagefind-component-ui", "pagefind-highlight")
"""Files of an interface that the site does not have."""


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


def write_index(found: Iterable[tuple[ArticleRecord, str]], language: str, folder: Path) -> None:
    """Write the index of these articles (each with the path of its page) into a folder.

    All are in one index, with the word forms of one language: Pagefind can neither sort nor count across several.
    """
    from pagefind.service import get_executable

    program = get_executable()
    if program is None:
        raise PagefindMissing("Pagefind's program was removed")
    with PagefindService(program) as service:
        index = int(service.request("NewIndex", config={"force_language": language})["index_id"])
        for record, path in found:
            _add(service, index, record, path, language)
        service.request("WriteFiles", index_id=index, output_path=str(folder.absolute()))


def list_index_files(folder: Path) -> Iterator[Path]:
    """Yield the files of an index, in the order in which they have to appear: the entry, which names others, last."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(UNUSED)]
    yield from sorted(found, key=lambda path: path.name == "pagefind-entry.json")


def _add(service: PagefindService, index: int, record: ArticleRecord, path: str, language: str) -> None:
    day = publication_day(record.published_at, record.site, record.published_offset)
    service.request(
        "AddRecord",
        index_id=index,
        url=path,
        content=record.body or record.id,
        language=language,
        meta={name: value for name, value in _describe(record, day).items() if value},
        filters=_list_filters(record, str(day.year) if day else None),
        sort={"date": record.published_at.isoformat()} if record.published_at else {},
    )


def _describe(record: ArticleRecord, day: date | None) -> dict[str, str | None]:
    return {
        "title": record.headline or "(no headline)",
        "subtitle": record.subtitle,
        "by": " · ".join(filter(None, (", ".join(record.authors), record.section))),
        "day": format_day(day) if day else None,
        "language": record.language,
    }


def _list_filters(record: ArticleRecord, year: str | None) -> dict[str, list[str]]:
    found: dict[str, Any] = {
        "section": [record.section],
        "author": dict.fromkeys((*record.authors, *record.agencies)),
        "tag": dict.fromkeys(record.tags),
        "kind": [record.kind.value],
        "language": [record.language],
        "year": [year],
        "site": [find_title(record.site) or record.site],
    }
    return {name: kept for name, values in found.items() if (kept := [one for one in values if one])}
