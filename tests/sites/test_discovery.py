"""The publisher's sources, and the reading of feeds, sitemaps and listings."""

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sites
from schemas.url import SourceKind
from sites.source_page import SourceUnreadable

SITE = sites.get_site("moscow-times")
NOW = datetime(2024, 7, 1, tzinfo=UTC)
WWW = "https://www.themoscowtimes.com"
FEED_URL = "https://www.themoscowtimes.com/rss/news"
INDEX_URL = "https://static.themoscowtimes.com/sitemap/sitemap.xml"
MONTH_URL = "https://static.themoscowtimes.com/sitemap/2024-6.xml"
ARTICLE_URL = "https://www.themoscowtimes.com/2024/06/29/slug-a85656"

FEED = f"""<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>News</title>
<item><title><![CDATA[ Tea & Sugar ]]></title><link>
  {ARTICLE_URL}?utm_source=rss </link><description>\t\n\t padded \n</description>
<pubDate>Sat, 29 Jun 2024 02:30:00 +0300</pubDate><guid>{ARTICLE_URL}</guid></item></channel></rss>"""


def test_feeds_come_first_and_each_source_is_recognized_by_its_url() -> None:
    found = SITE.sources("all")
    kinds = [source.kind for source in found]
    assert kinds == sorted(kinds, key=[SourceKind.FEED, SourceKind.SITEMAP, SourceKind.LISTING].index)
    assert [SITE.recognize_source(source.url) for source in found] == kinds
    assert found == SITE.sources("feeds") + SITE.sources("sitemaps") + SITE.sources("listings")


@pytest.mark.parametrize("half", ["&#55296;", "&#xDFFF;", "&#x000D800;", "&#0056320;"])
def test_references_to_surrogates_are_dropped_from_a_feed(half: str) -> None:
    feed = FEED.replace("Tea &", f"]]>{half}<![CDATA[Tea &").replace("</guid></item></channel></rss>", "")
    assert f"{half}<" in feed
    (sighting,) = SITE.read_source(feed.replace("<guid>", "</item>").encode(), FEED_URL, "text/xml", NOW).sightings
    assert sighting.title == "Tea & Sugar"


def test_entities_in_a_feed_add_no_text() -> None:
    feed = FEED.replace("<rss", '<!DOCTYPE rss [<!ENTITY i SYSTEM "file:///etc/hostname">]><rss', 1)
    feed = feed.replace("<item>", f"<item>&i;<guid>{ARTICLE_URL}0</guid></item><item>&i;")
    sightings = SITE.read_source(feed.encode(), FEED_URL, "text/xml", NOW).sightings
    assert (sightings[0].url, sightings[0].title) == (f"{ARTICLE_URL}0", None)
    assert sightings[1].title == "Tea & Sugar"


def test_a_listing_with_an_overgrown_tag_is_not_parsed() -> None:
    card = f"<div class=article-excerpt-default data-url={ARTICLE_URL}{' '.join(f'a{n}' for n in range(60_000))}>"
    with pytest.raises(SourceUnreadable, match="attributes"):
        SITE.read_source(card.encode(), "https://www.themoscowtimes.com/news", "text/html", NOW)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (MONTH_URL, SourceKind.SITEMAP),
        ("https://www.themoscowtimes.com/news/37", SourceKind.LISTING),
        ("https://www.themoscowtimes.com/page/rss", None),
        ("https://www.themoscowtimes.com/robots.txt", None),
        ("https://static.themoscowtimes.com/image/1.jpg", None),
        ("https://example.org/rss/news", None),
        (ARTICLE_URL, None),
        ("http://[", None),
    ],
)
def test_the_kind_of_a_source_follows_from_its_url(url: str, kind: SourceKind | None) -> None:
    assert SITE.recognize_source(url) is kind


def test_a_feed_gives_urls_titles_and_times_in_utc() -> None:
    (sighting,) = SITE.read_source(FEED.encode(), FEED_URL, "application/rss+xml", NOW).sightings
    assert sighting.url == f"{ARTICLE_URL}?utm_source=rss"
    assert sighting.title == "Tea & Sugar"
    assert sighting.published_at == datetime(2024, 6, 28, 23, 30, tzinfo=UTC)
    assert (sighting.source_kind, sighting.source_url, sighting.seen_at) == (SourceKind.FEED, FEED_URL, NOW)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("+0000", 2), ("+0100", 1), ("+0200", 0), ("GMT", 2), ("-0000", 2), ("", None), ("MSK", None)],
)
def test_the_offset_of_a_time_is_applied_and_never_guessed(text: str, hour: int | None) -> None:
    feed = FEED.replace("+0300", text)
    (sighting,) = SITE.read_source(feed.encode(), FEED_URL, "", NOW).sightings
    assert (sighting.published_at.hour if sighting.published_at else None) == hour


@pytest.mark.parametrize(
    "broken",
    [
        b"\xef\xbb\xbf" + FEED.encode(),
        b"\n\n  " + FEED.encode(),
        FEED.replace("Tea & Sugar", "Tea").replace("</channel></rss>", "").encode(),
        FEED.replace("padded", "AT&T &nbsp; \x0b").encode(),
        FEED.replace("padded", "caf\u00e9").encode("latin-1"),
    ],
)
def test_a_malformed_feed_is_read_as_far_as_possible(broken: bytes) -> None:
    assert len(SITE.read_source(broken, FEED_URL, "text/xml", NOW).sightings) == 1


def test_a_feed_with_html_in_its_first_item_is_not_html() -> None:
    feed = FEED.replace("<title>News</title>", "<description><![CDATA[<html><body>News</body></html>]]></description>")
    assert len(SITE.read_source(feed.encode(), FEED_URL, "text/html", NOW).sightings) == 1


def test_a_recovered_feed_is_flagged() -> None:
    broken = FEED.replace("</channel></rss>", "").encode()
    assert SITE.read_source(broken, FEED_URL, "", NOW).recovered
    assert not SITE.read_source(FEED.encode(), FEED_URL, "", NOW).recovered


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><body>Home</body></html>",
        b"\n<HTML><head></head></HTML>",
        b"<!-- " + b"made by hand " * 60 + b"-->\n<html><body><p>Home</p></body></html>",
        b"<?xml version='1.0'?><!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0'><html><body/></html>",
        b"<head><title>Home</title></head><body><item><link>https://x.example/</link></item></body>",
        b"<div><rss><channel><item><link>https://x.example/</link></item></channel></rss></div>",
        b"",
        b"  ",
        b"not found",
        b'{"a": 1}',
        b"<doc/>",
    ],
)
@pytest.mark.parametrize("url", [FEED_URL, INDEX_URL])
def test_a_response_that_is_not_a_feed_is_an_error_not_an_empty_feed(body: bytes, url: str) -> None:
    with pytest.raises(SourceUnreadable, match="themoscowtimes"):
        SITE.read_source(body, url, "text/html", NOW)


def test_entities_of_a_feed_are_not_resolved() -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">'
        f"<!ENTITY c SYSTEM 'file:///etc/passwd'>]><rss><channel><item><title>&b;&c;</title><link>{ARTICLE_URL}</link>"
        "</item></channel></rss>"
    )
    (sighting,) = SITE.read_source(bomb.encode(), FEED_URL, "", NOW).sightings
    assert "root:" not in (sighting.title or "")


def test_an_atom_feed_is_read() -> None:
    atom = f"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>T</title><id>urn:1</id>
    <link rel="self" href="https://x.example/"/><link href="{ARTICLE_URL}"/>
    <published>2024-06-29T02:30:00+03:00</published></entry></feed>"""
    (sighting,) = SITE.read_source(atom.encode(), FEED_URL, "", NOW).sightings
    assert (sighting.url, sighting.published_at) == (ARTICLE_URL, datetime(2024, 6, 28, 23, 30, tzinfo=UTC))


def test_a_sitemap_index_lists_months_and_a_month_lists_articles() -> None:
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    index = (
        f"<sitemapindex {space}><sitemap><loc>{MONTH_URL}</loc><lastmod>2024-07-01</lastmod></sitemap></sitemapindex>"
    )
    page = SITE.read_source(index.encode(), INDEX_URL, "application/xml", NOW)
    assert (page.sightings, page.children) == ((), (MONTH_URL,))
    month = f"<urlset {space}><url><loc> {ARTICLE_URL} </loc></url></urlset>"
    page = SITE.read_source(month.encode(), MONTH_URL, "application/xml", NOW)
    assert [(sighting.url, sighting.published_at) for sighting in page.sightings] == [(ARTICLE_URL, None)]
    assert page.sightings[0].source_kind is SourceKind.SITEMAP


CARD = f'<div class="x article-excerpt-default" data-url="{ARTICLE_URL}" data-title="A  Title"><a href="/n">A</a></div>'
RUSSIAN_CARD = '<div class="article-excerpt-default"><a href="/2025/01/02/slug-a41774">Я</a></div>'


def test_a_listing_gives_its_cards_and_the_next_page() -> None:
    url = "https://www.themoscowtimes.com/news"
    for following in ("/news/19", "/news/37", "/news/55"):
        page = SITE.read_source(f"<section>{CARD}</section>".encode(), url, "text/html", NOW)
        assert [(sighting.url, sighting.title) for sighting in page.sightings] == [(ARTICLE_URL, "A Title")]
        (url,) = page.children
        assert url == f"https://www.themoscowtimes.com{following}"


LEAD = '<div class="article-excerpt-lead" data-url="https://www.themoscowtimes.com/2024/06/30/lead-a85700"></div>'


def test_the_lead_card_of_a_listing_is_read_with_the_others() -> None:
    page = SITE.read_source(f"<main>{LEAD}{CARD * 18}</main>".encode(), f"{WWW}/news", "text/html", NOW)
    assert len(page.sightings) == 19
    assert page.sightings[0].url == "https://www.themoscowtimes.com/2024/06/30/lead-a85700"


@pytest.mark.parametrize("name", ["lectures", "features", "videos", "galleries"])
def test_listings_known_only_from_the_publishers_code_are_read_and_optional(name: str) -> None:
    (source,) = [source for source in SITE.sources("listings") if source.url == f"{WWW}/{name}"]
    assert (source.kind, source.is_optional) == (SourceKind.LISTING, True)
    assert SITE.identify(source.url).rule == "section-page"
    assert not any(source.is_optional for source in SITE.sources("listings") if source.section == "news")


def test_videos_and_galleries_have_twenty_cards_per_page() -> None:
    assert SITE.next_listing_page(f"{WWW}/videos") == f"{WWW}/videos/20"
    assert SITE.next_listing_page(f"{WWW}/galleries/20") == f"{WWW}/galleries/40"
    assert SITE.first_listing_page(f"{WWW}/galleries/40") == f"{WWW}/galleries"


def test_a_bare_fragment_of_cards_is_read_and_an_empty_one_ends_the_list() -> None:
    url = "https://www.themoscowtimes.com/news/19"
    assert len(SITE.read_source((CARD * 3).encode(), url, "text/html", NOW).sightings) == 3
    empty = SITE.read_source(b" \n", url, "text/html", NOW)
    assert (empty.sightings, empty.children) == ((), ())


def test_a_russian_card_is_read_by_its_link() -> None:
    url = "https://ru.themoscowtimes.com/news"
    (sighting,) = SITE.read_source(RUSSIAN_CARD.encode(), url, "text/html", NOW).sightings
    assert sighting.url == "https://ru.themoscowtimes.com/2025/01/02/slug-a41774"


def test_a_cards_link_to_its_section_is_not_its_article() -> None:
    card = RUSSIAN_CARD.replace("<a ", '<a class="label" href="/news">Новости</a><a ', 1)
    (sighting,) = SITE.read_source(card.encode(), "https://ru.themoscowtimes.com/news", "text/html", NOW).sightings
    assert sighting.url == "https://ru.themoscowtimes.com/2025/01/02/slug-a41774"


ALL_FEED = FEED.replace("Tea & Sugar", "Ann Author: Tea").replace(
    "\t\n\t padded \n", "<![CDATA[<p>Long</p><item><link>https://x.example/</link></item><loc>x</loc>]]>"
)


def test_the_feed_of_all_sections_comes_first_and_links_in_its_text_are_ignored() -> None:
    url = f"{WWW}/rss/all"
    assert SITE.sources("feeds")[0].url == url
    (sighting,) = SITE.read_source(ALL_FEED.encode(), url, "application/rss+xml", NOW).sightings
    # There, the title of an opinion piece begins with its author, so it is not a headline.
    assert (sighting.url, sighting.title) == (f"{ARTICLE_URL}?utm_source=rss", None)


NEWS_MAP = f"""<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>{ARTICLE_URL}</loc><news:news><news:publication_date>2024-06-29T02:30:00+03:00</news:publication_date>
<news:title>Q&A; Tea & Sugar < 5</news:title></news:news></url>
<url><loc>{WWW}/2024/06/28/other-a85655</loc><news:news><news:title>R&amp;D</news:title></news:news></url></urlset>"""


def test_a_news_sitemap_with_unescaped_titles_is_read_with_titles_and_dates() -> None:
    index = "https://static.themoscowtimes.com/sitemap/newsmap.xml"
    (source,) = [source for source in SITE.sources("sitemaps") if source.url == index]
    assert (source.is_optional, source.newest_days) == (True, 30)
    children = ("https://static.themoscowtimes.com/sitemap/newsmap-news.xml", "/newsmap/news.xml")
    text = "".join(f"<sitemap><loc>{child}</loc></sitemap>" for child in children)
    page = SITE.read_source(f"<sitemapindex>{text}</sitemapindex>".encode(), index, "", NOW)
    assert [SITE.recognize_source(child) for child in page.children] == [SourceKind.SITEMAP] * 2
    first, second = SITE.read_source(NEWS_MAP.encode(), page.children[0], "text/xml", NOW).sightings
    assert (first.url, first.title) == (ARTICLE_URL, "Q&A; Tea & Sugar < 5")
    assert first.published_at == datetime(2024, 6, 28, 23, 30, tzinfo=UTC)
    assert (second.title, second.published_at) == ("R&D", None)


def test_a_listing_without_a_card_is_an_error() -> None:
    with pytest.raises(SourceUnreadable, match="no article card"):
        SITE.read_source(b"<html><h1>Oops!</h1></html>", "https://www.themoscowtimes.com/news", "text/html", NOW)


@pytest.mark.parametrize(
    ("since", "until", "is_due"),
    [
        (None, None, True),
        (date(2024, 6, 30), None, True),
        (date(2024, 7, 1), None, False),
        (None, date(2024, 6, 1), True),
        (None, date(2024, 5, 31), False),
        (date(2024, 6, 10), date(2024, 6, 12), True),
        (date(2023, 1, 1), date(2025, 1, 1), True),
    ],
)
def test_a_month_is_due_if_the_range_overlaps_it(since: date | None, until: date | None, *, is_due: bool) -> None:
    assert SITE.is_child_due(MONTH_URL, since, until) is is_due


def test_a_child_that_is_not_a_month_is_always_due() -> None:
    assert SITE.is_child_due("https://static.themoscowtimes.com/sitemap/other.xml", date(2024, 1, 1), date(2024, 1, 2))


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: f"<rss>{text}".encode()))
def test_any_bytes_are_read_or_unreadable(body: bytes) -> None:
    for url in (FEED_URL, INDEX_URL, "https://www.themoscowtimes.com/news"):
        with suppress(SourceUnreadable):
            SITE.read_source(body, url, "", NOW)


LINK = b"<link>https://www.themoscowtimes.com/2024/01/02/x-a1</link>"


@pytest.mark.parametrize(
    "item",
    [
        b"<link>http://[bad</link>",
        LINK + b"<pubDate>Fri, 31 Dec 9999 23:59:59 -0100</pubDate>",
        LINK + b"<pubDate>0001-01-01T00:00:00+05:00</pubDate>",
        b"<linkhttp:>x</linkhttp:>" + LINK,
    ],
)
def test_a_feed_with_one_invalid_item_is_read(item: bytes) -> None:
    body = b"<rss version='2.0'><channel><item>%s</item></channel></rss>" % item
    page = SITE.read_source(body, FEED_URL, "application/rss+xml", NOW)
    assert [sighting.published_at for sighting in page.sightings] == [None]


@pytest.mark.parametrize(
    "cut_at", ["a9500", "a95002</li", "a95002</link>", "a95002</link><title>Cut", "<link><![CDATA[http"]
)
def test_only_complete_entries_of_a_truncated_feed_count(cut_at: str) -> None:
    feed = FEED.replace("</channel></rss>", f"<item><link>{WWW}/2024/06/30/cut-a95002</link><title>Cut short</title>")
    feed = (
        feed[: feed.index(cut_at) + len(cut_at)] if cut_at in feed else feed.replace(f"<link>{WWW}/2024/06/30", cut_at)
    )
    page = SITE.read_source(feed.encode(), FEED_URL, "", NOW)
    assert page.is_cut
    assert [SITE.identify(found.url).id for found in page.sightings] == ["moscow-times:en:85656"]


def test_only_complete_entries_of_a_truncated_sitemap_count() -> None:
    sitemap = f"<urlset><url><loc>{ARTICLE_URL}</loc></url><url><loc>{WWW}/2024/06/30/cut-a95"
    page = SITE.read_source(sitemap.encode(), MONTH_URL, "", NOW)
    assert page.is_cut
    assert [found.url for found in page.sightings] == [ARTICLE_URL]


def test_only_complete_entries_of_a_truncated_sitemap_index_count() -> None:
    index = f"<sitemapindex><sitemap><loc>{MONTH_URL}</loc></sitemap><sitemap><loc>{MONTH_URL[:-5]}"
    page = SITE.read_source(index.encode(), INDEX_URL, "", NOW)
    assert (page.is_cut, page.children) == (True, (MONTH_URL,))


def test_a_malformed_but_complete_source_is_not_called_truncated() -> None:
    page = SITE.read_source(FEED.replace("padded", "AT&T &nbsp;").encode() + b"\n<!-- 3 ms -->junk", FEED_URL, "", NOW)
    assert (page.recovered, page.is_cut, len(page.sightings)) == (True, False, 1)


@pytest.mark.parametrize(
    ("guid", "count"),
    [
        ('<guid isPermaLink="false">a85656</guid>', 0),
        (f'<guid isPermaLink="false">{ARTICLE_URL}</guid>', 0),
        ("<guid>85656</guid>", 0),
        (f"<guid>{ARTICLE_URL}</guid>", 1),
        ("<id>tag:example.org,2024:85656</id>", 0),
    ],
)
def test_a_guid_that_is_not_a_permalink_is_not_a_url(guid: str, count: int) -> None:
    feed = f"<rss><channel><item><title>T</title>{guid}</item></channel></rss>"
    assert len(SITE.read_source(feed.encode(), FEED_URL, "", NOW).sightings) == count


@pytest.mark.parametrize("encoding", ["utf-16", "shift_jis", "hex", "none-such", "latin-1"])
def test_a_feed_with_a_wrong_declared_encoding_is_decoded_by_its_bytes(encoding: str) -> None:
    feed = FEED.replace('encoding="utf-8"', f'encoding="{encoding}"').replace("Tea", "Té Чай")
    (sighting,) = SITE.read_source(feed.encode(), FEED_URL, "", NOW).sightings
    assert sighting.title == "Té Чай & Sugar"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251"])
def test_a_feed_in_another_encoding_is_read(encoding: str) -> None:
    feed = FEED.replace('encoding="utf-8"', f'encoding="{encoding.replace("cp", "windows-")}"').replace("Tea", "Чай")
    (sighting,) = SITE.read_source(feed.encode(encoding), FEED_URL, "", NOW).sightings
    assert sighting.title == "Чай & Sugar"
