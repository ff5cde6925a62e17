"""Meduza in English. README.md has the facts that this rests on."""

import re
from datetime import date
from zoneinfo import ZoneInfo

from schemas.article import Kind
from sites.ordinary import OrdinarySite
from sites.profile import Edition, SiteLicence
from sites.structure import PageRules
from sites.xpath import XPath

ORIGIN = "https://meduza.io"

# Class names end in a hash of the build: only their beginning is the newsroom's.
PAGE = PageRules(
    container=XPath("/descendant::div[contains(@class, 'GeneralMaterial-') and contains(@class, 'article')]"),
    content=XPath("self::*"),
    foreign_prefixes=("RelatedBlock", "Toolbar", "AudioPanel", "Advert", "GeneralMaterial-module-materialHeader"),
    headline=XPath("/descendant::h1[@data-testid='simple-title']"),
    time=XPath("descendant::time[@datetime]"),
    figures=XPath("descendant::figure[descendant::img and not(ancestor::figure)]"),
    captions=XPath("descendant::figcaption"),
    title_suffix=re.compile(r"(?<!\s)\s++[-–—|]\s++Meduza$"),
)

PUBLISHER = OrdinarySite(
    name="meduza",
    title="Meduza",
    time_zone=ZoneInfo("Europe/Riga"),
    editions={"en": Edition("en", ORIGIN, "en")},
    edition_by_host={"www.meduza.io": "en"},
    text_edition="en",
    article=re.compile(
        r"^(?:/amp)?(?P<path>/en/(?P<id>(?:news|feature|brief|episodes|cards|short|slides|shapito)"
        r"/\d{4}/\d{2}/\d{2}/[^/]+))$",
        re.ASCII,
    ),
    rules=(("section-page", r"^/en(?:/[a-z-]+)?$"), ("other-language", r"^/(?!en/|amp/en/|rss|sitemap)")),
    feeds=(f"{ORIGIN}/rss/en/all", f"{ORIGIN}/rss2/en/news", f"{ORIGIN}/rss2/en/stories"),
    sitemaps=(f"{ORIGIN}/sitemap.xml",),
    unconfirmed=frozenset({f"{ORIGIN}/rss2/en/news", f"{ORIGIN}/rss2/en/stories", f"{ORIGIN}/sitemap.xml"}),
    page=PAGE,
    licences=(
        SiteLicence(
            "https://creativecommons.org/licenses/by/4.0/",
            "the text, not the photographs, of coverage of the war",
            after=date(2022, 2, 23),
        ),
    ),
    kinds={"feature": Kind.ARTICLE, "episodes": Kind.PODCAST, "slides": Kind.GALLERY},
)
