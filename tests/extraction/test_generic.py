"""Pages of publishers without a profile."""

from datetime import UTC, datetime

import trafilatura

import sites
from extraction.page import read_page
from schemas.article import Draft
from tests.extraction.pages import make_capture

URL = "https://www.example.org/world/2024/a-story?utm_source=x"
TEXT = "".join(
    f"<p>Paragraph number {number} tells in a good many words what the council of the town decided that day.</p>"
    for number in range(12)
)
NAV = "<nav>" + "".join(f'<a href="/{n}">Section {n}</a>' for n in range(20)) + "</nav>"


def _read(head: str, body: str = TEXT) -> Draft:
    article = f"<article><h1>The page's headline</h1>{body}</article>"
    page = f"<html lang='en-GB'><head>{head}</head><body>{NAV}{article}</body></html>"
    draft = read_page(make_capture(page, URL), sites.find_site(URL))
    assert isinstance(draft, Draft)
    return draft


def test_json_ld_and_meta_go_first() -> None:
    head = (
        '<script type="application/ld+json">{"@graph": [{"@type": "WebPage"}, {"@type": ["Thing", "NewsArticle"],'
        ' "headline": "From the graph", "author": [{"name": "Jane Doe"}, {"name": "Reuters"}],'
        ' "datePublished": "2024-03-05T10:00:00Z"}]}</script><meta property="og:title" content="From meta">'
    )
    draft = _read(head)
    assert (draft.headline, draft.authors, draft.agencies) == ("From the graph", ("Jane Doe",), ("Reuters",))
    assert draft.published_at == datetime(2024, 3, 5, 10, tzinfo=UTC)
    assert (draft.site, draft.edition, draft.language) == ("generic", None, "en")
    assert draft.url == "https://www.example.org/world/2024/a-story"


def test_trafilaturas_own_metadata_fills_what_is_missing_and_says_so() -> None:
    draft = _read(
        "<title>T</title>",
        f'<p class="author">By <a rel="author">Jane Doe</a></p><time datetime="2024-03-05"></time>{TEXT}',
    )
    assert draft.headline == "The page's headline"
    assert draft.authors == ("Jane Doe",)
    assert draft.published_at == datetime(2024, 3, 5, tzinfo=UTC)
    assert {draft.sources[name] for name in ("headline", "authors", "published_at")} == {"trafilatura"}
    assert "published-at-day-only" in draft.flags


def test_the_body_is_trafilaturas_and_carries_no_flag() -> None:
    draft = _read("<title>T</title>")
    assert draft.body.count("Paragraph number") == 12
    assert "Section 3" not in draft.body
    assert "container-missing" not in draft.flags


def test_a_body_too_short_for_its_page_is_read_again_in_full() -> None:
    # The fast mode takes the teaser class for no text.
    body = f'<div class="teaser-comments">{TEXT}</div>'
    fast = trafilatura.bare_extraction(f"<html><body>{NAV}{body}</body></html>", fast=True, include_comments=False)
    full = _read("<title>T</title>", body).body
    assert "Paragraph number 11" in full
    assert fast is None or len(str(getattr(fast, "text", ""))) <= len(full)


def test_a_time_without_offset_is_taken_for_utc_and_flagged() -> None:
    draft = _read('<meta property="article:published_time" content="2024-03-05T10:00:00">')
    assert draft.published_at == datetime(2024, 3, 5, 10, tzinfo=UTC)
    assert "published-at-without-offset" in draft.flags
