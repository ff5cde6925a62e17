"""Single facts of a page or a text that are easily misread."""

from datetime import UTC, datetime

import pytest

import sites
from extraction.byline import cut_credit
from extraction.page import read_page
from extraction.picture import split_caption
from extraction.text import read_text
from schemas.article import Draft, Unreadable
from tests.extraction.pages import URL, make_block, make_capture, make_page

TEXT = make_block("<p>The first paragraph of the text.</p>")
LD = '<script type="application/ld+json">{}</script>'
HEADLINE_LD = LD.format('{"@type": "NewsArticle", "headline": "A Headline"}')
PROSE = "<p>The council decided in a long session that nothing would be decided in that session.</p>"
LONG = "The ministry said on Thursday that the talks would go on for as long as both of the sides wanted them to."


def _read(page: str, url: str = URL) -> Draft:
    draft = read_page(make_capture(page, url), sites.find_site(url))
    assert isinstance(draft, Draft), draft
    return draft


def _refuse(page: str, url: str = URL) -> str:
    found = read_page(make_capture(page, url), sites.find_site(url))
    assert isinstance(found, Unreadable), found
    return found.reason


@pytest.mark.parametrize(
    ("told", "hour", "at"),
    [
        ("2024-06-29", "2024-06-29T12:30:00+03:00", datetime(2024, 6, 29, 9, 30, tzinfo=UTC)),
        ("2024-06-29", "2024-06-28T22:30:00Z", datetime(2024, 6, 28, 22, 30, tzinfo=UTC)),
        ("2024-06-29", "2024-06-28T12:30:00+03:00", datetime(2024, 6, 28, 21, tzinfo=UTC)),
    ],
)
def test_an_hour_is_used_if_it_is_on_the_same_date_in_the_sites_zone(told: str, hour: str, at: datetime) -> None:
    node = f'{{"@type": "NewsArticle", "headline": "A Headline", "datePublished": "{told}"}}'
    head = LD.format(node) + f'<meta property="article:published_time" content="{hour}">'
    assert _read(make_page(TEXT, head=head)).published_at == at


CARDS = '<div class="article-excerpt-default"><a href="/x"><h3>A Headline</h3><p>A teaser of some words.</p></a></div>'


@pytest.mark.parametrize("path", ["/news", "/all-about/kremlin", "/author/jane-doe", "/search?query=x", "/podcasts"])
@pytest.mark.parametrize("place", ['<link rel="canonical" href="{}">', '<meta property="og:url" content="{}">'])
def test_a_page_whose_stated_url_is_a_listing_is_a_listing(path: str, place: str) -> None:
    head = place.format(f"https://www.themoscowtimes.com{path}")
    assert _refuse(f"<html><head>{head}</head><body><h1>All</h1>{PROSE * 30}</body></html>") == "listing-page"


def test_a_page_with_only_cards_is_a_listing() -> None:
    assert _refuse(f"<html><body><h1>Jane Doe</h1>{CARDS * 12}</body></html>") == "listing-page"


@pytest.mark.parametrize(
    "body",
    [
        f"<div>{PROSE * 30}</div>{CARDS * 4}",
        f"<meta property='article:published_time' content='2024-06-29T12:00:00Z'><div>{PROSE * 9}</div>{CARDS * 4}",
        f"{HEADLINE_LD}<div>{PROSE * 9}</div>{CARDS * 4}",
    ],
)
def test_an_article_of_unknown_markup_with_cards_below_is_an_article(body: str) -> None:
    assert _read(f"<html><body><h1>A Headline</h1>{body}</body></html>").body


MISSING = "<h1>Oops!</h1><p>We couldn’t find your page.</p>"
CONTAINER = '<article class="article"><h1>x</h1><div class="article__content">{}</div></article>'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (MISSING + CARDS * 12, "soft-404"),
        (MISSING + f"<section>{PROSE * 40}</section>", "soft-404"),
        (CONTAINER.format(MISSING), "soft-404"),
        (CONTAINER.format(make_block(MISSING)), "soft-404"),
        ("<h1>Sorry, you have been blocked</h1><p>You are unable to access themoscowtimes.com</p>", "block-page"),
        ("<noscript></noscript><div>Please enable JavaScript and cookies to continue</div>", "block-page"),
        (f"<h2>We value your privacy</h2>{PROSE * 3}", "block-page"),
        ("<p>Доступ к информационному ресурсу ограничен на основании закона.</p>", "block-page"),
        (
            "<title>Redirecting to https://x.org</title><p>Redirecting to <a href='/'>https://x.org</a></p>",
            "block-page",
        ),
        ("<h1>We are down for maintenance</h1><p>Back soon.</p>", "block-page"),
        ("<title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>", "block-page"),
        ("<h1>Web server returned an unknown error</h1><p>Error code 520</p>", "block-page"),
        ("<p>The Wayback Machine has not archived that URL.</p>", "soft-404"),
        ("<h1>Hello</h1><p>There is not much on this page of any kind.</p>", "empty-page"),
    ],
)
def test_a_page_about_a_missing_article_is_not_an_article(body: str, reason: str) -> None:
    assert _refuse(f"<html><body><nav><a href='/news'>News</a></nav>{body}</body></html>") == reason


@pytest.mark.parametrize(
    "headline",
    ["Oops!", "Sorry, You Have Been Blocked", "502 Bad Gateway", "Доступ к сайту ограничен", "Redirecting to Europe"],
)
def test_an_article_with_such_a_headline_is_an_article(headline: str) -> None:
    page = make_page(make_block("<p>We couldn't find your page, said the site.</p>")).replace("A Headline", headline)
    assert _read(page).body
    assert _read(f"<html><body><h1>A Story</h1><h2>{headline}</h2>{PROSE * 30}</body></html>").body


def test_a_short_page_whose_text_has_no_paragraphs_is_an_article() -> None:
    text = "The council decided in a long session that nothing would be decided in it.<br><br>" * 9
    assert _read(f"<html><body><h1>A Story</h1><div>{text}</div></body></html>").body


OTHER = "https://www.themoscowtimes.com/2024/06/29/other-a99999"


@pytest.mark.parametrize(
    "head",
    [
        f'<link rel="canonical" href="{OTHER}">',
        f'<meta property="og:url" content="{OTHER}">',
        LD.format(f'{{"@type": "NewsArticle", "headline": "A Headline", "url": "{OTHER}"}}'),
    ],
)
def test_another_articles_page_is_recognized_by_any_stated_url(head: str) -> None:
    page = make_page(TEXT, head=head).replace(
        '<article class="article a', '<article id="article-id-99999" class="article a'
    )
    assert _refuse(page) == "other-article"


def test_a_container_numbered_in_another_sequence_is_kept_and_flagged() -> None:
    page = make_page(TEXT, head=f'<link rel="canonical" href="{URL}">')
    draft = _read(page.replace('<article class="article a', '<article id="article-id-11111" class="article a'))
    assert (draft.body, draft.sources["body"]) == ("The first paragraph of the text.", "trafilatura")
    assert "container-of-another-number" in draft.flags


NAME = '<a class="byline__author__name" href="/author/x">{}</a>'
A, B = NAME.format("Jane Doe"), NAME.format("John Roe")


@pytest.mark.parametrize(
    ("top", "authors", "agencies"),
    [
        ('<div class="byline__author">By AFP/Reuters</div>', (), ("AFP", "Reuters")),
        ('<div class="byline__author">AFP / The Moscow Times</div>', ("The Moscow Times",), ("AFP",)),
        ('<div class="byline__author">РИА Новости</div>', (), ("RIA Novosti",)),
        ('<div class="byline__author">By RFE/RL</div>', (), ("RFE/RL",)),
        ('<div class="byline__author">Radio Free Europe/Radio Liberty</div>', (), ("RFE/RL",)),
        ('<div class="byline__author">Combined Reports</div>', (), ()),
        ('<div class="byline__author">Staff Writer</div>', (), ()),
        ('<div class="byline__author">Jane Doe / AFP</div>', ("Jane Doe",), ("AFP",)),
        (
            f'<div class="byline__author">By {A}</div><div class="byline__author">{B}</div>',
            ("Jane Doe", "John Roe"),
            (),
        ),
        (
            '<div class="byline">By <a rel="author">Jane Doe</a> and <a>John Roe</a><time>June 29</time></div>',
            ("Jane Doe", "John Roe"),
            (),
        ),
        ('<p class="post-byline">By Jane Doe and John Roe</p>', ("Jane Doe", "John Roe"), ()),
        (
            '<p><a href="/author/jane">Jane Doe</a>, <a href="/author/john">John Roe</a></p>',
            ("Jane Doe", "John Roe"),
            (),
        ),
    ],
)
def test_a_byline_names_all_its_persons_and_agencies(
    top: str, authors: tuple[str, ...], agencies: tuple[str, ...]
) -> None:
    draft = _read(make_page(TEXT, top=top))
    assert (draft.authors, draft.agencies) == (authors, agencies)
    assert "byline-missing" not in draft.flags


def test_authors_known_only_from_metadata_are_flagged() -> None:
    related = make_block('<p>More by <a href="/author/ann">Ann Lee</a>.</p>')
    draft = _read(make_page(TEXT + related, head='<meta property="article:author" content="Jane Doe">'))
    assert draft.authors == ("Jane Doe",)
    assert "byline-missing" in draft.flags


@pytest.mark.parametrize(
    ("last", "agencies"),
    [
        ("(ТАСС, Интерфакс)", ("TASS", "Interfax")),
        ("(Reuters, Bloomberg, MT, NYT)", ("Reuters", "Bloomberg", "NYT")),
        ("(RFE/RL, AP)", ("RFE/RL", "AP")),
        ("— AP, Reuters", ("AP", "Reuters")),
    ],
)
def test_every_form_of_closing_credit_is_recognized(last: str, agencies: tuple[str, ...]) -> None:
    assert cut_credit(("First.", last)) == (("First.",), agencies)


@pytest.mark.parametrize("last", ["(NYT)", "(AP, laughs)", "— He left.", "— AP, he said", "(EU, USA)"])
def test_a_last_line_without_an_agency_is_text(last: str) -> None:
    assert cut_credit(("First.", last)) == (("First.", last), ())


@pytest.mark.parametrize(
    ("caption", "credit"),
    [
        ("Alexei Navalny.", "Sergei Ilnitsky / EPA / TASS"),
        ("Vladimir Putin.", "kremlin.ru"),
        ("A rally in Amman.", "AP"),
        ("Police detain a man.", "Andrei Nikerichev / Moskva News Agency"),
    ],
)
def test_caption_and_credit_are_split_on_pages_and_in_texts(caption: str, credit: str) -> None:
    lines = [f"{caption} {credit}", *([f"{caption}{credit}"] if "/" in credit else [])]
    for line in lines:
        assert split_caption(line) == (caption, credit)
        draft = read_text(make_capture(f"A Headline\n\n{line}\n\n{LONG}", None, ()))
        assert isinstance(draft, Draft)
        assert (draft.body, [(image.caption, image.credit) for image in draft.images]) == (LONG, [(caption, credit)])
        figure = f'<figure><img src="/1.jpg"><figcaption>{line}</figcaption></figure>'
        assert [(image.caption, image.credit) for image in _read(make_page(figure + TEXT)).images] == [
            (caption, credit)
        ]


@pytest.mark.parametrize(
    "line", ["He left. She stayed.", "They met at 5 p.m.Monday was cold.", "He read it. Nobody did."]
)
def test_a_caption_without_a_credit_stays_whole(line: str) -> None:
    assert split_caption(line) == (line, None)


def test_the_author_note_below_an_opinion_is_not_text() -> None:
    blurb = "Jane Doe is a professor of history at a university in the north."
    end = (
        f"The views expressed in opinion pieces do not necessarily reflect the position of The Moscow Times.\n\n{blurb}"
    )
    draft = read_text(make_capture(f"A Headline\n\n{LONG}\n\n{end}\n\nRead more about: Syria , Kremlin", None, ()))
    assert isinstance(draft, Draft)
    assert draft.body == LONG


@pytest.mark.parametrize("date", ["Updated: June 29, 2024", "June 29, 2024", "Published: 29 June 2024, 12:30 MSK"])
def test_a_date_below_the_byline_is_not_text(date: str) -> None:
    for parting in ("\n", "\n\n"):
        text = f"A Headline\n\nBy Jane Doe{parting}{date}\n\n{LONG}"
        draft = read_text(make_capture(text, None, ()))
        assert isinstance(draft, Draft)
        assert (draft.authors, draft.body) == (("Jane Doe",), LONG)


@pytest.mark.parametrize(("key", "name"), [("city", "Arts and Life"), ("indepth", "In-Depth"), ("News", "News")])
def test_a_section_has_its_displayed_name(key: str, name: str) -> None:
    assert _read(make_page(TEXT, head=f'<meta property="article:section" content="{key}">')).section == name


@pytest.mark.parametrize("told", ["A Headline - The Moscow Times", "A Headl…", "A...", "A Headline"])
def test_a_headline_is_complete_and_without_the_publishers_name(told: str) -> None:
    head = LD.format(f'{{"@type": "NewsArticle", "headline": "{told}"}}')
    assert _read(make_page(TEXT, head=head)).headline == "A Headline"


@pytest.mark.parametrize(
    ("encoding", "headers"),
    [
        ("cp1251", ()),
        ("cp1251", (("content-type", "text/html"),)),
        ("utf-8", (("content-type", "text/html; charset=iso-8859-1"),)),
        ("utf-8", (("content-type", "text/html; charset=windows-1251"),)),
    ],
)
def test_russian_text_is_decoded_if_its_charset_is_missing_or_wrong(
    encoding: str, headers: tuple[tuple[str, str], ...]
) -> None:
    page = make_page(make_block("<p>Первый абзац.</p>")).encode(encoding)
    draft = read_page(make_capture(page, headers=headers), sites.find_site(URL))
    assert isinstance(draft, Draft)
    assert draft.body == "Первый абзац."


@pytest.mark.parametrize("told", ["Council Adopts <Plan> 8", "Council Adopts &lt;Plan&gt; 8"])
def test_what_looks_like_a_tag_in_a_headline_is_kept_if_the_page_shows_it(told: str) -> None:
    page = make_page(TEXT, head=LD.format(f'{{"@type": "NewsArticle", "headline": "{told}"}}'))
    shown = page.replace('<a href="#">A Headline</a>', "Council Adopts &lt;Plan&gt; 8")
    assert _read(shown).headline == "Council Adopts <Plan> 8"
    assert _read(page.replace('<a href="#">A Headline</a>', "Council Adopts <i>8</i>")).headline == "Council Adopts 8"


@pytest.mark.parametrize(
    ("encoding", "content_type", "declared"),
    [
        ("utf-8", "text/html", "utf-16"),
        ("utf-8", "text/html; charset=utf-16", "utf-16le"),
        ("utf-8", "text/html; charset=gb2312", ""),
        ("utf-8", "text/html; charset=shift_jis", "big5"),
        ("utf-8", "text/html, text/html; charset=utf-8", ""),
        ("utf-8", "text/html charset=utf-8", ""),
        ("utf-8", "text/html charset=windows-1251", ""),
        ("cp1251", "text/html charset=windows-1251", ""),
        ("cp1251", "text/html", "windows-1251"),
        ("cp1251", "text/html; charset=utf-16", "windows-1251"),
        ("utf-16", "text/html; charset=utf-8", ""),
        ("utf-16-le", "text/html", ""),
        ("koi8-r", "text/html; charset=koi8-r", ""),
        ("utf-8", "text/html; charset=hex", "idna"),
        ("utf-8", "no type", ""),
        ("utf-8", "\x1b[2J/html", ""),
    ],
)
def test_the_bytes_decide_the_encoding_and_the_header_is_a_hint(
    encoding: str, content_type: str, declared: str
) -> None:
    head = f'<meta charset="{declared}">' if declared else ""
    page = make_page(make_block("<p>Первый абзац.</p>"), head=head).encode(encoding)
    draft = read_page(make_capture(page, headers=(("content-type", content_type),)), sites.find_site(URL))
    assert isinstance(draft, Draft)
    assert draft.body == "Первый абзац."


@pytest.mark.parametrize(
    "content_type", ["", "text", "text/\x1b[0m", "te xt/html", "/", "text/html\u202e", "a/" + "b" * 999]
)
def test_an_invalid_media_type_is_treated_as_missing(content_type: str) -> None:
    assert make_capture("", headers=(("content-type", content_type),)).media_type == ""
