"""The structure of the publisher's pages as last known, which `broadsheet doctor --live` checks."""

from sites.expectation import Expectation, PageKind, SiteExpectations
from sites.moscow_times.discovery import FEEDS, NEWS_INDEX, SITEMAP_INDEX
from sites.moscow_times.identity import ENGLISH
from sites.structure import has_class

_FEEDS = tuple(f"/rss/{name}" for name in FEEDS)
_PAGES = ("default", "opinion", "gallery", "video", "podcast")
"""Kinds whose pages share a structure; live blogs do not."""
_TEXTS = ("default", "opinion")

_CONTENT = f"//div[{has_class('article__content')}]"
_TIME = f"//time[{has_class('byline__datetime')}]"
_GALLERY_ITEM = f"//div[{has_class('article__gallery')}]//div[{has_class('article__gallery__item')}]"
_LEAD, _CARD = has_class("article-excerpt-lead"), has_class("article-excerpt-default")


def _marked(data_type: str) -> str:
    return f"//div[{has_class('gtm-section')}][@data-type='{data_type}']"


def _items(*names: str) -> str:
    path = "/".join(f"*[local-name()='{name}']" for name in names)
    return f"/{path}"


_SOURCES = (
    Expectation("sitemap named", ("robots.txt",), r"(?im)^sitemap:\s*\S+/sitemap/sitemap\.xml", "text"),
    Expectation("previews disallowed", ("robots.txt",), r"(?im)^disallow:\s*/preview/", "text"),
    Expectation("items with link", _FEEDS, _items("rss", "channel", "item", "link"), "xml"),
    Expectation("items with pubDate", _FEEDS, _items("rss", "channel", "item", "pubDate"), "xml"),
    Expectation(
        "full text",
        ("/rss/all",),
        "//*[local-name()='item']/*[local-name()='description' or local-name()='encoded'][contains(., '<p')]",
        "xml",
    ),
    Expectation("monthly sitemaps", ("sitemap.xml",), "//*[local-name()='loc'][contains(., '/sitemap/20')]", "xml"),
    Expectation("news sitemaps", ("newsmap.xml",), _items("sitemapindex", "sitemap", "loc"), "xml"),
    Expectation("lead card", ("/news",), f"//div[{_LEAD}]/@data-url"),
    Expectation("default cards", ("/news", "/news/19"), f"//div[{_CARD}]/@data-url"),
    Expectation("18 default cards", ("/news", "/news/19"), f"count(//div[{_CARD}]) = 18"),
    Expectation("cards", ("/videos", "/galleries"), f"//div[{_LEAD} or {_CARD}]//a/@href"),
)

_PAGE = (
    Expectation("data-type", _PAGES, f"//div[{has_class('gtm-section')}]/@data-type"),
    Expectation("article id", _PAGES, "//div[starts-with(@id, 'article-id-')]/@data-page-id"),
    Expectation("breadcrumb", _PAGES, "BreadcrumbList/itemListElement/1/item", "json-ld"),
    Expectation("NewsArticle JSON-LD", _PAGES, "NewsArticle/headline", "json-ld"),
    Expectation("headline", (*_PAGES, "live"), f"//header[{has_class('article__header')}]//h1"),
    Expectation("byline", _TEXTS, f"//div[{has_class('byline__author')}]"),
    Expectation("time", tuple(kind for kind in _PAGES if kind != "gallery"), f"{_TIME}/@datetime"),  # printed there
    Expectation(
        "Updated:",
        _TEXTS,
        f"//*[child::time[{has_class('byline__datetime')}]][contains(., 'Updated:')]",
        is_everywhere=False,
    ),
    Expectation("text blocks", _TEXTS, f"{_CONTENT}//div[{has_class('article__block--html')}]"),
    Expectation("tags", _PAGES, f"//div[{has_class('article__tags')}]//a", is_everywhere=False),
    Expectation("article:tag", _PAGES, "//meta[@property='article:tag']/@content", is_everywhere=False),
    Expectation("photo", _TEXTS, f"//figure[{has_class('article__featured-image')}]//img", is_everywhere=False),
)

_KINDS = (
    Expectation("label", ("opinion",), f"//header[{has_class('article__header')}]//span[{has_class('label')}]"),
    Expectation("disclaimer", ("opinion",), f"//div[{has_class('article__disclaimer')}]"),
    Expectation("gallery items", ("gallery",), f"{_GALLERY_ITEM}[@data-image-caption]//img"),
    Expectation("header in the content", ("gallery",), f"{_CONTENT}//h1"),
    Expectation("data-type gallery", ("gallery",), _marked("gallery")),
    Expectation("data-type video", ("video",), _marked("video")),
    Expectation("data-type podcast", ("podcast",), _marked("podcast")),
    Expectation("summary", ("live",), f"//div[{has_class('live-intro')}]"),
    Expectation("posts with id and time", ("live posts",), "*/time", "json"),
    Expectation("text under body", ("live posts",), "*/body/*/body", "json"),
)

EXPECTED = SiteExpectations(
    sources={
        "robots.txt": f"{ENGLISH.origin}/robots.txt",
        **{name: ENGLISH.origin + name for name in _FEEDS},
        "sitemap.xml": SITEMAP_INDEX,
        "newsmap.xml": NEWS_INDEX,
        **{name: ENGLISH.origin + name for name in ("/news", "/news/19", "/videos", "/galleries")},
    },
    kinds=(
        PageKind(
            "live",
            ("/rss/news", "/news", "/news/19"),
            f"//div[{has_class('live-intro', 'live-posts')}]",
            r"(?i)\blive\b",
            "default",
        ),
        PageKind("gallery", ("/galleries",), _marked("gallery")),
        PageKind("video", ("/videos",), _marked("video")),
        PageKind("podcast", ("/rss/podcasts",), _marked("podcast")),
        PageKind("opinion", ("/rss/opinion",)),
        PageKind("default", ("/rss/all", "/rss/news"), count=4),
    ),
    companion="live posts",
    expectations=(*_SOURCES, *_PAGE, *_KINDS),
)
