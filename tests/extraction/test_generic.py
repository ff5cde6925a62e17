"""Pages of publishers without a profile."""

import json
from datetime import UTC, datetime

import pytest
import trafilatura
from lxml import html

import sites
from extraction.page import find_url, read_page
from extraction.tree import parse_page
from extraction.whole_page import MIN_FAST_SHARE, read_whole_page
from schemas.article import Draft, Unreadable
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


def test_json_ld_and_meta_have_precedence() -> None:
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


def test_trafilaturas_metadata_fills_gaps_and_is_recorded_as_the_source() -> None:
    draft = _read(
        "<title>T</title>",
        f'<p id="author">By Jane Doe</p><time datetime="2024-03-05"></time>{TEXT}',
    )
    assert draft.headline == "The page's headline"
    assert draft.authors == ("Jane Doe",)
    assert draft.published_at == datetime(2024, 3, 5, tzinfo=UTC)
    assert (draft.sources["headline"], draft.sources["authors"]) == ("trafilatura", "trafilatura")
    assert draft.sources["published_at"] == "htmldate"
    assert "published-at-day-only" in draft.flags


def test_a_byline_that_is_shown_is_better_than_trafilaturas_guess() -> None:
    draft = _read("<title>T</title>", f'<div id="author"><a rel="author">Jane Doe</a> Monday</div>{TEXT}')
    assert (draft.authors, draft.sources["authors"]) == (("Jane Doe",), "byline")


def test_the_language_of_an_xhtml_page_is_read() -> None:
    page = f'<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="de-AT"><body><h1>Ein Titel</h1>{TEXT}</body></html>'
    draft = read_page(make_capture(page, URL), sites.get_site("generic"))
    assert isinstance(draft, Draft)
    assert draft.language == "de"


def test_the_body_is_trafilaturas_without_a_flag() -> None:
    draft = _read("<title>T</title>")
    assert draft.body.count("Paragraph number") == 12
    assert "Section 3" not in draft.body
    assert "container-missing" not in draft.flags


def test_a_time_without_an_offset_is_utc_and_flagged() -> None:
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
def test_the_publishers_name_is_stripped_from_titles(title: str, name: str, h1: str, headline: str) -> None:
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
def test_the_pages_own_headline_is_chosen_from_several(
    told: str, title: str, h1: str, headline: str, source: str
) -> None:
    node = json.dumps({"@type": "NewsArticle", "headline": told, "publisher": {"name": "Post"}})
    head = f'<script type="application/ld+json">{node}</script><meta property="og:title" content="{title}">'
    draft = _read(head, h1=h1)
    assert (draft.headline, draft.sources["headline"]) == (headline, source)


def test_the_publisher_is_the_author_only_if_no_one_else_is_named() -> None:
    site = '<meta property="og:site_name" content="The Post"><meta name="author" content="The Post">'
    assert _read(site).authors == ("The Post",)
    assert _read(site + '<meta name="parsely-author" content="Jane Doe">').authors == ("Jane Doe",)


def test_a_time_on_the_same_date_has_precedence_over_the_bare_date() -> None:
    node = '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "2024-03-05"}</script>'
    meta = '<meta property="article:published_time" content="2024-03-0%dT10:00:00Z">'
    same, other = _read(node + meta % 5), _read(node + meta % 7)
    assert (same.published_at, same.sources["published_at"]) == (datetime(2024, 3, 5, 10, tzinfo=UTC), "meta")
    assert (other.published_at, other.sources["published_at"]) == (datetime(2024, 3, 5, tzinfo=UTC), "json-ld")
    assert "published-at-day-only" in other.flags
    assert "published-at-day-only" not in same.flags


def test_the_date_in_the_url_is_the_second_to_last_resort() -> None:
    page = make_capture(f"<html><body><article><h1>H</h1>{TEXT}</article></body></html>", f"{ORIGIN}/2021/08/17/a")
    draft = read_page(page, sites.get_site("generic"))
    assert isinstance(draft, Draft)
    assert (draft.published_at, draft.sources["published_at"]) == (datetime(2021, 8, 17, tzinfo=UTC), "path")


@pytest.mark.parametrize(
    ("written", "offset"),
    [("2024-03-05T23:30:00-05:00", "-05:00"), ("2024-03-05T23:30:00Z", "+00:00"), ("2024-03-05T23:30:00", None)],
)
def test_the_offset_of_the_page_is_kept(written: str, offset: str | None) -> None:
    assert _read(f'<meta property="article:published_time" content="{written}">').published_offset == offset


def test_of_two_spellings_of_a_time_the_one_in_the_publishers_zone_gives_the_offset() -> None:
    node = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "2024-03-06T07:30:00Z"}</script>'
    )
    meta = '<meta property="article:published_time" content="%s">'
    draft = _read(node + meta % "2024-03-05T23:30:00-08:00")
    assert (draft.published_at, draft.published_offset) == (datetime(2024, 3, 6, 7, 30, tzinfo=UTC), "-08:00")
    assert draft.sources["published_at"] == "json-ld"
    assert _read(node + meta % "2024-03-06T23:30:00-08:00").published_offset == "+00:00"


def test_a_time_in_a_list_is_read() -> None:
    node = '{"@type": "NewsArticle", "datePublished": ["2024-03-05T23:30:00-05:00"], "dateModified": []}'
    draft = _read(f'<script type="application/ld+json">{node}</script>')
    assert (draft.published_at, draft.published_offset) == (datetime(2024, 3, 6, 4, 30, tzinfo=UTC), "-05:00")
    assert draft.modified_at is None


@pytest.mark.parametrize("text", ["© 2024 The Post", "Founded in 1998", "<p>In 2019 the council said no.</p>"])
def test_a_year_alone_is_no_day(text: str) -> None:
    draft = _read("<title>T</title>", f"{TEXT}<footer>{text}</footer>")
    assert draft.published_at is None
    assert "published-at-missing" in draft.flags


@pytest.mark.parametrize("written", ["1 January 2024", "Jan. 1, 2024", "01.01.2024", "2024-01-01", "1er janvier 2024"])
def test_the_first_of_january_is_a_day_if_it_is_written(written: str) -> None:
    draft = _read("<title>T</title>", f"<p>{written}</p>{TEXT}<footer>© 2024 The Post</footer>")
    assert draft.published_at == datetime(2024, 1, 1, tzinfo=UTC)


def test_the_date_at_the_end_of_a_title_is_that_of_publication() -> None:
    head = "<title>A bridge closes | Post | 06.01.2024</title>"
    draft = _read(head, f"<p>The vote is set for 1 July 2024, the last was on 3 May 2024.</p>{TEXT}")
    assert draft.published_at == datetime(2024, 1, 6, tzinfo=UTC)


def test_extraction_does_not_depend_on_todays_date() -> None:
    # After the fetch, in July 2024: no date of this article's.
    draft = _read("<title>T</title>", f"<p>Published: 5 March 2024. The vote is set for 1 October 2024.</p>{TEXT}")
    assert draft.published_at == datetime(2024, 3, 5, tzinfo=UTC)


def test_the_full_mode_is_used_if_the_fast_mode_finds_only_the_intro() -> None:
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


PARTS = [[f"Part {part}, sentence {number}: {TEXT[3:90]}" for number in range(6)] for part in range(3)]


def make_part(paragraphs: list[str], before: str = "") -> str:
    texts = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<div class='row'><div class='side'>{before}</div><div class='grid article__body'>{texts}</div></div>"


def test_a_text_that_is_split_around_advertisements_is_whole() -> None:
    parts = "<div>Advertisement</div>".join(map(make_part, PARTS))
    page = f"<html><body>{NAV}<h1>H</h1><div class='parts'>{parts}</div></body></html>"
    draft = read_page(make_capture(page, URL), sites.get_site("generic"))
    assert isinstance(draft, Draft)
    assert draft.body.split("\n\n") == [text for part in PARTS for text in part]


def test_the_text_after_an_embedded_object_stays() -> None:
    parts = [f"Paragraph number {number} tells in a good many words what the council decided." for number in range(6)]
    body = "".join(f"<p>{part}</p><embed src=film.swf>" for part in parts)
    assert _read("", f"<article>{body}</article>").body.split("\n\n") == parts


def test_articles_below_each_other_stay_apart() -> None:
    parts = "".join(make_part(part, f"<h1>Headline {number}</h1>") for number, part in enumerate(PARTS))
    page = f"<html><body>{NAV}<div class='parts'>{parts}</div></body></html>"
    draft = read_page(make_capture(page, URL), sites.get_site("generic"))
    assert isinstance(draft, Draft)
    assert [part[0] in draft.body for part in PARTS] == [True, False, False]


def test_links_to_other_articles_are_not_text() -> None:
    links = "".join(
        f'<li><a href="/{n}">Headline {n} of another story, which is long enough</a></li>' for n in range(3)
    )
    linked = f"<ul><li>The first step is <a href='/a'>the permit</a>.</li><li>{TEXT[3:90]}</li></ul>"
    body = _read("<title>T</title>", f"{TEXT}<ul>{links}</ul>{TEXT}{linked}").body
    assert "another story" not in body
    assert "The first step is the permit." in body


@pytest.mark.parametrize("beside", ["", "<p>A line below it, in a paragraph of its own, as many pages have one.</p>"])
def test_a_menu_beside_a_text_without_paragraphs_is_not_text(beside: str) -> None:
    menu = "".join(f"<a href='/{number}'>Council committee number {number}</a><br>" for number in range(150))
    text = "<br><br>".join(one for part in PARTS for one in part)
    page = f"<html><body><h1>H</h1><div>{menu}</div><div>{text}</div>{beside}</body></html>"
    draft = read_page(make_capture(page, URL), sites.get_site("generic"))
    assert isinstance(draft, Draft)
    assert draft.body.split("\n\n")[:18] == [one for part in PARTS for one in part]
    assert "committee" not in draft.body


def test_reader_comments_are_not_text() -> None:
    comments = (
        '<section id="comments"><h2>Comments</h2><p class="comment">I never liked that bridge at all.</p></section>'
    )
    assert "never liked" not in _read("<title>T</title>", TEXT + comments).body


def test_the_headline_is_not_repeated_in_the_body() -> None:
    draft = _read("<title>T</title>")
    assert draft.headline == "The page's headline"
    assert "The page's headline" not in draft.body


def test_a_person_in_the_byline_wins_over_the_publisher_in_the_metadata() -> None:
    house = '<meta property="og:site_name" content="The Post"><meta name="author" content="The Post">'
    shown = f'<p class="author">Von Jane Doe, Berlin</p>{TEXT}'
    assert _read(house, shown).authors == ("Jane Doe",)
    assert _read(house, f"<p><strong>Jane Doe/John Roe</strong></p>{TEXT}").authors == ("Jane Doe", "John Roe")
    assert _read(house, f'<p class="byline">Jane Doe / Associated Press</p>{TEXT}').agencies == ("AP",)
    beside = f'{TEXT}<aside><a rel="author">Jane Doe</a></aside><p class="author">Follow us on Twitter</p>'
    assert _read(house, beside).authors == ("The Post",)


def test_the_authors_of_other_articles_in_microdata_are_ignored() -> None:
    item = "<div itemscope itemtype='https://schema.org/Article'><b itemprop='author'>%s</b></div>"
    assert _read("<title>T</title>", f"{item % 'Jane Doe'}{TEXT}{item % 'John Roe'}").authors == ("Jane Doe",)


@pytest.mark.parametrize(
    ("title", "h1", "headline"),
    [
        ("Council votes on bridge: what is next", "The council votes on the bridge", "The council votes on the bridge"),
        ("A bridge closes", "Traffic - A bridge closes", "A bridge closes"),
        ("A bridge closes", "World news of the day", "A bridge closes"),
        ("A bridge closes | Daily Paper", "Other", "A bridge closes"),
    ],
)
def test_the_only_h1_is_the_headline_if_it_is_the_title_in_other_words(title: str, h1: str, headline: str) -> None:
    own = "<title>A bridge closes</title>" if "Paper" in title else ""
    assert _read(f'{own}<meta property="og:title" content="{title}">', h1=h1).headline == headline


FLAG = "maybe-no-article"
LINKED = "".join(
    f'<li><h3><a href="/{n}">Headline {n} of a story, which is long enough</a></h3><p>What it is about.</p></li>'
    for n in range(15)
)


@pytest.mark.parametrize(
    ("head", "body", "flags"),
    [
        ("", TEXT, {FLAG}),
        ('<meta property="og:type" content="website"><meta name="date" content="2024-03-05">', TEXT, {FLAG}),
        ('<meta property="og:type" content="article">', TEXT, set()),
        ('<script type="application/ld+json">{"@type": "NewsArticle"}</script>', TEXT, set()),
        ('<meta name="author" content="Jane Doe">', TEXT, set()),
        ('<meta name="date" content="2024-03-05T10:00:00Z">', TEXT, set()),
        ("", TEXT * 2 + LINKED, {FLAG}),
    ],
)
def test_a_page_without_any_sign_of_an_article_is_flagged(head: str, body: str, flags: set[str]) -> None:
    page = f"<html><head><title>A page</title>{head}</head><body>{NAV}<h1>A page</h1>{body}</body></html>"
    draft = read_page(make_capture(page, f"{ORIGIN}/a-page"), sites.get_site("generic"))
    assert isinstance(draft, Draft)
    assert flags == {FLAG} & set(draft.flags)
    below_news = read_page(make_capture(page, f"{ORIGIN}/news/a-page"), sites.get_site("generic"))
    assert isinstance(below_news, Draft)
    assert FLAG not in below_news.flags


def test_the_front_of_a_section_is_no_article() -> None:
    page = f"<html><head><title>World</title></head><body>{NAV}<h1>World</h1><ul>{LINKED}</ul></body></html>"
    read = read_page(make_capture(page, f"{ORIGIN}/world"), sites.get_site("generic"))
    assert read == Unreadable(reason="listing-page", detail="15 linked headlines")


def test_a_saved_home_page_is_no_article_but_an_article_may_name_the_home_page_as_its_own() -> None:
    home = f'<link rel="canonical" href="{ORIGIN}/"><title>The Post</title>'
    saved = f"<html><head>{home}</head><body>{NAV}<h1>The Post</h1>{TEXT}</body></html>"
    read = read_page(make_capture(saved, None), sites.get_site("generic"))
    assert read == Unreadable(reason="home-page", detail="The Post")
    article = home + f'<meta property="og:url" content="{ORIGIN}/a"><meta name="author" content="Jane Doe">'
    capture = make_capture(f"<html><head>{article}</head><body><h1>A story</h1>{TEXT}</body></html>", None)
    draft = read_page(capture, sites.get_site("generic"))
    assert find_url(capture) == f"{ORIGIN}/a"
    assert isinstance(draft, Draft)
    assert draft.url == f"{ORIGIN}/a"


def test_a_button_beside_a_script_is_no_paragraph() -> None:
    script = f"<script>var share = 'no text of the page, but {'longer than any button, ' * 9}';</script>"
    first, second = (
        f"<p>{f'The {word} part of a story that is long enough for a page. ' * 6}</p>" for word in ("one", "other")
    )
    for button in ("", "<div>Share</div>", f"<div>{script}Share</div>"):
        page = f"<html><body><article><h1>A headline</h1>{first}{button}{second}</article></body></html>"
        tree = parse_page(page.encode())
        assert not isinstance(tree, Unreadable)
        assert [text.split()[:2] for text in read_whole_page(tree).paragraphs[-2:]] == [
            ["The", "one"],
            ["The", "other"],
        ]
