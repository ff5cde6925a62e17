"""Choose headline and subtitle."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from boilerplate.remover import squeeze
from extraction.linked_data import clean_markup, read_text
from extraction.normalization import tidy
from extraction.parsed import Found, Page

MAX_HEADLINE_CHARS = 500
"""Maximum characters of a record's headline; a longer one is misplaced text."""

MIN_TITLE_WORDS = 3
MIN_SHARED_WORDS = 0.5
"""Share of the shorter one's words that another wording of a title has in common with it."""

META_NAMES = ("og:title", "twitter:title", "parsely-title", "sailthru.title", "citation_title", "dc.title", "headline")

_WORD = re.compile(r"\w+")
_SUFFIX = re.compile(r"^(?P<title>.{4,}?)(?:(?<!\s)\s++[-–—•·:|»]|[|»])\s++(?P<name>[^|»]{2,60})$")
_PREFIX = re.compile(r"^(?P<name>[^|]{2,40})(?:(?<!\s)\s++)?+[|:]\s++(?P<title>.{4,})$")
_CUT = re.compile(r"(?:(?<!\s)\s++)?+(?:…|\.\.\.)$")
_NAME_END = re.compile(r"\.(?:com|org|net|co\.uk|news)$", re.IGNORECASE)


def choose_headline(page: Page) -> str | None:
    """Return the headline without the site's name and the label of its kind."""
    for text, source in _list_unknown(page) if page.is_unknown else _list_known(page):
        line = strip_name(text, page) if page.is_unknown and not page.site.has_page_rules else text
        if line and len(line) <= MAX_HEADLINE_CHARS:
            page.record_source("headline", source)
            return line
    page.flags.add("headline-missing")
    return None


def strip_title(text: str, page: Page) -> str:
    """Return a title of the page's head without the publisher's additions."""
    rules, line = page.site.page, text
    for pattern in (rules.title_suffix, rules.title_name, rules.title_prefix):
        remaining = pattern.sub("", line) if pattern else line
        line = remaining or line
    return line


def strip_name(title: str, page: Page) -> str:
    """Return an unknown publisher's title without the site's name, or reduced to its only `<h1>` or its title."""
    names = {squeeze(_NAME_END.sub("", name)) for name in (page.publisher, page.host_name) if name}
    plain = {squeeze(text) for text in (page.only_h1, page.metadata.title) if text}
    line = title
    while match := _SUFFIX.match(line):
        name, remaining = squeeze(_NAME_END.sub("", match["name"])), squeeze(match["title"])
        if not (remaining in plain or name in names or any(name.startswith(known) for known in names)):
            break
        line = match["title"].strip()
        if remaining in plain:
            break
    if (match := _PREFIX.match(line)) and squeeze(match["name"]) in names:
        line = match["title"]
    return line


def _list_known(page: Page) -> Iterator[Found]:
    """Yield candidates by the site's rules: JSON-LD, then the shown headline, then titles, which may be for SEO."""
    ld, meta = page.metadata.json_ld, page.metadata.meta
    shown = page.first_text(page.site.page.headline) or ""
    json_ld_title = strip_title(_as_shown(ld.get("headline"), shown), page)
    page.titles = (json_ld_title, shown)  # the other titles may be for search engines
    yield (shown, "page") if _is_cut_from(json_ld_title, shown) else (json_ld_title, "json-ld")
    yield shown, "page"
    yield strip_title(clean_markup(meta.get("og:title") or meta.get("twitter:title") or ""), page), "meta"
    yield strip_title(page.metadata.title or "", page), "page"


def _list_unknown(page: Page) -> Iterator[Found]:
    """Yield candidates, JSON-LD first unless it is truncated, or title and `<h1>` agree on another."""
    json_ld_title = _as_shown(page.metadata.json_ld.get("headline"), page.only_h1 or "")
    titles = [strip_title(clean_markup(page.metadata.meta.get(name, "")), page) for name in META_NAMES]
    shown = next((title for title in titles if title), "")
    h1 = page.only_h1 or ""
    page.titles = (json_ld_title, page.metadata.meta.get("og:title"), page.metadata.title, h1)
    json_ld_title = (
        "" if json_ld_title and page.publisher and squeeze(json_ld_title) == squeeze(page.publisher) else json_ld_title
    )
    if json_ld_title and not _is_outvoted(json_ld_title, strip_name(shown, page), h1):
        yield json_ld_title, "json-ld"
    if h1 and _is_titled(h1, [strip_name(title, page) for title in (shown, page.metadata.title) if title]):
        yield h1, "page"  # what readers see; titles may be written for search engines
    yield shown, "meta"
    yield next(iter(page.microdata.get("headline", ())), ""), "microdata"
    yield strip_title(page.guess_title() or "", page), "trafilatura"
    yield strip_title(page.metadata.title or "", page), "page"


def _as_shown(json_ld_title: Any, shown: str) -> str:
    """Return a headline of JSON-LD, keeping what looks like a tag if the page shows it."""
    full_title = tidy(unescape(json_ld_title)) if isinstance(json_ld_title, str) else ""
    return (
        full_title
        if full_title and squeeze(full_title) == squeeze(shown) and "<" in shown
        else read_text(json_ld_title) or ""
    )


def _is_outvoted(json_ld_title: str, shown: str, h1: str) -> bool:
    """Whether title and `<h1>` agree on another headline, or the JSON-LD one is truncated."""
    if shown and h1 and squeeze(shown) == squeeze(h1) != squeeze(json_ld_title):
        return True
    return _is_cut_from(json_ld_title, shown) or _is_cut_from(json_ld_title, h1)


def _is_titled(h1: str, titles: list[str]) -> bool:
    """Whether an `<h1>` is a title in the same or another wording: no section, no publisher, no label besides."""
    plain = squeeze(h1)
    if any(squeeze(title) in plain for title in titles):
        return all(squeeze(title) == plain for title in titles if squeeze(title) in plain)
    return any(_share_words(h1, title) for title in titles)


def _share_words(one: str, other: str) -> bool:
    words, others = (set(_WORD.findall(text.casefold())) for text in (one, other))
    fewer = min(len(words), len(others))
    return fewer >= MIN_TITLE_WORDS and len(words & others) >= MIN_SHARED_WORDS * fewer


def _is_cut_from(json_ld_title: str, full_title: str) -> bool:
    """Whether a title ends in an ellipsis where another continues."""
    cut = squeeze(_CUT.sub("", json_ld_title))
    return bool(
        _CUT.search(json_ld_title)
        and cut
        and squeeze(full_title).startswith(cut)
        and len(full_title) > len(json_ld_title)
    )


def choose_subtitle(page: Page) -> str | None:
    """Return the line below the headline."""
    text = page.first_text(page.site.page.subtitle)
    if text:
        page.record_source("subtitle", "page")
    return text
