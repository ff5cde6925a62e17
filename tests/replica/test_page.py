"""The article pages: well-formed, in the publisher's structure, and holding what their records say."""

import json
import re
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from lxml import html
from lxml.html import HtmlElement

from replica.furniture import CAMPAIGN, DONATIONS
from replica.model import QuoteBlock, SliderBlock, moscow_text
from replica.site import Article, Site
from replica.writing import COMMA_TAG

Trees = list[tuple[Article, HtmlElement]]


def parse(article: Article) -> HtmlElement:
    return html.document_fromstring(article.page_html())


def find(tree: HtmlElement, css_class: str) -> list[HtmlElement]:
    found = tree.xpath(f"descendant-or-self::*[contains(concat(' ', normalize-space(@class), ' '), ' {css_class} ')]")
    assert isinstance(found, list)
    return [element for element in found if isinstance(element, HtmlElement)]


def plain(element: HtmlElement) -> str:
    return squeeze(element.text_content())


def squeeze(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def metas(tree: HtmlElement) -> dict[str, str]:
    return {meta.get("property") or meta.get("name") or "": meta.get("content", "") for meta in tree.iter("meta")}


def json_ld(tree: HtmlElement) -> list[str]:
    return [script.text or "" for script in tree.iter("script") if script.get("type") == "application/ld+json"]


def news_article(tree: HtmlElement) -> dict[str, Any]:
    found: dict[str, Any] = next(json.loads(text) for text in json_ld(tree) if '"NewsArticle"' in text)
    return found


def breadcrumb(tree: HtmlElement) -> dict[str, str]:
    items = next(json.loads(text) for text in json_ld(tree) if '"BreadcrumbList"' in text)["itemListElement"]
    found: dict[str, str] = items[1]["item"]
    return found


def own(tree: HtmlElement) -> HtmlElement:
    return find(tree, "article-container")[0]


EVERYWHERE = (
    "article-container",
    "gtm-section",
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
    "article__block--images",
    "slider__slide",
    "article__related-article",
    "article__block--aside",
    "article__aside",
    "article__block--embed",
    "article__block--link",
    "article__link",
    "article__block--newsletter",
    "article__block--scrollama",
    "article__disclaimer",
    "article__tags",
    "contribute-banner",
)
ELEMENTS = ("p", "h2", "h3", "ul", "ol", "blockquote", "table", "pre", "iframe", "figure", "br")


@pytest.fixture(scope="module")
def trees(site: Site) -> Trees:
    return [(article, parse(article)) for article in site.articles]


@pytest.fixture(scope="module")
def trees_of_all_kinds(site_of_all_kinds: Site) -> Trees:
    return [(article, parse(article)) for article in site_of_all_kinds.articles]


def of_kind(trees: Trees, kind: str) -> Trees:
    found = [(article, tree) for article, tree in trees if article.head.kind == kind]
    assert found
    return found


@pytest.mark.parametrize("css_class", EVERYWHERE)
def test_every_page_has(trees: Trees, css_class: str) -> None:
    assert [article.url for article, tree in trees if not find(tree, css_class)] == []


@pytest.mark.parametrize("css_class", SOMEWHERE)
def test_some_pages_have_and_some_have_not(trees: Trees, css_class: str) -> None:
    assert {bool(find(find(tree, "article")[0], css_class)) for _, tree in trees} == {True, False}


@pytest.mark.parametrize("tag", ELEMENTS)
def test_some_html_blocks_have_the_element(trees: Trees, tag: str) -> None:
    blocks = [block for _, tree in trees for block in find(tree, "article__block--html")]
    assert any(block.find(f".//{tag}") is not None for block in blocks)


TEXTUAL = r"article__intro|live-intro|article__block--(html|header|quote|aside)\b"


def test_the_body_is_the_text_of_the_pages_own_blocks_in_order(trees: Trees, trees_of_all_kinds: Trees) -> None:
    for article, tree in (*trees, *trees_of_all_kinds):
        if article.head.kind == "live":
            continue  # its posts are elsewhere
        page = deepcopy(own(tree))  # the other tests look at the same tree
        for figure in page.xpath(".//figcaption"):
            figure.text = None
            for child in list(figure):
                figure.remove(child)
        blocks = [block for block in page.iter("div") if re.search(TEXTUAL, block.get("class", ""))]
        cells = {squeeze(row.text_content()) for block in blocks for row in block.iter("tr")}
        texts = " ".join(plain(block) for block in blocks)
        position = 0
        for paragraph in article.expected["body"].split("\n\n"):
            row = squeeze(paragraph.replace(" | ", ""))
            wanted = row if row in cells else squeeze(paragraph)
            position = texts.index(wanted, position) + len(wanted)
        assert re.fullmatch(r"(\(\w+, \w+\))?", texts[position:].strip()), article.url


def test_lines_of_a_paragraph_are_lines_of_the_page(trees: Trees) -> None:
    found = [line for article, _ in trees for line in article.expected["body"].split("\n\n") if "\n" in line]
    assert len(found) > 20
    quotes = [block for article, _ in trees for block in article.write().blocks if isinstance(block, QuoteBlock)]
    assert {len(block.lines) for block in quotes} == {1, 2}
    for article, tree in trees:
        for block in find(tree, "article__block--quote"):
            (quote,), (cite,) = block.xpath("blockquote"), block.xpath("cite")
            assert quote.text_content() in article.expected["body"]
            assert plain(cite).startswith("– ")


def test_metadata_says_what_the_record_says(trees: Trees) -> None:
    for article, tree in trees:
        expected, meta, told = article.expected, metas(tree), news_article(tree)
        assert [link.get("href") for link in tree.iter("link") if link.get("rel") == "canonical"] == [expected["url"]]
        assert told["headline"] == expected["headline"] == plain(find(tree, "article__header")[0].xpath("h1")[0])
        assert meta["article:tag"] == ", ".join(expected["tags"])
        assert told["datePublished"] == meta["article:published_time"] == told["dateCreated"]
        assert told["datePublished"].endswith(("+03:00", "+04:00"))
        assert told["printEdition"].isdigit()
        assert told["expires"] > told["datePublished"]
        assert re.fullmatch(rf".*/image/og/[0-9a-f]{{2}}/{article.head.number}__[0-9a-f]{{32}}\.jpg", meta["og:image"])


def test_the_time_of_the_last_change_is_one_of_the_visit(trees: Trees) -> None:
    for article, tree in trees:
        told = news_article(tree)["dateModified"]
        assert told == metas(tree)["article:modified_time"]
        assert told > f"{article.site.today + timedelta(days=1)}"


def test_a_long_title_replaces_the_pattern_of_the_pages_title(trees: Trees) -> None:
    titles = [(article.head.headline, metas(tree)["og:title"]) for article, tree in trees]
    usual = [title == f"{headline} - The Moscow Times" for headline, title in titles]
    assert usual.count(False) > 2
    assert all(title.startswith(headline) for headline, title in titles)


def test_keywords_are_the_editors_where_there_are_some(trees: Trees) -> None:
    told = [(news_article(tree)["keywords"], ", ".join(article.expected["tags"])) for article, tree in trees]
    assert {keywords == tags for keywords, tags in told} == {True, False}
    assert all(metas(tree)["keywords"] == news_article(tree)["keywords"] for _, tree in trees)


def test_a_tag_with_a_comma_is_whole_in_the_links(trees: Trees) -> None:
    links = [[plain(link) for part in find(tree, "article__tags") for link in part.iter("a")] for _, tree in trees]
    assert [article.expected["tags"] for article, _ in trees] == links
    assert any(COMMA_TAG in tags for tags in links)


def test_the_sections_helper_knows_two_and_the_breadcrumb_all(trees: Trees) -> None:
    paths = {}
    for article, tree in trees:
        helper = "ukraine_war" if article.head.section == "ukraine-war" else "news"
        assert news_article(tree)["articleSection"] == metas(tree)["article:section"] == helper
        assert find(tree, f"article--{helper}")
        crumb = breadcrumb(tree)
        paths[crumb["@id"].rsplit("/", 1)[-1]] = (crumb["name"], article.expected["section"])
    assert paths.pop("lecture-series") == ("", "Lecture Series")
    assert all(name == section for name, section in paths.values())
    assert len(paths) == 9


def test_one_of_the_four_json_ld_scripts_is_invalid(trees: Trees) -> None:
    for _, tree in trees:
        texts = json_ld(tree)
        assert len(texts) == 4
        with pytest.raises(json.JSONDecodeError):
            json.loads(texts[0])
        assert all(json.loads(text)["@type"] for text in texts[1:])


def test_the_metadata_names_only_the_first_author(trees: Trees) -> None:
    several = [(article, tree) for article, tree in trees if len(article.head.byline) == 3]
    assert several
    for article, tree in several:
        first, second, third = article.head.byline
        assert metas(tree)["article:author"] == news_article(tree)["author"]["name"] == first
        assert plain(find(tree, "byline__author")[0]) == f"By {first}, {second} and {third}"


def test_the_byline_says_updated_where_the_update_came_late(trees: Trees) -> None:
    updated = 0
    for article, tree in trees:
        shown, told = find(tree, "byline__datetime")[0], news_article(tree)
        is_late = "Updated:" in plain(find(tree, "byline__details")[0])
        updated += is_late
        assert bool(article.expected["modified_at"]) == is_late
        assert (shown.get("datetime") == told["datePublished"]) == (not is_late)
        assert "Updated" not in plain(shown)
    assert 20 < updated < 100


def test_a_related_box_stands_after_the_first_html_block_and_links_to_the_visits_day(site: Site) -> None:
    generated = site.articles[5]
    kinds = re.findall(r"article__block--(\w+)", generated.page_html())
    assert kinds[:2] == ["html", "article"]
    box = find(parse(generated), "related-article")[0]
    assert re.search(rf"/{site.today:%Y/%m/%d}/[a-z0-9-]+$", box.get("href", ""))


def test_every_dated_page_links_to_its_print_version(trees: Trees) -> None:
    for article, tree in trees:
        assert [link.get("href") for link in find(tree, "article__pdf")] == [f"{article.url}/pdf"]


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


def test_data_type_is_the_exact_kind_whatever_the_flag(trees_of_all_kinds: Trees) -> None:
    flagged = set()
    for article, tree in trees_of_all_kinds:
        types = [mark.get("data-type") for mark in find(tree, "gtm-section")]
        kind = article.head.kind
        assert types == ([] if kind == "live" else [kind if kind in {"gallery", "video", "podcast"} else "default"])
        if article.head.is_opinion:
            flagged.add(kind)
            assert metas(tree)["og:description"].startswith("Opinion | ")
            assert plain(find(tree, "label")[0]) == "opinion"
    assert flagged == {"opinion", "gallery", "video"}


def test_a_gallerys_header_and_pictures_stand_outside_its_text(trees_of_all_kinds: Trees) -> None:
    bodies = set()
    for article, tree in of_kind(trees_of_all_kinds, "gallery"):
        first, second = find(own(tree), "article__content")
        assert find(first, "article__header")
        assert find(first, "article__author__name")
        assert not find(own(tree), "byline__datetime")
        items = find(own(tree), "article__gallery__item")
        pictures = article.expected["images"][: len(items)]
        assert len(items) >= 3
        for item, picture in zip(items, pictures, strict=True):
            assert item.get("data-image-caption") == picture["caption"] == plain(item.xpath(".//p")[0])
            assert (item.get("data-image-credits") or None) == picture["credit"]
            assert item.xpath(".//img/@src") == [picture["url"]]
            assert not item.xpath(".//figure")
        bodies.add(bool(article.expected["body"]))
        assert bool(find(second, "article__block")) == bool(article.expected["body"])
        assert article.expected["modified_at"] is None
    assert bodies == {True, False}


def test_a_slider_has_pictures_without_a_figure(trees: Trees) -> None:
    sliders = [slider for _, tree in trees for slider in find(tree, "article__block--images")]
    pictures = sum(
        len(block.images) for article, _ in trees for block in article.write().blocks if isinstance(block, SliderBlock)
    )
    assert pictures == sum(len(find(slider, "slider__slide")) for slider in sliders) > 0
    assert not any(slider.xpath(".//figure") for slider in sliders)


def test_a_live_blog_keeps_its_posts_and_its_byline_out_of_the_page(trees_of_all_kinds: Trees) -> None:
    for article, tree in of_kind(trees_of_all_kinds, "live"):
        container = own(tree)
        assert (container.get("id"), container.get("data-page-id")) == (None, None)
        summary = [plain(paragraph) for paragraph in find(container, "live-intro")[0].iter("p")]
        body = article.expected["body"].split("\n\n")
        assert body[: len(summary)] == summary
        assert body[len(summary)] not in plain(container)
        assert not find(container, "byline__author")
        assert "<!-- <div" in article.page_html()
        assert not find(container, "live-post")


def test_a_saved_live_blog_has_its_posts(trees_of_all_kinds: Trees) -> None:
    for article, _ in of_kind(trees_of_all_kinds, "live"):
        tree = html.document_fromstring(article.page_html(is_saved=True))
        posts = find(own(tree), "live-post")
        times = [find(post, "live-post__date")[0].get("datetime") for post in posts]
        assert times == [moscow_text(post.at) for post in article.write().posts] == sorted(filter(None, times))
        assert article.expected["body"].split("\n\n")[-1] in plain(posts[-1])


def test_a_saved_page_has_another_article_below(site: Site) -> None:
    tree = html.document_fromstring(site.articles[9].page_html(is_saved=True))
    first, second = find(tree, "article-container")
    assert first.get("data-page-id") != second.get("data-page-id")
    assert len(find(parse(site.articles[9]), "article-container")) == 1


def test_a_podcasts_byline_has_no_by(trees_of_all_kinds: Trees) -> None:
    for article, tree in of_kind(trees_of_all_kinds, "podcast"):
        assert plain(find(tree, "byline__author")[0]).startswith(article.head.byline[0])


def test_an_archive_page_is_old_html_without_tags(trees_of_all_kinds: Trees) -> None:
    archived = [(article, tree) for article, tree in trees_of_all_kinds if article.head.is_archive]
    assert archived
    for article, tree in archived:
        assert article.path == "/" + article.id.rsplit(":", 1)[1]
        assert re.fullmatch(r"/archive/[a-z0-9-]+", article.path)
        assert find(tree, "article__block--html")[0].xpath(".//table//img[@width='1']")
        assert not find(tree, "article__tags")
        assert metas(tree)["og:title"] == article.head.headline
        assert find(tree, "byline__author__name")[0].tag == "span"
        (link,) = find(tree, "article__header")[0].xpath("h1/a/@href")
        assert re.search(r"/(199|20[01])\d/\d{2}/\d{2}/[a-z0-9-]+$", str(link))
        assert 1994 <= article.head.published_at.year < 2010


def test_branded_content_is_told_by_a_notice_before_the_article(trees_of_all_kinds: Trees) -> None:
    sponsored = [(article, tree) for article, tree in trees_of_all_kinds if article.head.is_sponsored]
    assert sponsored
    for article, tree in sponsored:
        assert plain(find(tree, "campaign__disclaimer")[0]) == CAMPAIGN
        assert not find(find(tree, "article")[0], "campaign__disclaimer")
        assert article.expected["sponsor"] is None


def test_a_partners_name_stands_in_a_label(trees_of_all_kinds: Trees) -> None:
    partners = [(article, tree) for article, tree in trees_of_all_kinds if article.head.sponsor]
    assert {article.head.kind for article, _ in partners} == {"article", "opinion"}
    for article, tree in partners:
        assert [plain(label) for label in find(tree, "label--partner")] == ["Partner Content"]
        assert [plain(label) for label in find(tree, "label--partners")] == [article.expected["sponsor"]]


def test_a_picture_alone_is_an_article_without_text(trees_of_all_kinds: Trees) -> None:
    pictures = [article for article, _ in trees_of_all_kinds if article.head.story_key.startswith("picture/")]
    assert pictures
    assert all(article.expected["body"] == "" and article.expected["images"] for article in pictures)


def test_a_russian_page_is_of_its_own_edition() -> None:
    site = Site(6, russian_count=4)
    for article in site.russian:
        tree = parse(article)
        assert article.url.startswith("https://ru.themoscowtimes.com/")
        assert tree.get("lang") == "ru"
        assert article.expected["edition"] == article.expected["language"] == "ru"
        assert re.search("[а-я]", article.expected["body"])
    assert {article.head.number for article in site.russian} & {82_600, 82_601}  # the English edition has them too
