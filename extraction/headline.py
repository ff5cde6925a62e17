"""Chooses headline and subtitle."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from boilerplate.remover import squeeze
from extraction.linked_data import clean_markup, read_text
from extraction.normalization import tidy
from extraction.parsed import Found, Page

MAX_CHARS = 500
"""What a record's headline may have; longer, it is a page's text in the wrong place."""

META_NAMES = ("og:title", "twitter:title", "parsely-title", "sailthru.title", "citation_title", "dc.title", "headline")

_SUFFIX = re.compile(r"^(?P<title>.{4,}?)(?:(?<!\s)\s++[-–—•·:|»]|[|»])\s++(?P<name>[^|»]{2,60})$")
_PREFIX = re.compile(r"^(?P<name>[^|]{2,40})(?:(?<!\s)\s++)?+[|:]\s++(?P<title>.{4,})$")
_CUT = re.compile(r"(?:(?<!\s)\s++)?+(?:…|\.\.\.)$")
_NAME_END = re.compile(r"\.(?:com|org|net|co\.uk|news)$", re.IGNORECASE)


def choose_headline(page: Page) -> str | None:
    """The headline without the site's name and without the word for its kind."""
    for text, source in _list_unknown(page) if page.is_unknown else _list_known(page):
        line = strip_name(text, page) if page.is_unknown and not page.site.hosts else text
        if line and len(line) <= MAX_CHARS:
            page.note("headline", source)
            return line
    page.flags.add("headline-missing")
    return None


def strip_title(text: str, page: Page) -> str:
    """A title of the page's head without what its publisher puts around it; a headline on the page is left as it is."""
    rules, line = page.site.page, text
    for pattern in (rules.title_suffix, rules.title_name, rules.title_prefix):
        rest = pattern.sub("", line) if pattern else line
        line = rest or line
    return line


def strip_name(title: str, page: Page) -> str:
    """An unknown publisher's title without its name, or what stands beside the page's only `<h1>` in it."""
    names = {squeeze(_NAME_END.sub("", name)) for name in (page.publisher, _host_name(page)) if name}
    h1 = squeeze(page.only_h1) if page.only_h1 else None
    line = title
    while match := _SUFFIX.match(line):
        name, rest = squeeze(_NAME_END.sub("", match["name"])), squeeze(match["title"])
        if not (h1 == rest or name in names or any(name.startswith(known) for known in names)):
            break
        line = match["title"].strip()
        if h1 == rest:
            break
    if (match := _PREFIX.match(line)) and squeeze(match["name"]) in names:
        line = match["title"]
    return line


def _host_name(page: Page) -> str | None:
    """`example` of `https://www.example.org/…`: what many sites call themselves."""
    labels = (page.url or "").partition("://")[2].partition("/")[0].removeprefix("www.").split(".")
    return labels[0] if len(labels[0]) > 2 else None  # noqa: PLR2004 - two letters are a country or a language


def _list_known(page: Page) -> Iterator[Found]:
    """By the site's rules: JSON-LD, then what the page shows; a title in its head may be one for search engines."""
    ld, meta = page.metadata.json_ld, page.metadata.meta
    shown = page.first_text(page.site.page.headline) or ""
    told = strip_title(_as_shown(ld.get("headline"), shown), page)
    yield (shown, "page") if _is_cut_from(told, shown) else (told, "json-ld")
    yield shown, "page"
    yield strip_title(clean_markup(meta.get("og:title") or meta.get("twitter:title") or ""), page), "meta"
    yield strip_title(page.metadata.title or "", page), "page"


def _list_unknown(page: Page) -> Iterator[Found]:
    """JSON-LD first, unless it is cut short or stands alone against what title and `<h1>` agree on."""
    told = _as_shown(page.metadata.json_ld.get("headline"), page.only_h1 or "")
    titles = [strip_title(clean_markup(page.metadata.meta.get(name, "")), page) for name in META_NAMES]
    shown = next((title for title in titles if title), "")
    h1 = page.only_h1 or ""
    told = "" if told and page.publisher and squeeze(told) == squeeze(page.publisher) else told
    if told and not _is_outvoted(told, strip_name(shown, page), h1):
        yield told, "json-ld"
    if shown and h1 and squeeze(strip_name(shown, page)) == squeeze(h1):
        yield h1, "page"  # the same words, as readers see them
    yield shown, "meta"
    yield next(iter(page.microdata.get("headline", ())), ""), "microdata"
    yield strip_title(page.guess_title() or "", page), "trafilatura"
    yield strip_title(page.metadata.title or "", page), "page"


def _as_shown(told: Any, shown: str) -> str:
    """A headline of JSON-LD: with what looks like a tag in it where the page shows that to its readers."""
    whole = tidy(unescape(told)) if isinstance(told, str) else ""
    return whole if whole and squeeze(whole) == squeeze(shown) and "<" in shown else read_text(told) or ""


def _is_outvoted(told: str, shown: str, h1: str) -> bool:
    """Whether a title that the page shows twice is another, or the whole of one that JSON-LD has cut."""
    if shown and h1 and squeeze(shown) == squeeze(h1) != squeeze(told):
        return True
    return _is_cut_from(told, shown) or _is_cut_from(told, h1)


def _is_cut_from(told: str, whole: str) -> bool:
    """Whether a title ends in dots where another goes on."""
    cut = squeeze(_CUT.sub("", told))
    return bool(_CUT.search(told) and cut and squeeze(whole).startswith(cut) and len(whole) > len(told))


def choose_subtitle(page: Page) -> str | None:
    """The line below the headline."""
    text = page.first_text(page.site.page.subtitle)
    if text:
        page.note("subtitle", "page")
    return text
