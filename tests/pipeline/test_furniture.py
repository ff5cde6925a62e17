"""A page whose furniture changes and whose article does not has one revision, when read and stored for real."""

import hashlib
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.interpret import read_outcome
from replica.site import Article, Site
from schemas.capture import Capture, CaptureRef
from storage.articles.article import find_article
from storage.engine import open_database
from storage.ledger.outcome import store_outcomes
from storage.revisions.version import list_revisions

START = datetime(2026, 11, 1, tzinfo=UTC)
KINDS = ("article", "opinion", "gallery", "archive")
PERIODS = range(1, 7)


def list_pages(place: int) -> list[str]:
    """Return one article's page in each furniture period, then with other boxes, counters, images and quotes."""
    pages = [find_page(place, period).page_html() for period in PERIODS]
    last = pages[-1]
    return [
        *pages,
        re.sub(r'(<div class="article__block article__block--article">.*?</div>)', "", last, flags=re.DOTALL),
        re.sub(r"\d+ Min read", "99 Min read", last),
        re.sub(r'(<img src="[^"?]+)"', r'\1?v=2"', last),
        re.sub(r'(<section class="cluster".*?</section>)', "", last, flags=re.DOTALL),
    ]


def find_page(place: int, period: int) -> Article:
    return Site(12, kinds=KINDS, furniture_period=period).articles[place]


def capture(html: str, url: str, number: int) -> Capture:
    body = html.encode()
    ref = CaptureRef(warc="a.warc.gz", offset=number, length=len(body), sha256=hashlib.sha256(body).hexdigest())
    at = START + timedelta(days=number)
    return Capture(
        ref=ref, url=url, fetched_at=at, status=200, headers=(("content-type", "text/html; charset=utf-8"),), body=body
    )


@pytest.mark.parametrize("place", range(5, 12))
def test_a_page_read_ten_times_with_other_furniture_each_has_one_revision(place: int, tmp_path: Path) -> None:
    article = find_page(place, 6)
    pages = list_pages(place)
    assert (len(pages), len(set(pages)) >= len(PERIODS)) == (10, True)
    outcomes = [read_outcome(capture(html, article.url, number)) for number, html in enumerate(pages)]
    database = open_database(f"sqlite:///{tmp_path / 'archive.db'}")
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        with database.begin() as session:
            counts += store_outcomes(session, [outcome], run_id=None, now=START + timedelta(days=20))
    with database.read() as session:
        found = find_article(session, article.id)
        revisions = list_revisions(session, article.id)
    database.close()
    assert (counts["stored"], counts["unchanged"], counts["revised"]) == (1, 9, 0)
    assert found
    assert (found.body, len(revisions), found.revision) == (article.expected["body"], 1, 1)
