"""The publisher's pages, part by part."""

from datetime import UTC, datetime

import pytest

import sites
from extraction.page import find_url, read_page
from schemas.article import Draft, Kind
from sites.moscow_times import MOSCOW_TIMES
from tests.extraction.pages import URL, make_block, make_capture, make_page

FIRST = "<p>The first paragraph of the text.</p>"
JSON_LD = '<script type="application/ld+json">{}</script>'
ARTICLE_LD = """{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "From &quot;JSON&quot;",
 "datePublished": "2024-06-29T01:30:00+03:00", "dateModified": "2024-06-29T09:00:00Z", "articleSection": "ukraine_war",
 "keywords": "Homs, Syria ,Homs", "author": {"@type": "Person", "name": "Jane Doe"}}"""


def _read(page: str, url: str = URL) -> Draft:
    draft = read_page(make_capture(page, url), sites.find_site(url))
    assert isinstance(draft, Draft), draft
    return draft


def _paragraphs(content: str) -> list[str]:
    return _read(make_page(content)).body.split("\n\n")


def test_all_text_blocks_are_the_body_in_order() -> None:
    content = (
        make_block(f"{FIRST}<h2>A subhead</h2>")
        + make_block('<a href="/x"><h3>A related headline</h3>Read more</a>', "article")
        + make_block("<ul><li>One</li><li>Two <b>bold</b></li></ul>")
        + make_block("<h2>A header</h2>", "header")
        + make_block('<blockquote class="article__quote">A pull quote.</blockquote><cite>Its speaker</cite>', "quote")
        + make_block("<blockquote><p>Said one.</p><p>Said two.</p></blockquote>")
    )
    assert _paragraphs(content) == [
        "The first paragraph of the text.",
        "A subhead",
        "One",
        "Two bold",
        "A header",
        "A pull quote.",
        "Its speaker",
        "Said one.",
        "Said two.",
    ]


@pytest.mark.parametrize("kind", ["article", "embed", "link", "newsletter", "image", "images", "unknown"])
def test_a_block_of_another_type_is_not_text(kind: str) -> None:
    assert _paragraphs(make_block(FIRST) + make_block("<p>Not the text.</p>", kind)) == [
        "The first paragraph of the text."
    ]


@pytest.mark.parametrize(
    "foreign",
    [
        "<script>var a = 1;</script>",
        "<style>p {}</style>",
        "<figure><img src='x.jpg'><figcaption>A caption</figcaption></figure>",
        "<aside><p>Beside it</p></aside>",
        "<!-- <p>a comment</p> -->",
        "<?php echo 1 ?>",
        '<blockquote class="twitter-tweet"><p>A tweet</p></blockquote>',
        '<div class="contribute-banner"><p>Give</p></div>',
        "<form><button>Sign up</button></form>",
    ],
)
def test_embeds_within_a_block_are_not_text(foreign: str) -> None:
    assert _paragraphs(make_block(f"{FIRST}{foreign}<p>The second.</p>")) == [
        "The first paragraph of the text.",
        "The second.",
    ]


@pytest.mark.parametrize(
    ("html", "paragraphs"),
    [
        ("Loose text<p>A paragraph</p>and more<p>B</p>end", ["Loose text", "A paragraph", "and more", "B", "end"]),
        ("<p>One<br>line</p><p>Two</p>", ["One line", "Two"]),
        ("One<br><br>Two<br/> <br/>Three", ["One", "Two", "Three"]),
        ("<div><div>Deep</div>er<div><p>still</p></div></div>", ["Deep", "er", "still"]),
        ("<p>In<b>line</b> and <a href='#'>li<i>nk</i></a>.</p>", ["Inline and link."]),
        ("<table><tr><td width=1><img src=s.gif></td><td><p>A<p>B</td></tr></table>", ["A", "B"]),
        ("<table><tr><td>Year</td><td>Sum</td></tr><tr><td>1</td><td>2</td></tr></table>", ["Year | Sum", "1 | 2"]),
        (
            "<table><tr><td><p>Year</p></td><td><p>Sum</p><p>in <b>r</b>ubles</p></td></tr></table>",
            ["Year | Sum in rubles"],
        ),
        (
            f"<table><tr><td><p>A</p></td><td><p>{'Long. ' * 20}</p><p>{'Other. ' * 20}</p></td></tr></table>",
            ["A", ("Long. " * 20).strip(), ("Other. " * 20).strip()],
        ),
        ("<font><p>A</p><p>B</p></font>", ["A", "B"]),
        ("<p>Same words here.</p><p>Same words here.</p>", ["Same words here.", "Same words here."]),
        ("<p><a href='#'>All of it a link</a></p><p>B</p>", ["All of it a link", "B"]),
        ("<p>The ¶ <i>sign</i> itself</p><p>¶<b>B</b></p>", ["The ¶ sign itself", "¶B"]),
        ("<p>A&nbsp;b\u2009c\u00ad</p><p> &nbsp; </p><p>\u200bD</p>", ["A b c", "D"]),
        ("<p>He read <cite>The Idiot</cite> twice.</p>", ["He read The Idiot twice."]),
        ("<pre>A\nB</pre><hr><p>C</p>", ["A\nB", "C"]),
    ],
)
def test_no_paragraphs_are_lost_or_joined(html: str, paragraphs: list[str]) -> None:
    assert _paragraphs(make_block(html)) == paragraphs


def test_the_article_loaded_below_is_ignored() -> None:
    assert "loaded below" not in _read(make_page(make_block(FIRST))).body


def test_a_closing_credit_names_the_agencies() -> None:
    draft = _read(make_page(make_block(f"{FIRST}<p>(AP, Reuters, MT)</p>")))
    assert (draft.body, draft.agencies) == ("The first paragraph of the text.", ("AP", "Reuters"))


def test_json_ld_has_precedence_over_meta_and_invalid_scripts_are_skipped() -> None:
    head = (
        JSON_LD.format('{"@type": "WebSite", "name": "The Moscow Times",}')
        + JSON_LD.format(ARTICLE_LD)
        + '<meta property="og:title" content="From meta - The Moscow Times">'
        + '<meta property="article:published_time" content="2020-01-01T00:00:00+00:00">'
    )
    draft = _read(make_page(make_block(FIRST), head=head))
    assert draft.headline == 'From "JSON"'
    assert draft.published_at == datetime(2024, 6, 28, 22, 30, tzinfo=UTC)
    assert (draft.section, draft.authors) == ("Ukraine War", ("Jane Doe",))
    assert {draft.sources[name] for name in ("headline", "published_at", "section", "authors")} == {"json-ld"}


def test_meta_is_used_if_json_ld_is_too_large() -> None:
    padded = ARTICLE_LD.replace('"keywords"', f'"description": "{"x" * 300_000}", "keywords"')
    head = JSON_LD.format(padded) + '<meta property="og:title" content="Opinion | From meta - The Moscow Times">'
    page = make_page(make_block(FIRST), head=head).replace('<h1><a href="#">A Headline</a></h1>', "")
    draft = _read(page)
    assert (draft.headline, draft.sources["headline"]) == ("From meta", "meta")


def test_the_shown_headline_has_precedence_over_the_title() -> None:
    head = '<meta property="og:title" content="Headline: What to Know, Explained - The Moscow Times">'
    draft = _read(make_page(make_block(FIRST), head=head))
    assert (draft.headline, draft.sources["headline"]) == ("A Headline", "page")


def test_the_page_is_used_if_json_ld_and_meta_are_missing() -> None:
    top = (
        '<div class="byline__author">By <a class="byline__author__name">Jane Doe</a>, <a class="byline__author__name">'
        'AFP</a> and <a class="byline__author__name">John Roe for Reuters</a></div>'
        '<time class="byline__datetime" datetime="2024-06-29T12:00:00+03:00">June 29</time>'
    )
    bottom = '<div class="article__tags">Read more about: <a href="/tag/x">Homs</a>, <a href="/tag/y">Syria</a></div>'
    draft = _read(make_page(make_block(FIRST), top=top, bottom=bottom))
    assert (draft.headline, draft.tags) == ("A Headline", ("Homs", "Syria"))
    assert (draft.authors, draft.agencies) == (("Jane Doe", "John Roe"), ("AFP", "Reuters"))
    assert draft.published_at == datetime(2024, 6, 29, 9, tzinfo=UTC)
    assert draft.sources["authors"] == "byline"
    assert draft.sources["published_at"] == draft.sources["tags"] == "page"


def test_a_byline_without_links_is_split_into_names() -> None:
    draft = _read(make_page(make_block(FIRST), top='<div class="byline__author">By Jane Doe, AFP and John Roe</div>'))
    assert (draft.authors, draft.agencies) == (("Jane Doe", "John Roe"), ("AFP",))


def test_the_time_of_an_update_is_not_the_time_of_publication() -> None:
    top = '<time class="byline__datetime" datetime="2024-07-02T12:00:00+03:00">Updated: July 2</time>'
    draft = _read(make_page(make_block(FIRST), top=top))
    assert draft.modified_at == datetime(2024, 7, 2, 9, tzinfo=UTC)
    # The day in the URL is Moscow's, and says no hour.
    assert draft.published_at == datetime(2024, 6, 28, 21, tzinfo=UTC)
    assert draft.sources["published_at"] == "path"
    assert "published-at-day-only" in draft.flags


def test_a_time_without_an_offset_is_moscow_time_and_flagged() -> None:
    top = '<time class="byline__datetime" datetime="2024-06-29T12:00:00">June 29</time>'
    draft = _read(make_page(make_block(FIRST), top=top))
    assert draft.published_at == datetime(2024, 6, 29, 9, tzinfo=UTC)
    assert "published-at-without-offset" in draft.flags


def test_a_missing_date_stays_missing() -> None:
    draft = _read(make_page(make_block(FIRST)), "https://www.themoscowtimes.com/archive/slug")
    assert draft.published_at is None
    assert {"published-at-missing", "authors-missing"} <= set(draft.flags)


def test_an_opinion_is_recognized_by_its_disclaimer_which_is_not_text() -> None:
    bottom = (
        '<div class="article__disclaimer">The views expressed …</div><div class="author-blurb"><p>Writes.</p></div>'
    )
    draft = _read(make_page(make_block(FIRST), bottom=bottom))
    assert (draft.kind, draft.body) == (Kind.OPINION, "The first paragraph of the text.")


def test_a_gallery_without_text_has_pictures_and_an_empty_body() -> None:
    figure = (
        '<figure><img data-src="/i/1.jpg"><figcaption><span class="image__caption">One. Ivan Petrov / TASS</span>'
        "</figcaption></figure>"
    )
    head = '<meta property="og:description" content="Gallery | Pictures">'
    bottom = '<div class="contribute-banner"><p>A Message from The Moscow Times:</p><p>Dear readers, give.</p></div>'
    draft = _read(make_page(make_block(figure * 2, "images"), head=head, bottom=bottom))
    assert (draft.kind, draft.body) == (Kind.GALLERY, "")
    assert "body-empty" in draft.flags
    assert [(image.url, image.caption, image.credit) for image in draft.images] == [
        ("https://www.themoscowtimes.com/i/1.jpg", "One.", "Ivan Petrov / TASS")
    ] * 2


def test_the_canonical_link_is_the_articles_url() -> None:
    head = '<link rel="canonical" href="http://themoscowtimes.com/2024/06/30/new-slug-a85656?x=1">'
    draft = _read(make_page(make_block(FIRST), head=head))
    assert draft.url == "https://www.themoscowtimes.com/2024/06/30/new-slug-a85656"


def test_a_canonical_link_to_a_page_that_is_no_article_is_ignored() -> None:
    head = '<link rel="canonical" href="https://www.themoscowtimes.com/">'
    assert _read(make_page(make_block(FIRST), head=head)).url == URL


def test_the_russian_edition_is_recognized_by_its_host() -> None:
    draft = _read(make_page(make_block("<p>Первый абзац.</p>")), "https://www.moscowtimes.ru/2023/01/02/slug-a41774")
    assert (draft.edition, draft.language, draft.body) == ("ru", "ru", "Первый абзац.")
    assert draft.url == "https://ru.themoscowtimes.com/2023/01/02/slug-a41774"


def test_a_page_without_the_expected_structure_is_extracted_and_flagged() -> None:
    text = "".join(
        f"<p>Paragraph number {number} of a text that has a good number of words in it.</p>" for number in range(9)
    )
    page = f"<html><head>{JSON_LD.format(ARTICLE_LD)}</head><body><main><h1>H</h1>{text}</main></body></html>"
    draft = _read(page)
    assert "container-missing" in draft.flags
    assert draft.sources["body"] == "trafilatura"
    assert draft.body.count("\n\n") >= 8


def test_a_container_without_text_blocks_is_left_to_trafilatura_and_flagged() -> None:
    text = "".join(
        f"<p>Paragraph number {number} of a text that has a good number of words in it.</p>" for number in range(9)
    )
    inner = f'<h1>A Headline</h1><div class="renamed">{text}</div>'
    page = f'<html><body><article class="article">{inner}</article></body></html>'
    draft = _read(page)
    assert "content-missing" in draft.flags
    assert "Paragraph number 8" in draft.body


def test_a_page_without_a_url_is_identified_by_its_stated_url() -> None:
    page = make_page(make_block(FIRST), head=f'<link rel="canonical" href="{URL}">')
    assert find_url(make_capture(page, None)) == URL
    assert find_url(make_capture(make_page(FIRST), None)) is None
    assert find_url(make_capture(b"\x89PNG\x00\x00", None)) is None


def test_extraction_is_deterministic() -> None:
    capture = make_capture(make_page(make_block(FIRST * 3)))
    assert len({str(read_page(capture, MOSCOW_TIMES)) for _ in range(8)}) == 1
