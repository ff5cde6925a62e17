"""The article pages: well-formed, in the publisher's structure, and holding what their records say."""

import json
import re
from typing import Any

import pytest
from lxml import html
from lxml.html import HtmlElement

from replica.furniture import DONATIONS
from replica.site import Article, Site


def parse(article: Article) -> HtmlElement:
    return html.document_fromstring(article.page_html())


def find(tree: HtmlElement, css_class: str) -> list[HtmlElement]:
    found = tree.xpath(f"descendant-or-self::*[contains(concat(' ', normalize-space(@class), ' '), ' {css_class} ')]")
    assert isinstance(found, list)
    return [element for element in found if isinstance(element, HtmlElement)]


def plain(element: HtmlElement) -> str:
    return " ".join(element.text_content().replace("\u00a0", " ").split())


def metas(tree: HtmlElement) -> dict[str, str]:
    return {meta.get("property", ""): meta.get("content", "") for meta in tree.iter("meta")}


def json_ld(tree: HtmlElement) -> list[str]:
    return [script.text or "" for script in tree.iter("script") if script.get("type") == "application/ld+json"]


def news_article(tree: HtmlElement) -> dict[str, Any]:
    found: dict[str, Any] = next(json.loads(text) for text in json_ld(tree) if "NewsArticle" in text)
    return found


EVERYWHERE = (
    "article-container",
    "article",
    "article__header",
    "byline__author",
    "byline__author__name",
    "byline__datetime",
    "article__content",
    "article__block",
    "article__block--html",
    "sidebar",
    "cluster",
    "article-excerpt-default",
)
SOMEWHERE = (
    "label",
    "article__intro",
    "article__featured-image",
    "article__featured-image__caption",
    "article__featured-image__credits",
    "article__block--header",
    "article__block--quote",
    "article__quote",
    "article__block--image",
    "article__block--article",
    "article__block--aside",
    "article__block--embed",
    "article__block--link",
    "article__block--newsletter",
    "article__disclaimer",
    "article__tags",
    "contribute-banner",
)


@pytest.fixture(scope="module")
def trees(site: Site) -> list[tuple[Article, HtmlElement]]:
    return [(article, parse(article)) for article in site.articles]


@pytest.mark.parametrize("css_class", EVERYWHERE)
def test_every_page_has(trees: list[tuple[Article, HtmlElement]], css_class: str) -> None:
    assert [article.url for article, tree in trees if not find(tree, css_class)] == []


@pytest.mark.parametrize("css_class", SOMEWHERE)
def test_some_pages_have_and_some_have_not(trees: list[tuple[Article, HtmlElement]], css_class: str) -> None:
    assert {bool(find(find(tree, "article")[0], css_class)) for _, tree in trees} == {True, False}


def test_the_body_is_the_text_of_the_pages_own_blocks_in_order(trees: list[tuple[Article, HtmlElement]]) -> None:
    for article, tree in trees:
        own = find(tree, "article-container")[0]
        blocks = [
            block
            for block in own.iter("div")
            if re.search(r"article__intro|article__block--(html|header|quote)\b", block.get("class", ""))
        ]
        texts = " ".join(plain(block) for block in blocks)
        position = 0
        for paragraph in article.expected["body"].split("\n\n"):
            position = texts.index(" ".join(paragraph.split()), position) + len(paragraph)
        rest = texts[position:].strip()
        assert re.fullmatch(r"(\(\w+, \w+\))?", rest), article.url


def test_metadata_says_what_the_record_says(trees: list[tuple[Article, HtmlElement]]) -> None:
    for article, tree in trees:
        expected, meta, told = article.expected, metas(tree), news_article(tree)
        assert [link.get("href") for link in tree.iter("link") if link.get("rel") == "canonical"] == [expected["url"]]
        assert meta["og:title"] == f"{expected['headline']} - The Moscow Times"
        assert told["headline"] == expected["headline"] == plain(find(tree, "article__header")[0].xpath("h1")[0])
        assert meta["article:section"] == expected["section"]
        assert told["keywords"] == meta["article:tag"] == ", ".join(expected["tags"])
        assert told["datePublished"] == meta["article:published_time"]
        assert told["dateModified"] == meta["article:modified_time"]
        assert told["datePublished"].endswith(("+03:00", "+04:00"))


def test_one_of_the_four_json_ld_scripts_is_invalid(trees: list[tuple[Article, HtmlElement]]) -> None:
    for _, tree in trees:
        texts = json_ld(tree)
        assert len(texts) == 4
        with pytest.raises(json.JSONDecodeError):
            json.loads(texts[0])
        assert all(json.loads(text)["@type"] for text in texts[1:])


def test_the_metadata_names_only_the_first_author(trees: list[tuple[Article, HtmlElement]]) -> None:
    several = [(article, tree) for article, tree in trees if len(article.head.byline) == 3]
    assert several
    for article, tree in several:
        first, second, third = article.head.byline
        assert metas(tree)["article:author"] == news_article(tree)["author"]["name"] == first
        assert plain(find(tree, "byline__author")[0]) == f"By {first}, {second} and {third}"


def test_the_byline_shows_the_update_alone_where_it_came_late(trees: list[tuple[Article, HtmlElement]]) -> None:
    updated = 0
    for _, tree in trees:
        shown = find(tree, "byline__datetime")[0]
        told = news_article(tree)
        is_late = plain(shown).startswith("Updated: ")
        updated += is_late
        assert shown.get("datetime") == told["dateModified" if is_late else "datePublished"]
    assert 20 < updated < 100


def test_a_related_box_stands_between_two_html_blocks(site: Site) -> None:
    generated = site.articles[5]
    kinds = re.findall(r"article__block--(\w+)", generated.page_html())
    assert kinds[:3] == ["html", "article", "html"]


def test_pages_are_as_large_as_the_publishers(site: Site) -> None:
    sizes = [len(article.page_html().encode()) for article in site.articles]
    assert 20_000 < sum(sizes) / len(sizes) < 32_000


def test_each_seeds_furniture_is_on_its_page(site: Site) -> None:
    pages = [article.page_html() for article in site.articles[:5]]
    assert [("Enjoying ad-free content?" in page) for page in pages] == [False, True, False, True, False]
    assert [("Support The Moscow Times!" in page) for page in pages] == [False, False, True, False, False]
    assert [("newsletterbox" in page) for page in pages] == [False, False, True, False, False]
    assert [("contribute-banner" in page) for page in pages] == [True, True, True, True, False]
    assert "(AP, Reuters)" in pages[3]


def test_the_seeds_non_breaking_spaces_stay_on_their_pages(site: Site) -> None:
    assert [page.page_html().count("&nbsp;") > 10 for page in site.articles[:5]] == [False, True, True, False, False]


@pytest.mark.parametrize("period", sorted(DONATIONS))
def test_every_furniture_period_has_its_message(period: int) -> None:
    tree = parse(Site(6, furniture_period=period).articles[5])
    shown = plain(find(tree, "contribute-banner")[0])
    assert all(" ".join(line.split()) in shown for line in DONATIONS[period])


def test_a_message_of_another_wording_can_be_planted() -> None:
    page = Site(6, donation=("A few words about money.",)).articles[5].page_html()
    assert "A few words about money." in page
    assert DONATIONS[6][0] not in page


def test_a_gallery_has_captions_and_no_text_and_a_naive_time(site_of_all_kinds: Site) -> None:
    article = next(article for article in site_of_all_kinds.articles if article.head.kind == "gallery")
    tree = parse(article)
    assert article.expected["body"] == ""
    assert len(article.expected["images"]) >= 3
    assert len(find(tree, "article__image__caption")) >= 3
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}", find(tree, "byline__datetime")[0].get("datetime", ""))


def test_a_live_blog_keeps_its_posts_and_its_byline_out_of_the_page(site_of_all_kinds: Site) -> None:
    article = next(article for article in site_of_all_kinds.articles if article.head.kind == "live")
    page = article.page_html()
    assert article.expected["body"].split("\n\n")[0] not in page
    own = find(html.document_fromstring(page), "article-container")[0]
    assert not find(own, "byline__author")
    assert "<!-- <div" in page


def test_an_archive_page_is_old_html_without_tags(site_of_all_kinds: Site) -> None:
    article = next(article for article in site_of_all_kinds.articles if article.head.is_archive)
    tree = parse(article)
    assert article.id.startswith("moscow-times:en:archive/")
    assert article.path == "/" + article.id.rsplit(":", 1)[1]
    assert find(tree, "article__block--html")[0].xpath(".//table//img[@width='1']")
    assert not find(tree, "article__tags")
    texts = plain(find(tree, "article__block--html")[0])
    assert all(paragraph in texts for paragraph in article.expected["body"].split("\n\n"))
