"""Pages of publishers without a profile."""

import json
from datetime import UTC, datetime

import pytest
import trafilatura
from lxml import html

import sites
from extraction.body import MIN_FAST_SHARE
from extraction.page import read_page
from schemas.article import Draft
from tests.extraction.pages import make_capture

ORIGIN = "https://www.example.org"
URL = f"{ORIGIN}/world/2024/a-story?utm_source=x"
TEXT = "".join(
    f"<p>Paragraph number {number} tells in a good many words what the council of the town decided that day.</p>"
    for number in range(12)
)
NAV = "<nav>" + "".join(f'<a href="/{n}">Section {n}</a>' for n in range(20)) + "</nav>"


def _read(head: str, body: str = TEXT, h1: str = "The page's headline") -> Draft:
    article = f"<article><h1>{h1}</h1>{body}</article>"
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
    assert (draft.sources["headline"], draft.sources["authors"]) == ("trafilatura", "trafilatura")
    assert draft.sources["published_at"] == "htmldate"
    assert "published-at-day-only" in draft.flags


def test_the_body_is_trafilaturas_and_carries_no_flag() -> None:
    draft = _read("<title>T</title>")
    assert draft.body.count("Paragraph number") == 12
    assert "Section 3" not in draft.body
    assert "container-missing" not in draft.flags


def test_a_time_without_offset_is_taken_for_utc_and_flagged() -> None:
    draft = _read('<meta property="article:published_time" content="2024-03-05T10:00:00">')
    assert draft.published_at == datetime(2024, 3, 5, 10, tzinfo=UTC)
    assert "published-at-without-offset" in draft.flags


@pytest.mark.parametrize(
    ("title", "name", "h1", "headline"),
    [
        ("A bridge closes | BBC News", "BBC News", "Other", "A bridge closes"),
        ("A bridge closes - CNN", "CNN", "Other", "A bridge closes"),
        ("A bridge closes - CNN.com", "CNN", "Other", "A bridge closes"),
        ("A bridge closes – World – The Post", "The Post", "A bridge closes", "A bridge closes"),
        ("A bridge closes: what to know", "The Post", "Other", "A bridge closes: what to know"),
        ("The bridge - a history", "The Post", "Other", "The bridge - a history"),
        ("The Post: A bridge closes", "The Post", "Other", "A bridge closes"),
        ("A bridge closes | Example", "", "Other", "A bridge closes"),
        ("Bridge &amp;amp; tram", "", "Other", "Bridge & tram"),
    ],
)
def test_a_title_is_read_without_its_publishers_name(title: str, name: str, h1: str, headline: str) -> None:
    head = f'<meta property="og:title" content="{title}"><meta property="og:site_name" content="{name}">'
    assert _read(head, h1=h1).headline == headline


@pytest.mark.parametrize(
    ("told", "title", "h1", "headline", "source"),
    [
        ("Told", "Shown - Post", "Shown", "Shown", "page"),
        ("Told", "Shown", "Another", "Told", "json-ld"),
        ("Told", "", "Shown", "Told", "json-ld"),
        ("A long title that is…", "A long title that is cut", "X", "A long title that is cut", "meta"),
        ("Post", "Shown", "Another", "Shown", "meta"),
        ("", "", "Shown", "Shown", "trafilatura"),
    ],
)
def test_of_several_headlines_the_pages_own_is_chosen(
    told: str, title: str, h1: str, headline: str, source: str
) -> None:
    node = json.dumps({"@type": "NewsArticle", "headline": told, "publisher": {"name": "Post"}})
    head = f'<script type="application/ld+json">{node}</script><meta property="og:title" content="{title}">'
    draft = _read(head, h1=h1)
    assert (draft.headline, draft.sources["headline"]) == (headline, source)


def test_the_publisher_is_an_author_only_where_nobody_else_is_named() -> None:
    site = '<meta property="og:site_name" content="The Post"><meta name="author" content="The Post">'
    assert _read(site).authors == ("The Post",)
    assert _read(site + '<meta name="parsely-author" content="Jane Doe">').authors == ("Jane Doe",)


def test_a_time_of_the_same_day_goes_before_the_mere_day() -> None:
    node = '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "2024-03-05"}</script>'
    meta = '<meta property="article:published_time" content="2024-03-0%dT10:00:00Z">'
    same, other = _read(node + meta % 5), _read(node + meta % 7)
    assert (same.published_at, same.sources["published_at"]) == (datetime(2024, 3, 5, 10, tzinfo=UTC), "meta")
    assert (other.published_at, other.sources["published_at"]) == (datetime(2024, 3, 5, tzinfo=UTC), "json-ld")
    assert "published-at-day-only" in other.flags
    assert "published-at-day-only" not in same.flags


def test_the_day_in_the_address_is_the_last_but_one_resort() -> None:
    page = make_capture(f"<html><body><article><h1>H</h1>{TEXT}</article></body></html>", f"{ORIGIN}/2021/08/17/a")
    draft = read_page(page, sites.get_site("generic"))
    assert isinstance(draft, Draft)
    assert (draft.published_at, draft.sources["published_at"]) == (datetime(2021, 8, 17, tzinfo=UTC), "path")


def test_reading_does_not_depend_on_the_day_on_which_it_is_done() -> None:
    # After the fetch, in July 2024: no date of this article's.
    draft = _read("<title>T</title>", f"<p>Published: 5 March 2024. The vote is set for 1 October 2024.</p>{TEXT}")
    assert draft.published_at == datetime(2024, 3, 5, tzinfo=UTC)


def test_where_the_fast_mode_takes_the_intro_for_the_whole_the_full_mode_mends_it() -> None:
    # The fast mode is content with what stands in <article>; nearly all of the text stands below it.
    intro = "<p>The council of the town has met.</p>" * 2 + TEXT[:700]
    page = f"<html><body>{NAV}<article><h1>H</h1>{intro}</article><div class='below'>{TEXT * 4}</div></body></html>"
    tree = html.document_fromstring(page)
    fast = trafilatura.bare_extraction(tree, fast=True, include_comments=False)
    assert isinstance(fast, trafilatura.settings.Document)
    assert len(fast.text or "") < MIN_FAST_SHARE * sum(len(p.text_content()) for p in tree.iter("p"))
    draft = read_page(make_capture(page, URL), sites.get_site("generic"))
    assert isinstance(draft, Draft)
    assert len(draft.body) > 4 * len(fast.text or "")


def test_readers_comments_are_no_text() -> None:
    comments = (
        '<section id="comments"><h2>Comments</h2><p class="comment">I never liked that bridge at all.</p></section>'
    )
    assert "never liked" not in _read("<title>T</title>", TEXT + comments).body


def test_the_headline_is_no_paragraph_of_the_body() -> None:
    draft = _read("<title>T</title>")
    assert draft.headline == "The page's headline"
    assert "The page's headline" not in draft.body
