"""Reads what a WARC file records of the crawl that wrote it: its settings, and the name that it sent."""

from collections.abc import Mapping

from fastwarc.warc import ArchiveIterator, WarcRecordType

from schemas.capture import ESCAPED_NUL, NUL
from schemas.model import Record
from storage.warc.store import WarcStore

MAX_FIELDS_BYTES = 64 * 1024
"""Of a `warcinfo` record: far more than any crawler writes."""


class CrawlInfo(Record):
    """A crawl, as its WARC file describes it."""

    fields: Mapping[str, str]
    """Of the file's `warcinfo` record, names in lower case; empty if there is none."""
    user_agent: str | None
    """Of the file's first request."""


def read_crawl_info(warcs: WarcStore, name: str) -> CrawlInfo:
    """Read the beginning of a WARC file.

    Raises:
        OSError: it cannot be opened.
    """
    fields: dict[str, str] = {}
    with warcs.open(name) as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.warcinfo | WarcRecordType.request):
            if record.record_type == WarcRecordType.warcinfo:
                fields |= _parse_fields(record.reader.read(MAX_FIELDS_BYTES).decode("utf-8", errors="replace"))
                continue
            agent = record.http_headers.get("User-Agent") if record.http_headers else None
            return CrawlInfo(fields=fields, user_agent=agent.replace(NUL, ESCAPED_NUL) if agent else None)
    return CrawlInfo(fields=fields, user_agent=None)


def _parse_fields(text: str) -> dict[str, str]:
    lines = (line.partition(":") for line in text.replace(NUL, ESCAPED_NUL).splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in lines if colon}
