"""The character NUL, which PostgreSQL rejects in texts: damaged WARC files contain it, and it is stored escaped."""

from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline.interpret import read_outcome
from replica.site import Site
from storage.engine import Database
from storage.ledger.batches import Storage
from storage.schema.tables import Base
from tests.storage.sample import at
from tests.storage.warc_sample import Warc, read

SITE = Site(6, bad_pages=False)
WWW = "https://www.themoscowtimes.com"


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A WARC file with NUL in URLs, headers and bodies."""
    page = SITE.articles[1].page_html()
    warc = Warc(compressed=False)
    warc.add(SITE.articles[1].url, page.replace("<p>", "<p>a\0b").encode(), ETag='"a\0b"', Last_Modified="a\0b")
    warc.add(f"{SITE.articles[2].url}?a=\0b", SITE.articles[2].page_html().encode())
    warc.add(f"https://exam\0ple.org/{'a' * 20}", page.encode())
    warc.add(SITE.articles[3].url, b"", "301 Moved", Location=f"{WWW}/2024/01/02/\0b-a9")
    warc.add(f"{WWW}/robots.txt", b"User-agent: *\nDisallow: /\0x\n")
    warc.add(
        f"{WWW}/rss/news", f"<rss><channel><item><link>{WWW}/2024/01/02/\0b-a10</link></item></channel></rss>".encode()
    )
    warc.add_file("file:a\0b", b"A text. " * 50, "text/plain\0")
    path = tmp_path / "damaged.warc"
    path.write_bytes(warc.data)
    return path


def test_a_nul_in_a_warc_file_is_stored_escaped(database: Database, damaged: Path) -> None:
    captures, _ = read(damaged)
    assert len(captures) == 7
    outcomes = [read_outcome(capture) for capture, _ in captures]
    assert Storage(database, None).store(outcomes, at(1)).problems == []
    with database.read() as session:
        stored = [repr(tuple(row)) for table in Base.metadata.sorted_tables for row in session.execute(select(table))]
    assert not [row for row in stored if "\\x00" in row or "\\u0000" in row]
    assert [row for row in stored if "/%00x" in row]
    assert [row for row in stored if '"a%00b"' in row]
    assert [row for row in stored if "?a=%00b" in row or "exam%00ple" in row]
