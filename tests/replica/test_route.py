"""Feeds, sitemaps, listings, redirects, and what addresses without an article answer."""

import json
from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from lxml import etree, html

from replica.answer import Answer
from replica.feed import FEEDS
from replica.model import STATIC, WWW
from replica.route import find_answer
from replica.site import Site

LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def ask(site: Site, url: str) -> Answer:
    return find_answer(site, "static" if url.startswith(STATIC) else "www", urlsplit(url).path)


def locations(site: Site, url: str) -> list[str]:
    answer = ask(site, url)
    assert answer.media_type.startswith("text/xml")
    return [element.text or "" for element in etree.fromstring(answer.body).iter(LOC)]


def feed_links(site: Site, name: str) -> list[str]:
    return [link.text or "" for link in etree.fromstring(ask(site, f"{WWW}/rss/{name}").body).iterfind(".//item/link")]


def is_soft_404(answer: Answer) -> bool:
    return (
        answer.status == 200
        and b"Oops!" in answer.body
        and b"We couldn't find your page." in answer.body.replace(b"&#x27;", b"'")
    )


def test_the_sitemap_index_leads_to_months_without_padding(site: Site) -> None:
    children = locations(site, f"{STATIC}/sitemap/sitemap.xml")
    assert f"{STATIC}/sitemap/2011-9.xml" in children
    assert f"{STATIC}/sitemap/2024-1.xml" in children
    assert len(children) > 12


def test_feeds_and_sitemaps_together_advertise_what_the_site_says(site: Site) -> None:
    in_sitemaps = {url for child in locations(site, f"{STATIC}/sitemap/sitemap.xml") for url in locations(site, child)}
    in_feeds = {url for name in FEEDS for url in feed_links(site, name)}
    assert in_sitemaps | in_feeds == set(site.advertised)
    assert {article.sitemap_url for article in site.articles} < in_sitemaps
    assert not {article.url for article in site.articles} <= in_feeds


def test_a_months_sitemap_holds_that_months_articles(site: Site) -> None:
    for (year, month), urls in site.sitemap_urls.items():
        mine = {article.url for article in site.articles if f"/{year}/{month:02}/" in article.url}
        moved = {article.url for article in site.articles if article.head.old_paths}
        assert mine - moved <= set(urls)


def test_archive_pages_are_advertised_nowhere(site_of_all_kinds: Site) -> None:
    archive = {article.url for article in site_of_all_kinds.articles if article.head.is_archive}
    assert archive
    assert not archive & set(site_of_all_kinds.advertised)


@pytest.mark.parametrize("name", sorted(FEEDS))
def test_a_feed_has_at_most_fifty_items_in_moscow_time(name: str) -> None:
    site = Site(900, kinds=("article", "opinion", "podcast"))
    items = etree.fromstring(ask(site, f"{WWW}/rss/{name}").body).findall(".//item")
    articles = [item for item in items if (item.findtext("link") or "") not in {t.url for t in site.troubles}]
    assert len(articles) == 50
    for item in articles:
        assert item.findtext("guid") == item.findtext("link")
        published = parsedate_to_datetime(item.findtext("pubDate") or "")
        assert published.utcoffset() == timedelta(hours=3)
        assert "\t" in (item.findtext("description") or "") or name == "all"


def test_one_feed_begins_with_a_byte_order_mark(site: Site) -> None:
    marked = [name for name in FEEDS if ask(site, f"{WWW}/rss/{name}").body.startswith(b"\xef\xbb\xbf")]
    assert marked == ["city"]


def test_the_feed_of_all_has_whole_texts_and_authors_before_opinions(site: Site) -> None:
    by_url = {article.url: article for article in site.articles}
    items = etree.fromstring(ask(site, f"{WWW}/rss/all").body).findall(".//item")
    for item in items:
        article = by_url[item.findtext("link") or ""]
        text = html.fromstring(f"<div>{item.findtext('description')}</div>").text_content().replace("\u00a0", " ")
        assert article.expected["body"].split("\n\n")[-1] in text
        prefix = f"{article.head.byline[0]}: " if article.head.kind == "opinion" else ""
        assert item.findtext("title") == prefix + article.head.headline


def test_a_listing_pages_by_offset_to_an_empty_end(site: Site) -> None:
    wanted = [article.url for article in site.newest_first if article.head.section == "news"]
    found: list[str] = []
    for path in ("/news", *(f"/news/{offset}" for offset in range(19, 500, 18))):
        body = ask(site, WWW + path).body.decode()
        if not body:
            break
        cards = html.fromstring(f"<div>{body}</div>").xpath("//div[@data-url]")
        found += [card.get("data-url") for card in cards]
    assert found == wanted
    assert ask(site, f"{WWW}/news/500").body == b""


def test_a_wrong_slug_or_day_with_a_right_id_redirects(site: Site) -> None:
    article = site.articles[7]
    number = article.head.number
    for path in (f"/2001/02/03/other-a{number}", f"/news/other-{number}", f"/articles/other-{number}"):
        answer = ask(site, WWW + path)
        assert (answer.status, answer.location) == (301, article.url)


def test_every_moved_article_is_reached_by_its_old_address() -> None:
    site = Site(150, moved_share=0.3)
    for article in site.articles:
        answer = ask(site, article.sitemap_url)
        assert answer.location == (article.url if article.head.old_paths else None)
        assert ask(site, article.url).status == 200


@pytest.mark.parametrize(
    "path", ["/2024/01/01/no-such-a1", "/nonsense", "/2024/", "/rss/other", "/archive/none-1", "/x-a"]
)
def test_an_unknown_address_is_a_soft_404(site: Site, path: str) -> None:
    assert is_soft_404(ask(site, WWW + path))


def test_bad_pages_answer_as_their_outcomes_say(site: Site) -> None:
    answers = {trouble.path: (trouble.outcome, ask(site, trouble.url)) for trouble in site.troubles}
    missing = [answer for outcome, answer in answers.values() if outcome == "missing"]
    assert sorted(answer.status for answer in missing) == [200, 200, 404]
    assert all(is_soft_404(answer) for answer in missing if answer.status == 200)
    (empty,) = [answer for outcome, answer in answers.values() if outcome == "quarantined"]
    tree = html.fromstring(empty.body)
    assert [h1.text_content() for h1 in tree.iter("h1")] == [""]
    assert not tree.xpath("//div[@class='article__content']/*")


def test_robots_forbids_what_will_be_blocked(site: Site) -> None:
    text = ask(site, f"{WWW}/robots.txt").body.decode()
    for rule in ("/preview/", "/search/", "*?utm", "*&utm", "/*/embargoed-"):
        assert f"Disallow: {rule}\n" in text
    assert f"Sitemap: {STATIC}/sitemap/sitemap.xml" in text
    blocked = [trouble.path for trouble in site.troubles if trouble.outcome == "blocked"]
    assert len(blocked) == 1
    assert "/embargoed-" in blocked[0]


@pytest.mark.parametrize("path", ["/feeds/news.xml", "/"])
def test_a_dead_feed_answers_the_home_page(site: Site, path: str) -> None:
    answer = ask(site, WWW + path)
    assert answer.media_type.startswith("text/html")
    assert b"Independent News From Russia" in answer.body


@pytest.mark.parametrize("path", ["/author/kira", "/page/rss", "/all-about/kremlin", "/newsletters", "/plus/x/y"])
def test_what_is_no_article_answers_a_simple_page(site: Site, path: str) -> None:
    answer = ask(site, WWW + path)
    assert answer.status == 200
    assert not is_soft_404(answer)
    assert b"article__content" not in answer.body


def test_live_posts_come_as_json_newest_first(site_of_all_kinds: Site) -> None:
    article = next(article for article in site_of_all_kinds.articles if article.head.kind == "live")
    posts = json.loads(ask(site_of_all_kinds, f"{WWW}/live/{article.head.number}/0").body)
    assert [post["id"] for post in posts] == list(range(len(posts), 0, -1))
    texts = [
        paragraph.text_content().replace("\u00a0", " ")
        for post in reversed(posts)
        for block in post["body"]
        for paragraph in html.fromstring(f"<div>{block['html']}</div>").iter("p")
    ]
    assert "\n\n".join(texts) == article.expected["body"]
    assert ask(site_of_all_kinds, f"{WWW}/live/1/0").body == b"[]"


def test_the_static_origin_has_sitemaps_alone(site: Site) -> None:
    assert ask(site, f"{STATIC}/sitemap/1999-1.xml").status == 404
    assert ask(site, f"{STATIC}{site.articles[0].path}").status == 404
    assert ask(site, f"{STATIC}/robots.txt").status == 200
