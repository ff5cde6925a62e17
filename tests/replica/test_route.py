"""Feeds, sitemaps, listings, redirects, and what URLs without an article answer."""

import json
import re
from collections import Counter
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from lxml import etree, html

from replica.answer import Answer
from replica.feed import FEEDS
from replica.model import MOSCOW, OLD, RUSSIAN, SECTIONS, STATIC, WWW
from replica.route import find_answer
from replica.site import Site

ORIGINS = {"www": WWW, "static": STATIC, "ru": RUSSIAN, "old": OLD}
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def squeeze(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def ask(site: Site, url: str) -> Answer:
    parts = urlsplit(url)
    origin = {urlsplit(one).netloc: name for name, one in ORIGINS.items()}[parts.netloc]
    return find_answer(site, origin, parts.path + (f"?{parts.query}" if parts.query else ""))


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


def test_feeds_sitemaps_and_listings_together_advertise_what_the_site_says(site: Site) -> None:
    in_sitemaps = {url for child in locations(site, f"{STATIC}/sitemap/sitemap.xml") for url in locations(site, child)}
    in_feeds = {url for name in FEEDS for url in feed_links(site, name)}
    in_listings = {url for section in SECTIONS for url in list_cards(site, section)}
    assert in_sitemaps | in_feeds | in_listings == set(site.advertised)
    assert {article.sitemap_url for article in site.articles} < in_sitemaps
    assert not {article.url for article in site.articles} <= in_feeds


def list_cards(site: Site, section: str) -> list[str]:
    """What a section's page and its fragments name, until one is empty."""
    found: list[str] = []
    for path in (f"/{section}", *(f"/{section}/{offset}" for offset in range(19, 900, 18))):
        body = ask(site, WWW + path).body.decode()
        if not body:
            return found
        found += [str(card.get("data-url")) for card in html.fromstring(f"<div>{body}</div>").xpath("//div[@data-url]")]
    raise AssertionError("the list does not end")


def test_a_months_sitemap_holds_that_months_articles(site: Site) -> None:
    for (year, month), urls in site.sitemap_urls.items():
        mine = {article.url for article in site.articles if f"/{year}/{month:02}/" in article.url}
        moved = {article.url for article in site.articles if article.head.old_paths}
        assert mine - moved <= set(urls)


def test_archive_pages_are_advertised_nowhere(site_of_all_kinds: Site) -> None:
    archive = {article.url for article in site_of_all_kinds.articles if article.head.is_archive}
    assert archive
    assert not archive & set(site_of_all_kinds.advertised)


ALL_FED = ("article", "opinion", "podcast")


@pytest.mark.parametrize("name", sorted(FEEDS))
def test_a_feed_has_at_most_fifty_items_in_moscow_time(name: str) -> None:
    site = Site(900, kinds=ALL_FED)
    items = etree.fromstring(ask(site, f"{WWW}/rss/{name}").body).findall(".//item")
    by_url = {article.url: article for article in site.articles}
    articles = [item for item in items if (item.findtext("link") or "") in by_url]
    assert len(articles) == 50
    for item in articles:
        assert item.findtext("guid") == item.findtext("link")
        published = parsedate_to_datetime(item.findtext("pubDate") or "")
        assert published.utcoffset() == timedelta(hours=3)
        assert published == by_url[item.findtext("link") or ""].head.published_at
        assert "\t" in (item.findtext("description") or "") or name == "all"


def test_from_2025_on_the_feeds_clock_is_moscows_and_says_that_it_is_utc() -> None:
    site = Site(60, first_on=date(2024, 12, 20), day_count=20, bad_pages=False)
    by_url = {article.url: article.head.published_at for article in site.articles}
    ahead = set()
    for item in etree.fromstring(ask(site, f"{WWW}/rss/all").body).findall(".//item"):
        told, published_at = parsedate_to_datetime(item.findtext("pubDate") or ""), by_url[item.findtext("link") or ""]
        is_late = published_at.astimezone(MOSCOW).year == 2025
        assert told - published_at == timedelta(hours=3 if is_late else 0)
        ahead.add(is_late)
    assert ahead == {True, False}


def test_no_sections_feed_names_all_that_the_feed_of_all_does() -> None:
    missed = []
    for seed in range(8):
        site = Site(80, seed=seed, bad_pages=False)
        in_sections = {url for name in FEEDS if name != "all" for url in feed_links(site, name)}
        missed += [article for article in site.list_feed("all") if article.url not in in_sections]
    assert {article.head.section for article in missed} >= {"business", "climate", "ukraine-war", "news"}
    assert all(article.head.is_unflagged for article in missed if article.head.section == "news")


def test_the_feed_of_all_leaves_out_branded_content_live_blogs_and_podcasts(site_of_all_kinds: Site) -> None:
    kinds = {(article.head.kind, article.head.is_sponsored) for article in site_of_all_kinds.list_feed("all")}
    assert kinds == {("article", False), ("opinion", False), ("gallery", False), ("video", False)}


def test_one_feed_begins_with_a_byte_order_mark(site: Site) -> None:
    marked = [name for name in FEEDS if ask(site, f"{WWW}/rss/{name}").body.startswith(b"\xef\xbb\xbf")]
    assert marked == ["city"]


def test_the_feed_of_all_has_whole_texts_and_authors_before_opinions(site: Site) -> None:
    by_url = {article.url: article for article in site.articles}
    items = etree.fromstring(ask(site, f"{WWW}/rss/all").body).findall(".//item")
    for item in items:
        article = by_url[item.findtext("link") or ""]
        text = html.fromstring(f"<div>{item.findtext('description')}</div>").text_content().replace("\u00a0", " ")
        assert squeeze(article.expected["body"].split("\n\n")[-1]) in squeeze(text)
        prefix = f"{article.head.byline[0]}: " if article.head.is_opinion else ""
        assert item.findtext("title") == prefix + article.head.headline


def test_a_listing_pages_by_offset_to_an_empty_end(site: Site) -> None:
    for section in SECTIONS:
        wanted = [article.url for article in site.newest_first if article.head.section == section]
        unflagged = [article.url for article in site.newest_first if article.head.is_unflagged]
        assert list_cards(site, section) == [url for url in wanted if url not in unflagged]
    assert ask(site, f"{WWW}/news/500").body == b""
    assert ask(site, f"{WWW}/features").body == ask(site, f"{WWW}/in-depth").body


def test_a_sections_page_has_one_lead_card_and_eighteen_others(site: Site) -> None:
    tree = html.fromstring(ask(site, f"{WWW}/opinion").body)
    (lead,) = tree.xpath("//div[contains(@class, 'article-excerpt-lead ')]")
    others = tree.xpath("//div[contains(@class, 'article-excerpt-default ')]")
    assert len(others) == 18
    assert lead.get("data-url") == list_cards(site, "opinion")[0] not in [card.get("data-url") for card in others]
    assert ask(site, f"{WWW}/opinion/19").body.count(b"article-excerpt-default ") == 18


@pytest.mark.parametrize(("name", "kind"), [("videos", "video"), ("galleries", "gallery")])
def test_videos_and_galleries_have_twenty_cards_a_page(name: str, kind: str) -> None:
    site = Site(60, kinds=("video", "gallery"))
    wanted = [article.url for article in site.newest_first if article.head.kind == kind]
    found = []
    for path in (name, f"{name}/20", f"{name}/40"):
        tree = html.fromstring(f"<div>{ask(site, f'{WWW}/{path}').body.decode()}</div>")
        found.append([card.get("data-url") for card in tree.xpath("//div[@data-url]")])
    assert len(found[0]) == 20
    assert [url for page in found for url in page] == wanted
    assert ask(site, f"{WWW}/{name}/60").body == b""


def test_a_tags_page_lists_what_has_the_tag(site: Site) -> None:
    wanted = [article.url for article in site.newest_first if "Courts" in article.expected["tags"]]
    tree = html.fromstring(ask(site, f"{WWW}/tag/courts").body)
    assert [card.get("data-url") for card in tree.xpath("//div[@data-url]")] == wanted[:20]


def test_a_wrong_slug_or_day_with_a_right_id_redirects(site: Site) -> None:
    article = site.articles[7]
    number = article.head.number
    for path in (
        f"/2001/02/03/other-a{number}",
        f"/news/other-{number}",
        f"/articles/other-{number}",
        f"/business/article/some/words/{number}.html",
        f"/photogalleries/other-{number}",
    ):
        answer = ask(site, WWW + path)
        assert (answer.status, answer.location) == (302, article.url)


def test_a_day_and_a_slug_without_the_id_lead_to_the_article(site: Site) -> None:
    article = site.articles[7]
    slug = article.path.rsplit("/", 1)[1].rsplit("-a", 1)[0]
    answer = ask(site, f"{WWW}/2024/09/30/{slug}")
    assert (answer.status, answer.location) == (302, article.url)


def test_urls_of_former_sites_end_as_they_do(site_of_all_kinds: Site) -> None:
    archived = next(article for article in site_of_all_kinds.articles if article.head.is_archive)
    slug = archived.path.rsplit("/", 1)[1]
    moved = ask(site_of_all_kinds, f"{WWW}/news/article/{slug}/{archived.head.number}.html")
    assert (moved.status, moved.location) == (302, archived.url)
    assert ask(site_of_all_kinds, archived.url).status == 200
    assert ask(site_of_all_kinds, f"{WWW}/stories/2001/01/02/014.html").status == 404
    assert ask(site_of_all_kinds, f"{WWW}/article.php?id=12").status == 404
    assert is_soft_404(ask(site_of_all_kinds, f"{WWW}/articles/x-{archived.head.number}"))


def test_a_number_alone_answers_the_bare_article_and_the_next_older_one(site: Site) -> None:
    first, second = site.articles[8], site.articles[9]
    body = ask(site, f"{WWW}/all/{second.head.number}").body.decode()
    assert "<html" not in body
    (container,) = html.fromstring(f"<div>{body}</div>").xpath("//div[@data-next-id]")
    assert container.get("data-next-id") == str(first.head.number)
    assert container.get("data-page-id") == str(second.head.number)


def test_a_page_has_a_print_version(site: Site) -> None:
    assert ask(site, f"{site.articles[8].url}/pdf").media_type == "application/pdf"


def test_every_moved_article_is_reached_by_its_old_address() -> None:
    site = Site(150, moved_share=0.3)
    assert {len(article.head.old_paths) for article in site.articles} == {0, 1, 3}
    for article in site.articles:
        answer = ask(site, article.sitemap_url)
        assert answer.location == (article.url if article.head.old_paths else None)
        assert all(ask(site, WWW + path).location == article.url for path in article.head.old_paths)
        assert ask(site, article.url).status == 200


@pytest.mark.parametrize(
    "path",
    ["/2024/01/01/no-such-a1", "/nonsense", "/2024/", "/rss/other", "/archive/none", "/x-a", "/2024/01/02/no-such"],
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


def test_live_posts_come_as_json_the_oldest_first(site_of_all_kinds: Site) -> None:
    article = next(article for article in site_of_all_kinds.articles if article.head.kind == "live")
    url = f"{WWW}/live/{article.head.number}"
    answer = ask(site_of_all_kinds, f"{url}/0")
    posts = json.loads(answer.body)
    assert answer.max_age_seconds == 60
    assert [post["id"] for post in posts] == list(range(1, len(posts) + 1))
    assert [post["time"] for post in posts] == sorted(post["time"] for post in posts)
    texts = [
        squeeze(paragraph.text_content())
        for post in posts
        for part in post["body"]
        if part["type"] == "html"
        for paragraph in html.fromstring(f"<div>{part['body']}</div>").iter("p")
    ]
    assert texts == [squeeze(text) for text in article.expected["body"].split("\n\n")[-len(texts) :]]
    assert json.loads(ask(site_of_all_kinds, f"{url}/2").body) == posts[2:]
    assert json.loads(ask(site_of_all_kinds, f"{url}/{len(posts)}").body) == []
    third_at = int(datetime.fromisoformat(posts[2]["time"]).timestamp())
    assert json.loads(ask(site_of_all_kinds, f"{url}/{third_at}").body) == posts[3:]
    assert ask(site_of_all_kinds, f"{WWW}/live/1/0").body == b"[]"


def test_parts_of_live_posts_have_the_shape_of_their_type() -> None:
    site = Site(60, kinds=("live",))
    parts = [
        part
        for article in site.articles[5:]
        for post in json.loads(ask(site, f"{WWW}/live/{article.head.number}/0").body)
        for part in post["body"]
    ]
    keys = {part["type"]: frozenset(part) - {"type"} for part in parts}
    assert keys == {
        "html": {"body"},
        "embed": {"embed"},
        "link": {"link"},
        "article": {"article"},
        "image": {"image"},
    }
    assert all(part["image"].keys() == {"src", "caption", "credits"} for part in parts if part["type"] == "image")
    assert all(part["article"].keys() == {"title", "url"} for part in parts if part["type"] == "article")


def test_an_article_of_the_instant_in_which_a_month_begins_is_in_no_sitemap() -> None:
    site = Site(200, has_midnight_articles=True, moved_share=0)
    in_sitemaps = {url for child in locations(site, f"{STATIC}/sitemap/sitemap.xml") for url in locations(site, child)}
    missing = [article for article in site.articles if article.url not in in_sitemaps]
    assert len(missing) == 12
    for article in missing:
        at = article.head.published_at.astimezone(MOSCOW)
        assert (at.day, at.hour, at.minute, at.second) == (1, 0, 0, 0)


def test_branded_content_is_in_listings_and_in_no_sitemap(site_of_all_kinds: Site) -> None:
    sponsored = {article.url for article in site_of_all_kinds.articles if article.head.is_sponsored}
    assert not sponsored & {url for urls in site_of_all_kinds.sitemap_urls.values() for url in urls}
    assert sponsored <= {url for section in SECTIONS for url in list_cards(site_of_all_kinds, section)}


def test_the_news_sitemaps_have_each_sections_newest_month_with_unescaped_titles() -> None:
    site = Site(900, first_on=date(2024, 8, 1), day_count=60, bad_pages=False)
    children = locations(site, f"{STATIC}/sitemap/newsmap.xml")
    assert len(children) == len(SECTIONS)
    texts = {child: ask(site, child).body.decode() for child in children}
    found = [url for text in texts.values() for url in re.findall(r"<loc>(.*?)</loc>", text)]
    assert all(text.count("<loc>") <= 100 for text in texts.values())
    by_url = {article.url: article.head for article in site.articles}
    assert all(site.last_at - by_url[url].published_at < timedelta(days=30) for url in found)
    assert len(found) > 200
    assert any(" & " in text for text in texts.values())
    assert all(f"<news:title>{by_url[url].headline}</news:title>" in "".join(texts.values()) for url in found)


def test_the_search_names_archive_pages_of_a_window_of_days(site_of_all_kinds: Site) -> None:
    heads = [article.head for article in site_of_all_kinds.articles if article.head.is_archive]
    on = heads[0].published_at.astimezone(MOSCOW).date()
    answer = ask(site_of_all_kinds, f"{WWW}/api/search?query=&section=&from={on}&to={on}&order=date")
    found = json.loads(answer.body)
    assert answer.media_type == "application/json"
    assert [one["url"] for one in found] == [heads[0].url]
    assert found[0].keys() == {"title", "type", "date", "url"}
    everything = json.loads(ask(site_of_all_kinds, f"{WWW}/api/search?order=date").body)
    assert Counter(one["type"] for one in everything) == {"article": 100, "archive": len(heads)}


def test_the_old_site_leads_from_years_to_days_to_articles_in_its_own_encoding(site_of_all_kinds: Site) -> None:
    def follow(url: str) -> list[str]:
        answer = ask(site_of_all_kinds, url)
        assert answer.media_type.endswith("windows-1251")
        return [OLD + href for href in re.findall(r'href="(.*?)"', answer.body.decode("cp1251"))]

    days = [day for year in range(1992, 2018) for day in follow(f"{OLD}/sitemap/free/{year}.html")]
    pages = [page for day in days for page in follow(day)]
    archived = {article.head.headline: article for article in site_of_all_kinds.articles if article.head.is_archive}
    assert len(pages) == len(archived)
    for page in pages:
        tree = html.fromstring(ask(site_of_all_kinds, page).body)
        (title,) = tree.xpath("//div[@class='article_wrap']/h2")
        texts = [squeeze(one.text_content()) for one in tree.xpath("//div[@class='article_text']/p")]
        assert texts == [squeeze(text) for text in archived[title.text_content()].expected["body"].split("\n\n")]
    assert ask(site_of_all_kinds, f"{OLD}/sitemap/free/2001/13/45.html").status == 404


def test_the_russian_edition_has_a_sitemap_and_cards_without_data() -> None:
    site = Site(6, russian_count=12)
    children = locations(site, f"{RUSSIAN}/sitemap/sitemap.xml")
    assert sorted(url for child in children for url in locations(site, child)) == sorted(a.url for a in site.russian)
    cards = html.fromstring(ask(site, f"{RUSSIAN}/news").body).xpath("//div[contains(@class, 'article-excerpt')]")
    assert not any(card.get("data-url") for card in cards)
    assert [card.xpath("a/@href")[0] for card in cards] == [article.url for article in site.russian]
    assert all(ask(site, article.url).body.decode() == article.page_html() for article in site.russian)


def test_the_podcasts_page_links_without_ids(site_of_all_kinds: Site) -> None:
    links = html.fromstring(ask(site_of_all_kinds, f"{WWW}/podcasts").body).xpath("//a[@class='podcast']/@href")
    assert links
    assert not any(re.search(r"-a\d+$", str(link)) for link in links)


def test_the_static_origin_has_sitemaps_alone(site: Site) -> None:
    assert ask(site, f"{STATIC}/sitemap/1999-1.xml").status == 404
    assert ask(site, f"{STATIC}{site.articles[0].path}").status == 404
    assert ask(site, f"{STATIC}/robots.txt").status == 200
