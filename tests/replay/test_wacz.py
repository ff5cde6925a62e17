"""pywb replays the WACZ file of a release: the text of every article is found again in what it serves."""

import gzip
import html
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import lxml.html
import pytest

from schemas.article import ArticleRecord, Kind, split_paragraphs
from schemas.release import JSONL_PATH, PROVENANCE_PATH, CopiedCapture, Provenance
from tests.replay.conftest import ARTICLE_COUNT, Replay

pytestmark = pytest.mark.replay

AS_ARCHIVED, AS_READ = "id_", "mp_"


@pytest.fixture(scope="module")
def articles(release: Path) -> dict[str, ArticleRecord]:
    lines = gzip.decompress((release / JSONL_PATH).read_bytes()).decode().splitlines()
    return {one.id: one for one in map(ArticleRecord.model_validate_json, lines)}


@pytest.fixture(scope="module")
def provenance(release: Path) -> list[Provenance]:
    return [Provenance.model_validate_json(line) for line in (release / PROVENANCE_PATH).read_text().splitlines()]


def list_captures(row: Provenance) -> Iterator[tuple[str, datetime]]:
    captures: tuple[Provenance | CopiedCapture, ...] = (row, *row.companions)
    for one in captures:
        assert one.url
        yield one.url, one.fetched_at


def read_words(response: str, media_type: str) -> str:
    """Return the letters and digits of a page, or of the posts of a live blog, in their order."""
    if "json" in media_type:
        return "".join(read_words(text, "html") for text in list_strings(json.loads(response)) if text.strip())
    return keep_words(lxml.html.document_fromstring(response).text_content())


def list_strings(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, list | dict):
        for part in document.values() if isinstance(document, dict) else document:
            yield from list_strings(part)


def keep_words(text: str) -> str:
    return re.sub(r"\W+", "", html.unescape(text))


@pytest.mark.parametrize("modifier", [AS_ARCHIVED, AS_READ])
def test_each_paragraph_of_each_article_is_in_the_replay(
    articles: dict[str, ArticleRecord], provenance: list[Provenance], replay: Replay, modifier: str
) -> None:
    assert len(provenance) == len(articles) >= ARTICLE_COUNT * 0.9
    assert {article.kind for article in articles.values()} == set(Kind)
    lost = []
    for row in provenance:
        found = [replay.get(*capture, modifier) for capture in list_captures(row)]
        assert {response.status_code for response in found} == {200}, row.url
        words = "".join(read_words(response.text, response.headers["content-type"]) for response in found)
        paragraphs = split_paragraphs(articles[row.id].body)
        lost += [(row.id, one) for one in paragraphs if keep_words(one) not in words]
    assert lost == []


def test_a_page_that_is_not_in_the_release_is_not_replayed(provenance: list[Provenance], replay: Replay) -> None:
    row = provenance[0]
    assert (
        replay.get("https://www.themoscowtimes.com/2024/01/01/nothing-a1", row.fetched_at, AS_READ).status_code == 404
    )
