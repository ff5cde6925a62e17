"""The structure of an article page of The Moscow Times.

The names are from the publisher's templates as of June 2024. They may change: a page without them is still read, and
its record is flagged.
"""

import re

from schemas.article import Kind
from sites.structure import PageRules, has_class
from sites.xpath import XPath

_NAME = r"(?:Русская служба )?The Moscow Times(?: Russian Service| на русском(?: языке)?| \(?на русском\)?)?"
# `aside` is an infobox or correction by the newsroom, `scrollama` a story shown in steps while scrolling.
_TEXT_BLOCKS = tuple(f"article__block--{name}" for name in ("html", "header", "quote", "aside", "scrollama"))
_FOREIGN_BLOCKS = ("article", "embed", "link", "newsletter", "image", "images")
_CONTENT_CLASSES = ("article__content", "article__intro", "live-intro")
_CONTENT = has_class(*_CONTENT_CLASSES)
_HEADER = f"descendant::header[{has_class('article__header')}]"

# The axes are written out: libxml2 walks the tree once for `descendant::`, but twice for `.//` with a condition.
PAGE = PageRules(
    # The next article is loaded below, in another container.
    container=XPath(f"/descendant::article[{has_class('article')}]"),
    owner=XPath("ancestor-or-self::*[starts-with(@id, 'article-id-')][1]/@id"),
    # Content nested in content (old HTML leaves elements open) is read with the outer element, not twice.
    content=XPath(f"descendant::div[({_CONTENT}) and not(ancestor::div[{_CONTENT}])]"),
    content_classes=frozenset({*_CONTENT_CLASSES, "article__aside"}),
    block_class="article__block",
    text_block_classes=frozenset(_TEXT_BLOCKS),
    foreign_block_classes=frozenset(f"article__block--{name}" for name in _FOREIGN_BLOCKS),
    lined_classes=frozenset({"article__quote", "article__block--quote"}),
    infobox_classes=frozenset({"article__aside", "article__block--aside"}),
    kind_prefix="article--",
    foreign_classes=frozenset(
        {"contribute-banner", "newsletterbox", "related-article", "embed", "live-posts", "live-post"}
        | {"article__tags", "article__disclaimer", "author-blurb"}
        # Follows the article, and ends up in it if its old HTML leaves an element open.
        | {"article-container", "cluster", "sidebar"}
        | {"twitter-tweet", "instagram-media", "telegram-post"}
    ),
    # A gallery has its header and byline in its first content element, followed by its pictures.
    foreign_prefixes=("author-", "article__author", "article__byline", "article__header", "article__gallery", "byline"),
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
    # The parser closes an `h2` at a `p` within it. If several elements follow, the body has run into the header.
    subtitle=XPath(
        f"{_HEADER}/descendant::h2"
        f" | {_HEADER}/descendant::h2[count(following-sibling::*) = 1 and not(normalize-space())]/following-sibling::p"
    ),
    label=XPath(f"{_HEADER}/descendant::*[{has_class('label', 'label--partner', 'label--partners')}]"),
    sponsor=XPath(f"{_HEADER}/descendant::a[{has_class('label--partners')}]"),
    # The notice above a sponsored article; partner content has a label.
    paid=XPath("preceding::div[contains(@class, 'campaign__')]"),
    data_kind=XPath(
        f"(ancestor::div[@data-type] | preceding::div[@data-type])[{has_class('gtm-section')}][last()]/@data-type"
    ),
    byline=XPath(
        f"descendant::*[contains(@class, 'author')][(self::div and ({has_class('byline__author')}))"
        f" or (({has_class('article__author__name')}) and not(ancestor::div[{has_class('byline__author')}]))]"
    ),
    byline_names=XPath("descendant::*[contains(@class, 'author__name')]"),
    time=XPath(f"descendant::time[@datetime and ({has_class('byline__datetime')})]"),
    # Pictures of sliders and galleries are not in a `figure`.
    figures=XPath(
        "descendant::figure[descendant::img and not(ancestor::figure)]"
        f" | descendant::div[contains(@class, '__')][{has_class('slider__slide', 'article__gallery__item')}]"
        "[descendant::img and not(ancestor::figure or descendant::figure)]"
    ),
    captions=XPath("descendant::*[contains(@class, '__caption')]"),
    credits=XPath("descendant::*[contains(@class, '__credit')]"),
    tags=XPath(f"descendant::div[{has_class('article__tags')}]/descendant::a"),
    disclaimer=XPath("descendant::div[contains(@class, 'article__disclaimer')]"),
    live=XPath(
        "descendant::div[@data-live or (contains(@class, 'live-')"
        f" and ({has_class('live-intro', 'live-posts', 'live-post')}))]"
    ),
    posts=XPath(f"descendant::div[{has_class('live-post')}]"),
    post_time=XPath("descendant::time"),
    post_body=XPath(f"descendant::div[{has_class('live-post__body')}]"),
    title_suffix=re.compile(rf"(?<!\s)\s++[-–—|]\s++{_NAME}\.?$", re.IGNORECASE),
    title_name=re.compile(rf"^{_NAME}\s*(?:[.:|]|\s[-–—])\s+", re.IGNORECASE),
    title_prefix=re.compile(
        r"^(Opinion|Video|Gallery|Podcast|Live|Мнени[ея]|Видео|Галерея|Фото|Подкаст|Онлайн)\s+\|\s+", re.IGNORECASE
    ),
    # It comes from a database column that changes with each view: only the time after "Updated:" is that of a change.
    trusts_modified=False,
    updated=re.compile(r"\W{0,200}+(?:Last |Article )?(?:Updated|Обновлен[оа]?)\b", re.IGNORECASE),
    # URLs under `/partner/` and `/plus/` are not articles; at an article's URL only the label shows it.
    paid_label=re.compile(r"partner(?: content)?|sponsored(?: content)?|advertorial|branded content", re.IGNORECASE),
    missing=("oops!", "we couldn't find your page"),
)

SECTION_NAMES = {
    "news": "News",
    "ukraine-war": "Ukraine War",
    "opinion": "Opinion",
    "business": "Business",
    "meanwhile": "Meanwhile",
    "arts-and-life": "Arts and Life",
    "climate": "Climate",
    "diaspora": "Diaspora",
    "in-depth": "In-Depth",
    "lecture-series": "Lecture Series",
    # Internal keys in JSON-LD.
    "ukraine_war": "Ukraine War",
    "city": "Arts and Life",
    "arts_and_life": "Arts and Life",
    "indepth": "In-Depth",
    "in_depth": "In-Depth",
}
"""Last part of a section's URL, or its internal key -> the name shown on the pages."""

KINDS = {
    "default": Kind.ARTICLE,
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
