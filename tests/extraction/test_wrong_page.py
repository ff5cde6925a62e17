"""Pages that are not articles, and bytes that are not pages."""

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sites
from extraction.page import read_page
from replica.site import Site
from schemas.article import Draft, Unreadable
from tests.extraction.pages import HTML, URL, make_block, make_capture, make_page

SITE = sites.get_site("moscow-times")
OTHER = '<link rel="canonical" href="https://www.themoscowtimes.com/2024/06/29/other-a11111">'
OOPS = "<html><title>The Moscow Times</title><body><h1>Oops!</h1><p>We couldn’t find your page.</p></body></html>"
CONSENT = "<html><title>Just a moment...</title><body><p>Checking your browser.</p></body></html>"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (OOPS, "soft-404"),
        (CONSENT, "block-page"),
        ("", "empty-page"),
        ("<html><body></body></html>", "empty-page"),
        ("<html><body><script>1</script></body></html>", "empty-page"),
        ("just some words", "not-html"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 30, "not-html"),
        (b"%PDF-1.4 <a b>" + bytes(range(256)), "not-html"),
        (b"\x00" * 5000, "not-html"),
        (make_page(make_block("<p>Text.</p>"), head=OTHER), "other-article"),
    ],
)
def test_a_wrong_page_has_its_reason(body: str | bytes, reason: str) -> None:
    found = read_page(make_capture(body), SITE)
    assert isinstance(found, Unreadable), found
    assert found.reason == reason


NEWS = "https://www.example.org/news/a-story"
PROSE = "".join(
    f"<p>Paragraph number {n} tells in a good many words what the council decided that day.</p>" for n in range(9)
)
LD = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Access Denied"}</script>'
DENIED = (
    "<p>You don't have permission to access this page on this server. Reference #18.2d351ab8.1557333295.a4e16ab</p>"
)
RSS = f"<rss version='2.0'><channel><title>T</title><item><link>{URL}</link></item></channel></rss>"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<h1>Упс!</h1><p>Мы не смогли найти вашу страницу.</p>", "soft-404"),
        ("<h1>Упс! Страница не найдена</h1>", "soft-404"),
        ("<div class='x'>Упс… Такой страницы нет.</div>", "soft-404"),
        ("<h1>Oops!</h1>", "soft-404"),
        ("<div>Oops!</div>", "soft-404"),
        (f"<nav><a href='/'>Home</a></nav><h2>Oops!</h2><footer>{PROSE}</footer>", "soft-404"),
        (f"<h1>Oops!</h1><aside>{PROSE}</aside>", "soft-404"),
        ("<article class='article'><h1>Oops!</h1><div class='article__content'> </div></article>", "soft-404"),
        ("<h1>Access Denied</h1>" + DENIED, "block-page"),
        ("<title>themoscowtimes.com</title><h1>Attention Required!</h1><p>Cloudflare</p>", "block-page"),
        ("<link rel='canonical' href='/'><title>The Moscow Times</title>" + PROSE, "home-page"),
        (f"<link rel='canonical' href='https://www.themoscowtimes.com/'><main>{PROSE * 9}</main>", "home-page"),
        (RSS, "not-html"),
        (f"<?xml version='1.0' encoding='utf-8'?>\n<!-- made -->\n{RSS}", "not-html"),
        ("\ufeff<?xml version='1.0'?><?xml-stylesheet href='x'?><feed><title>T</title></feed>", "not-html"),
        ("<?xml version='1.0'?><urlset><url><loc>x</loc></url><title></title></urlset>", "not-html"),
        ("<?xml version='1.0'?><Error><Code>AccessDenied</Code><title>T</title></Error>", "not-html"),
    ],
)
@pytest.mark.parametrize("url", [URL, "https://ru.themoscowtimes.com/2024/06/29/slug-a41774"])
def test_the_publishers_other_pages_are_recognized(body: str, reason: str, url: str) -> None:
    page = body if reason == "not-html" else f"<html><body>{body}</body></html>"
    found = read_page(make_capture(page, url), SITE)
    assert isinstance(found, Unreadable), found
    assert found.reason == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<title>404</title><p>Nothing here.</p>", "soft-404"),
        ("<title>404 Not Found</title><h1>Not Found</h1><hr><center>nginx</center>", "soft-404"),
        ("<title>Page not found - Example News</title><h1>Sorry, this page could not be found</h1>", "soft-404"),
        ("<title>Example</title><h1>Error 404</h1><p>Try the search.</p>", "soft-404"),
        ("<title>Example</title><h1>The page you are looking for doesn't exist</h1>", "soft-404"),
        ("<title>Example</title><h1>Seite nicht gefunden</h1>", "soft-404"),
        ("<title>Example</title><p>Page not found</p>", "soft-404"),
        ("<title>Example</title><h1>Access Denied</h1>" + DENIED, "block-page"),
    ],
)
def test_an_unknown_publishers_error_page_is_recognized(body: str, reason: str) -> None:
    found = read_page(make_capture(f"<html><body>{body}</body></html>", NEWS), sites.get_site("generic"))
    assert isinstance(found, Unreadable), found
    assert found.reason == reason


@pytest.mark.parametrize(
    "headline",
    ["Oops!", "Oops! He Did It Again", "Access Denied", "Access Denied: A Story", "404", "Page Not Found", "Упс!"],
)
@pytest.mark.parametrize(
    ("url", "page"),
    [
        (URL, make_page(make_block("<p>Short.</p>"))),
        (URL, f"<html><body><h1>A Headline</h1>{PROSE * 3}</body></html>"),
        (NEWS, f"<html><head>{LD}</head><body><h1>A Headline</h1>{PROSE}</body></html>"),
        (NEWS, f"<html><head><title>A Headline</title></head><body><h1>A Headline</h1>{PROSE * 3}</body></html>"),
        (NEWS, f"<html><body><h1>A Headline of twenty more characters</h1>{PROSE}</body></html>"),
    ],
)
def test_an_article_with_such_words_in_its_headline_is_an_article(headline: str, url: str, page: str) -> None:
    found = read_page(make_capture(page.replace("A Headline", headline), url), sites.find_site(url))
    assert isinstance(found, Draft), found
    assert found.body


@pytest.mark.parametrize(
    "start",
    ["<?xml version='1.0' encoding='utf-8'?><!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0'>", "<!-- x -->", "\n\n"],
)
def test_html_with_a_prologue_is_html(start: str) -> None:
    page = start + make_page(make_block("<p>Text.</p>")).removeprefix("<!doctype html>")
    assert isinstance(read_page(make_capture(page), SITE), Draft)


def test_a_body_of_another_media_type_is_not_a_page() -> None:
    found = read_page(make_capture("<p>x</p>", headers=(("content-type", "application/json"),)), SITE)
    assert found == Unreadable(reason="not-html", detail="application/json")


def test_a_page_that_is_too_large_has_that_reason() -> None:
    found = read_page(make_capture("", too_large=True), SITE)
    assert isinstance(found, Unreadable)
    assert found.reason == "too-large"


def test_an_article_about_missing_pages_is_an_article() -> None:
    page = make_page(make_block("<p>Oops! We couldn't find your page, it said.</p>"))
    assert isinstance(read_page(make_capture(page), SITE), Draft)


@pytest.mark.parametrize(
    ("encoding", "header", "declared"),
    [
        ("utf-8", "text/html", ""),
        ("utf-8", "text/html; charset=utf-8", ""),
        ("utf-8-sig", "text/html", ""),
        ("utf-8", "text/html; charset=utf-8", '<meta charset="windows-1251">'),
        ("cp1251", "text/html; charset=windows-1251", ""),
        ("cp1251", "text/html", '<meta charset="windows-1251">'),
        ("koi8-r", "text/html", '<meta http-equiv="content-type" content="text/html; charset=koi8-r">'),
        ("utf-16", "text/html", ""),
    ],
)
def test_the_charset_is_found(encoding: str, header: str, declared: str) -> None:
    body = make_page(make_block("<p>Первый абзац.</p>"), head=declared).encode(encoding)
    draft = read_page(make_capture(body, headers=(("content-type", header),)), SITE)
    assert isinstance(draft, Draft)
    assert draft.body == "Первый абзац."


def test_undeclared_windows_text_is_decoded() -> None:
    body = make_page(make_block("<p>Caf\u00e9 \u201cX\u201d</p>")).encode("cp1252")
    draft = read_page(make_capture(body, headers=()), SITE)
    assert isinstance(draft, Draft)
    assert draft.body == "Café “X”"


ARTICLE = Site(8).articles[6]
PAGE = ARTICLE.page_html().encode()


def _mutate(seed: int) -> bytes:
    """Return a page truncated, scrambled, doubled or with random bytes inserted."""
    rng = random.Random(seed)
    data = bytearray(PAGE)
    for _ in range(rng.randint(1, 6)):
        at, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        match rng.randrange(6):
            case 0:
                del data[at:end]
            case 1:
                data[at:at] = data[end : end + 500]
            case 2:
                data[at:at] = rng.randbytes(rng.randint(1, 60))
            case 3:
                data[at:at] = rng.choice(
                    (b"\x00", b"<div>" * 300, b"</article>", b"<!--", b"<![CDATA[", b"<p", b"&#x0;")
                )
            case 4:
                data[at:at] = rng.choice(
                    (b"\xff\xfe", "Я".encode("cp1251"), b"<script>", b'"', b"<table><tr><td>", b"\xed\xa0\x80")
                )
            case _:
                del data[rng.randrange(len(data) + 1) :]
    return bytes(data)


@given(st.integers(0, 10**9))
@settings(max_examples=150)
def test_a_broken_page_gives_a_draft_or_a_reason(seed: int) -> None:
    found = read_page(make_capture(_mutate(seed), str(ARTICLE.expected["url"])), SITE)
    assert found.reason if isinstance(found, Unreadable) else found.extractor


@given(
    st.binary(max_size=500)
    | st.text(max_size=300).map(lambda text: f"<html><body><p>{text}".encode("utf-8", "replace"))
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_give_a_draft_or_a_reason(body: bytes) -> None:
    for name in ("moscow-times", "generic"):
        found = read_page(make_capture(body, headers=HTML), sites.get_site(name))
        assert found.reason if isinstance(found, Unreadable) else found.extractor


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 1_600_000,
        b"<article class=article><div class=article__content>" + b"<div>" * 20_000 + b"<p>x",
        b"<article class=article><div class=article__content>" + b"<p><b>x</b>" * 20_000,
        b"<html><body>" + b"<p>word word word.</p>" * 40_000,
        b"<html><body>" + b"<p>word</p>" * 700_000,
        b'<script type="application/ld+json">' + b"[" * 200_000 + b"</script><p>x</p>",
        b"<p>" + b"a" * 8_000_000,
    ],
    ids=["divs", "deep", "nested", "paragraphs", "overgrown", "json", "long"],
)
@pytest.mark.parametrize("name", ["moscow-times", "generic"])
def test_an_absurd_page_is_handled(body: bytes, name: str) -> None:
    began_at = time.process_time()
    found = read_page(make_capture(body), sites.get_site(name))
    assert isinstance(found, Unreadable | Draft)
    assert time.process_time() - began_at < 5  # seconds of this process's own work


def _read_golden(change: Callable[[str], str]) -> Draft:
    """Return a modified page of the replica with another article below."""
    article = Site(30).articles[12]
    capture = make_capture(change(article.page_html(is_saved=True)), article.url)
    draft = read_page(capture, sites.find_site(article.url))
    assert isinstance(draft, Draft)
    assert draft.headline == article.expected["headline"]
    return draft


OPEN_ELEMENTS = ["<div>", "<div><div><div>", "<b>", "<blockquote>", "<article>"]


@pytest.mark.parametrize("element", OPEN_ELEMENTS)
def test_an_unclosed_element_neither_doubles_text_nor_adds_another_article(element: str) -> None:
    mark = 'article__block--html">'
    draft = _read_golden(lambda page: page.replace(mark, mark + element, 1))
    assert draft.body == Site(30).articles[12].expected["body"]


def test_the_article_below_is_not_taken_for_a_page_whose_own_container_is_missing() -> None:
    own = Site(30).articles[12].expected["body"].split("\n\n")
    draft = _read_golden(lambda page: page.replace('<article class="article', '<article class="post', 1))
    assert "container-missing" in draft.flags
    assert set(own) & set(draft.body.split("\n\n"))
    assert "This paragraph belongs to the article below" not in draft.body
