"""The identity of URLs."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sites
from sites.moscow_times.identity import EDITION_BY_HOST

ARTICLES = {
    "https://www.themoscowtimes.com/2024/06/29/a-slug-a85656": "moscow-times:en:85656",
    "https://www.themoscowtimes.com/2024/6/9/a-slug-a85656": "moscow-times:en:85656",
    "https://themoscowtimes.com/2011/06/01/slug-a7466/": "moscow-times:en:7466",
    "https://www.themoscowtimes.com/2024/06/29/a85656": "moscow-times:en:85656",
    "https://www.themoscowtimes.com/archive/some-slug": "moscow-times:en:archive/some-slug",
    "https://www.themoscowtimes.com/archive/some-slug-2003": "moscow-times:en:archive/some-slug-2003",
    "https://themoscowtimes.com/articles/some-slug-52345": "moscow-times:en:52345",
    "https://themoscowtimes.com/news/some-slug-60001": "moscow-times:en:60001",
    "https://www.moscowtimes.ru/2023/01/02/slug-a41774": "moscow-times:ru:41774",
    "https://ru.themoscowtimes.com/2025/01/02/slug-a41774": "moscow-times:ru:41774",
    "https://moscowtimes.news/2023/01/02/slug-a41774": "moscow-times:ru:41774",
    "https://moscowtimes.eu/2023/01/02/slug-a41774": "moscow-times:ru:41774",
    "https://www.themoscowtimes.com/2023/01/02/slug-a41774": "moscow-times:en:41774",
    "https://m.themoscowtimes.com/2023/01/02/slug-a41774": "moscow-times:en:41774",
    "https://www.ru.themoscowtimes.com/2023/01/02/slug-a41774": "moscow-times:ru:41774",
    "https://www.themoscowtimes.com/account-of-war-a123": "moscow-times:en:123",
    "https://www.themoscowtimes.com/2024/06/29/account-of-war-a123": "moscow-times:en:123",
    "https://www.themoscowtimes.com/2024/06/29/search-for-peace-a124": "moscow-times:en:124",
    "https://www.themoscowtimes.com/archive/Some-Slug": "moscow-times:en:archive/some-slug",
    "https://www.themoscowtimes.com/ARCHIVE/SOME-SLUG": "moscow-times:en:archive/some-slug",
    "https://www.themoscowtimes.com/in-depth/slug-a85656": "moscow-times:en:85656",
    "https://www.themoscowtimes.com/articles/slug-a85656": "moscow-times:en:85656",
}
RENDERINGS = (*("/amp", "/amp/", ".html", ".htm", "/print", ";jsessionid=1", ".html;jsessionid=1?x=y"),)

MANGLED = (
    "%3Futm_source=x&utm_medium=y",
    "%3futm_source%3Dx",
    "%253Futm_source=x",
    "%23ixzz3abc",
    "&utm_source=x&utm_medium=y",
    "%26utm_source=x",
    *(")", "),", ",", ".", "...", ";", '"', "'", "/)", "”", "’", "»", ">", "]", "…", "\u00a0"),
    *("%29", "%2C", "%2E", "%22", "%27", "%E2%80%9D", "%E2%80%99", "%C2%BB", "%3E", "%20", "%C2%A0", "%2F"),
    *(").?utm_source=x", ")#x", "%22%3Futm_source=x", '"%3E'),
)

OLDER = (
    "https://www.themoscowtimes.com/stories/2005/01/02/001.html",
    "https://www.themoscowtimes.com/article.php?id=1234",
    "https://www.themoscowtimes.com/business/article/some-slug/208123.html",
    "https://www.themoscowtimes.com/arts_n_ideas/article/some-slug/535500.html",
    "https://www.themoscowtimes.com/photogalleries/some-slug-535",
)

EXCLUDED = {
    "/": "home-page",
    "/author/jane-doe": "author-page",
    "/authors/jane-doe": "author-page",
    "/tag/syria": "tag-page",
    "/all-about/kremlin": "tag-page",
    "/issue/123": "issue-page",
    "/in-print": "issue-page",
    "/page/rss": "static-page",
    "/partner/a-bank": "partner-content",
    "/plus/a-bank": "partner-content",
    "/newsletters": "newsletter-page",
    "/podcasts": "section-page",
    "/podcasts/x": "section-page",
    "/videos/x": "section-page",
    "/account": "account-page",
    "/accounting": "other-page",
    "/searching-for-peace": "other-page",
    "/author/jane-doe-a123": "author-page",
    "/videos": "section-page",
    "/galleries": "section-page",
    "/contribute": "contribute-page",
    "/account/login": "account-page",
    "/search?query=x": "search-page",
    "/search/x": "search-page",
    "/event/forum": "event-page",
    "/news": "section-page",
    "/news/19": "section-page",
    "/ukraine-war/37": "section-page",
    "/rss/news": "feed",
    "/live/85656/0": "live-posts",
    "/archive": "section-page",
    "/what-is-this": "other-page",
}


@pytest.mark.parametrize(("url", "record_id"), ARTICLES.items())
def test_an_article_url_has_its_id(url: str, record_id: str) -> None:
    identity = sites.identify(url)
    assert (identity.id, identity.rule, identity.site) == (record_id, None, "moscow-times")


@pytest.mark.parametrize("end", MANGLED)
@pytest.mark.parametrize("url", ARTICLES)
def test_a_mangled_url_has_the_same_identity(url: str, end: str) -> None:
    plain, mangled = sites.identify(url), sites.identify(url.rstrip("/") + end)
    assert (mangled.id, mangled.url) == (plain.id, plain.url)
    assert sites.identify(mangled.url) == mangled


@pytest.mark.parametrize("end", RENDERINGS)
@pytest.mark.parametrize("path", ["2024/06/29/a-slug-a85656", "in-depth/a-slug-a85656", "a-slug-a85656"])
def test_another_rendering_of_an_article_has_the_same_identity(path: str, end: str) -> None:
    url = f"https://www.themoscowtimes.com/{path}"
    assert sites.identify(url + end) == sites.identify(url)
    assert sites.identify(url).id == "moscow-times:en:85656"


@pytest.mark.parametrize("stamp", ["20240629000000", "2024", "20240629000000id_"])
@pytest.mark.parametrize("url", [*ARTICLES, "https://www.themoscowtimes.com/news", "https://example.org/a?b=c"])
def test_an_archived_url_has_the_identity_of_its_original(url: str, stamp: str) -> None:
    for inner in (url, url.replace("://", ":/", 1)):
        assert sites.identify(f"https://web.archive.org/web/{stamp}/{inner}") == sites.identify(url)


def test_a_url_of_the_archive_without_an_original_is_unchanged() -> None:
    for url in ("https://web.archive.org/web", "https://web.archive.org/web/2024/about"):
        assert sites.identify(url).url == url


def test_capitals_do_not_change_the_article() -> None:
    plain = sites.identify("https://www.themoscowtimes.com/2024/06/29/a-slug-a85656")
    assert sites.identify("HTTPS://WWW.THEMOSCOWTIMES.COM/2024/06/29/A-Slug-A85656") == plain


def test_another_publishers_path_keeps_its_punctuation() -> None:
    for url in ("https://example.org/wiki/What%3F", "https://example.org/a_(b)", "https://example.org/Slug"):
        assert sites.identify(url).url == url


@pytest.mark.parametrize("url", OLDER)
def test_an_older_url_is_an_article_without_an_id(url: str) -> None:
    identity = sites.identify(url)
    assert (identity.id, identity.rule, identity.key) == (None, None, url)


@pytest.mark.parametrize(("path", "rule"), EXCLUDED.items())
def test_a_url_that_is_not_an_articles_has_the_name_of_its_rule(path: str, rule: str) -> None:
    identity = sites.identify(f"https://www.themoscowtimes.com{path}")
    assert (identity.rule, identity.id, identity.edition) == (rule, None, "en")


def test_old_script_urls_with_different_ids_are_different_articles() -> None:
    one, two = (sites.identify(f"http://themoscowtimes.com/article.php?id={number}&x=1") for number in (1, 2))
    assert one.key != two.key
    assert one.key == "https://www.themoscowtimes.com/article.php?id=1"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mailto:a@example.org",
        "http://[::1",
        "javascript:void(0)",
        "https://",
        "a b c",
        f"https://www.themoscowtimes.com/{'a' * 20_000}-a1",
        f"http://{'я.' * 8_000}.example/",  # longer than any host
    ],
)
def test_a_malformed_url_is_reported_as_malformed(url: str) -> None:
    assert sites.identify(url).rule == "malformed-address"


def test_another_publishers_url_is_foreign_to_the_profile_and_generic_to_the_registry() -> None:
    url = "https://example.org/2024/06/29/slug-a85656"
    assert sites.get_site("moscow-times").identify(url).rule == "foreign-host"
    assert sites.identify(url).id == f"generic:{url}"


def test_a_lookalike_host_is_foreign() -> None:
    assert sites.identify("https://themoscowtimes.com.example.org/2024/06/29/slug-a85656").site == "generic"
    assert sites.identify("https://www.themoscowtimes.com@example.org/2024/06/29/slug-a85656").site == "generic"


def test_a_url_without_a_scheme_is_recognized() -> None:
    assert sites.identify("themoscowtimes.com/2024/06/29/slug-a85656").id == "moscow-times:en:85656"


def test_the_error_for_an_unknown_site_lists_the_known_sites() -> None:
    with pytest.raises(sites.UnknownSite, match=r"'x'; known sites: generic, .*moscow-times"):
        sites.get_site("x")


slugs = st.lists(st.sampled_from(["russia", "a", "12", "a1", "war", "a85656"]), min_size=1, max_size=9).map("-".join)
ids = st.integers(1, 10**6)
hosts = st.sampled_from(sorted(EDITION_BY_HOST))
days = st.dates().map(lambda day: f"{day:%Y/%m/%d}".rjust(10, "0"))
queries = st.sampled_from(["", "?utm_source=x&utm_medium=y", "?id=7", "#ixzz3abc", "?a=b#c"])


@given(hosts, days, slugs, ids, queries)
def test_the_canonical_url_is_stable(host: str, day: str, slug: str, number: int, query: str) -> None:
    once = sites.identify(f"https://{host}/{day}/{slug}-a{number}{query}")
    assert sites.identify(once.url) == once
    parts = urlsplit(once.url)
    assert (parts.scheme, parts.query, parts.fragment, parts.port) == ("https", "", "", None)


@given(hosts, st.tuples(days, slugs), st.tuples(days, slugs), ids, queries, st.sampled_from(["", "/", *MANGLED]))
def test_every_spelling_of_an_article_has_the_same_identity(
    host: str, path: tuple[str, str], other_path: tuple[str, str], number: int, query: str, end: str
) -> None:
    (day, slug), (other_day, other_slug) = path, other_path
    plain = sites.identify(f"https://{host}/{day}/{slug}-a{number}")
    for spelling in (
        f"http://{host.upper()}:80/{day}/{slug}-a{number}{end}{query}",
        f"https://{host}:443/{other_day}/{other_slug.upper()}-A{number}{end}{query}",
        f"https://{host}:8443/{day}/{slug}-a{number}",
        f"https://{host}.//{day}//{slug}-a{number}{end}",
        f"{host}/{day}/{slug}-a{number}",
    ):
        assert sites.identify(spelling).id == plain.id
    assert plain.id is not None


@given(hosts, slugs, st.sampled_from(["", "/", *MANGLED]))
def test_every_spelling_of_an_archive_slug_has_the_same_identity(host: str, slug: str, end: str) -> None:
    plain = sites.identify(f"https://{host}/archive/x-{slug}")
    for spelling in (f"http://{host}/archive/X-{slug.upper()}{end}", f"https://{host}/archive/x-{slug}?a=b#c"):
        assert (sites.identify(spelling).id, sites.identify(spelling).url) == (plain.id, plain.url)


@given(hosts, hosts, days, slugs, ids)
def test_editions_do_not_collide(host: str, other_host: str, day: str, slug: str, number: int) -> None:
    for path in (f"{day}/{slug}-a{number}", f"archive/x-{slug}", f"articles/{slug}-{number + 10_000}"):
        one, other = (sites.identify(f"https://{at}/{path}") for at in (host, other_host))
        is_same = EDITION_BY_HOST[host] is EDITION_BY_HOST[other_host]
        assert (one.id == other.id, one.url == other.url) == (is_same, is_same)


@given(st.text(max_size=80) | st.from_regex(r"https?://[a-zA-Z0-9.:\[\]@%/?#-]{0,60}", fullmatch=True))
def test_any_text_is_identified_and_its_url_is_stable(url: str) -> None:
    once = sites.identify(url)
    assert once.url
    if once.rule != "malformed-address":
        assert sites.identify(once.url).key == once.key
