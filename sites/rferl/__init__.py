"""RFE/RL, and the rules of its content system, Pangea, which VOA has too. README.md has the facts."""

import re
from zoneinfo import ZoneInfo

from sites.ordinary import OrdinarySite
from sites.profile import Edition
from sites.structure import PageRules, has_class
from sites.xpath import XPath

ARTICLE = re.compile(r"^/a/(?:[^/]+/)?0*(?P<id>[1-9]\d*)\.html$", re.ASCII)
"""The number identifies an article within its service; the slug follows the headline."""

RULES = (
    ("section-page", r"^/(?:z|p|s|t)/"),
    ("author-page", r"^/author/"),
    ("program-page", r"^/(?:programs?|podcasts?|live)(?:/|$)"),
    ("feed", r"^/(?:api|rssfeeds)(?:/|$)"),
)

PAGE = PageRules(
    container=XPath(f"/descendant::body[{has_class('pg-article')}]"),
    content=XPath(
        f"descendant::*[@id='article-content']/descendant::div[{has_class('wsw')}][not(ancestor::div["
        f"{has_class('wsw')}])]"
    ),
    content_classes=frozenset({"wsw"}),
    foreign_classes=frozenset({"media-block", "ctc-message", "media-download", "infgraphicsAttach"}),
    foreign_prefixes=("c-lightbox", "share--", "ymla-section", "print-dialog", "wsw__embed"),
    headline=XPath(f"descendant::h1[{has_class('title', 'pg-title')}]"),
    byline=XPath(
        f"descendant::*[{has_class('publishing-details')}]/descendant::*[{has_class('links')}]"
        f"[descendant::*[{has_class('authors')}]]"
    ),
    byline_names=XPath("descendant::a"),
    time=XPath(f"descendant::*[{has_class('publishing-details')}]/descendant::time[@datetime]"),
    figures=XPath("descendant::figure[descendant::img and not(ancestor::figure)]"),
    captions=XPath("descendant::figcaption"),
)

PUBLISHER = OrdinarySite(
    name="rferl",
    title="Radio Free Europe/Radio Liberty",
    own_names=("RFE/RL", "RFE", "RL"),
    time_zone=ZoneInfo("Europe/Prague"),
    editions={"en": Edition("en", "https://www.rferl.org", "en"), "ru": Edition("ru", "https://www.svoboda.org", "ru")},
    edition_by_host={"rferl.org": "en", "svoboda.org": "ru"},
    text_edition="en",
    article=ARTICLE,
    rules=RULES,
    feeds=("https://www.rferl.org/api/zrqiteuuir",),
    sitemaps=("https://www.rferl.org/sitemap.xml", "https://www.svoboda.org/sitemap.xml"),
    unconfirmed=frozenset({"https://www.rferl.org/api/zrqiteuuir"}),
    page=PAGE,
)
