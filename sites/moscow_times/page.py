"""How an article page of The Moscow Times is built.

No class name here was seen in a raw capture of an article: they are inferred, so a page without them is still read,
and its record says so.
"""

import re

from schemas.article import Kind
from sites.structure import PageRules, has_class
from sites.xpath import XPath

_NAME = r"(?:Русская служба )?The Moscow Times(?: Russian Service| на русском(?: языке)?| \(?на русском\)?)?"
_TEXT_BLOCKS = ("article__block--html", "article__block--header", "article__block--quote")
_FOREIGN_BLOCKS = ("article", "aside", "embed", "link", "newsletter", "image", "images")
_CONTENT_CLASSES = ("article__content", "article__intro")
_CONTENT = has_class(*_CONTENT_CLASSES)
_HEADER = f"descendant::header[{has_class('article__header')}]"

# The axes are written out: libxml2 walks `descendant::` once, and `.//` with a condition twice.
PAGE = PageRules(
    # The next article is loaded below, in a container of its own.
    container=XPath(f"/descendant::article[{has_class('article')}]"),
    owner=XPath("ancestor-or-self::*[starts-with(@id, 'article-id-')][1]/@id"),
    # One within another (old HTML leaves elements open) is read with the outer one, not a second time.
    content=XPath(f"descendant::div[({_CONTENT}) and not(ancestor::div[{_CONTENT}])]"),
    content_classes=frozenset(_CONTENT_CLASSES),
    block_class="article__block",
    text_block_classes=frozenset(_TEXT_BLOCKS),
    foreign_block_classes=frozenset(f"article__block--{name}" for name in _FOREIGN_BLOCKS),
    kind_prefix="article--",
    foreign_classes=frozenset(
        {"contribute-banner", "newsletterbox", "related-article", "embed", "live-posts"}
        | {"article__tags", "article__disclaimer", "author-blurb"}
        # What stands after the article, and gets into it where its old HTML leaves an element open.
        | {"article-container", "cluster", "sidebar"}
        | {"twitter-tweet", "instagram-media", "telegram-post"}
    ),
    foreign_prefixes=("author-",),
    furniture=XPath(
        "descendant::*[self::header or self::figure or self::aside or self::footer or self::nav or self::time"
        " or contains(@class, 'contribute') or contains(@class, 'cluster') or contains(@class, 'sidebar')"
        " or contains(@class, 'byline') or contains(@class, 'newsletter') or contains(@class, 'article__tags')"
        " or contains(@class, 'disclaimer') or contains(@class, 'blurb') or contains(@class, 'related')]"
    ),
    surroundings=XPath(
        "descendant::*[self::header or self::h1 or self::time or self::figcaption or self::footer"
        " or contains(@class, 'byline') or contains(@class, 'caption') or contains(@class, 'credit')"
        " or contains(@class, 'disclaimer') or contains(@class, 'blurb') or contains(@class, 'label')]"
    ),
    headline=XPath(f"{_HEADER}/descendant::h1"),
    subtitle=XPath(f"{_HEADER}/descendant::h2"),
    label=XPath(f"{_HEADER}/descendant::span[{has_class('label')}]"),
    byline=XPath(f"descendant::div[{has_class('byline__author')}]"),
    byline_names=XPath(f"descendant::*[{has_class('byline__author__name')}]"),
    time=XPath(f"descendant::time[@datetime and ({has_class('byline__datetime')})]"),
    figures=XPath("descendant::figure[descendant::img]"),
    captions=XPath("descendant::span[contains(@class, '__caption')]"),
    credits=XPath("descendant::span[contains(@class, '__credit')]"),
    tags=XPath(f"descendant::div[{has_class('article__tags')}]/descendant::a"),
    disclaimer=XPath("descendant::div[contains(@class, 'article__disclaimer')]"),
    live=XPath("descendant::div[@data-live or contains(@class, 'live-posts')]"),
    title_suffix=re.compile(rf"\s+[-–—|]\s+{_NAME}\.?$", re.IGNORECASE),
    title_name=re.compile(rf"^{_NAME}\s*(?:[.:|]|\s[-–—])\s+", re.IGNORECASE),
    title_prefix=re.compile(
        r"^(Opinion|Video|Gallery|Podcast|Live|Мнени[ея]|Видео|Галерея|Фото|Подкаст|Онлайн)\s+\|\s+", re.IGNORECASE
    ),
    updated=re.compile(r"\W*(?:Last |Article )?(?:Updated|Обновлен[оа]?)\b", re.IGNORECASE),
    # Its own addresses (`/partner/`, `/plus/`) are no articles; at an article's address only the label tells.
    paid_label=re.compile(r"partner(?: content)?|sponsored(?: content)?|advertorial|branded content", re.IGNORECASE),
    missing=("oops!", "we couldn't find your page"),
)

SECTION_NAMES = {
    "news": "News",
    "ukraine_war": "Ukraine War",
    "opinion": "Opinion",
    "business": "Business",
    "meanwhile": "Meanwhile",
    "city": "Arts and Life",
    "arts_and_life": "Arts and Life",
    "climate": "Climate",
    "diaspora": "Diaspora",
    "indepth": "In-Depth",
    "in_depth": "In-Depth",
}
"""The internal keys of JSON-LD -> the names that the pages show."""

KINDS = {
    "opinion": Kind.OPINION,
    "gallery": Kind.GALLERY,
    "video": Kind.VIDEO,
    "podcast": Kind.PODCAST,
    "podcasts": Kind.PODCAST,
    "live": Kind.LIVE,
    "мнение": Kind.OPINION,
    "мнения": Kind.OPINION,
    "галерея": Kind.GALLERY,
    "фото": Kind.GALLERY,
    "видео": Kind.VIDEO,
    "подкаст": Kind.PODCAST,
    "онлайн": Kind.LIVE,
}
