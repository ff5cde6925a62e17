"""Extract a draft from plain text as other crawlers store it: with page furniture, without URL and date."""

import re

from boilerplate.remover import PATTERN, Cleaned
from extraction import EXTRACTOR
from extraction.byline import Byline, cut_credit, read_names, split_names
from extraction.decoding import decode
from extraction.normalization import join, join_wrapped, tidy
from extraction.person_name import is_name
from extraction.picture import split_caption
from schemas.article import Draft, Image, Unreadable
from schemas.capture import Capture
from sites import PUBLISHERS, get_site
from sites.profile import Site

MAX_HEADLINE_CHARS = 150
"""Maximum characters of a headline. The longest slug seen, with hyphens for the headline's spaces, has 153."""

_MAX_CONTROL_SHARE = 0.01
"""Maximum share of control characters in a text."""

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_SENTENCE_END = re.compile(r"[.:;,…][\"'”’»)]*$")
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DATE_LINE = re.compile(
    rf"(?:(?:Last )?(?:Updated|Published)(?: on| at)?:?\s*)?(?:{_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH}),? \d{{4}}"
    r"(?:,?(?: at| [-–—|])? \d{1,2}:\d{2}(?: ?[AaPp]\.?[Mm]\.?)?(?: [A-Z]{2,5})?)?\.?"
)
"""Matches the line below a byline: `Updated: June 29, 2024`."""
# A caption of one sentence, which initials and abbreviations do not end: `J.`, `U.S.`, `St.`
_CAPTION = re.compile(r"(?>[^.!?]|(?<=[A-Z])\.|(?<=\b[A-Z][a-z])\.|\.(?=[\w,]))*(?<=[^\W_]{4})\.")


def read_text(capture: Capture) -> Draft | Unreadable:
    """Return the draft of a text, or the reason why it is not one."""
    if capture.too_large:
        return Unreadable(reason="too-large", detail="larger than the limit for a text")
    return read_plain(decode(capture))


def read_plain(text: str, *, headline: str | None = None, site: Site | None = None) -> Draft | Unreadable:
    """Do the same for a decoded text, whose headline and site may be known from elsewhere."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(_CONTROL.findall(text)) > _MAX_CONTROL_SHARE * len(text):
        return Unreadable(reason="not-text", detail="control characters or undecodable bytes")
    paragraphs = split_plain_text(text)
    if not paragraphs:
        return Unreadable(reason="empty-page")
    site, cleaned = (site, site.boilerplate.remove(paragraphs)) if site else recognize_site(paragraphs)
    kept = list(cleaned.paragraphs)
    if headline and kept and _reduce(kept[0]) == _reduce(headline):
        kept.pop(0)
    if not kept:
        return Unreadable(reason="empty-page", detail="nothing but furniture")
    return _build(kept, site, {"appeal-removed"} if cleaned.has_lone_appeal else set(), headline)


def split_plain_text(text: str) -> list[str]:
    """Split a text at blank lines, and at line breaks unless it is hard-wrapped."""
    blocks = _BLANK_LINES.split(text.strip("\ufeff\n "))
    return join_wrapped([[line for raw in block.split("\n") if (line := tidy(raw))] for block in blocks])


def recognize_site(paragraphs: list[str]) -> tuple[Site, Cleaned]:
    """Return the site whose boilerplate is in the text, else the generic one, and the text without boilerplate."""
    for site in PUBLISHERS.profiles.values():
        cleaned = site.boilerplate.remove(paragraphs)
        if set(cleaned.names) - {PATTERN}:
            return site, cleaned
    generic = get_site("generic")
    return generic, generic.boilerplate.remove(paragraphs)


def _reduce(line: str) -> str:
    """Return the letters and digits of a line: quotes and capitals differ between a headline's copies."""
    return "".join(filter(str.isalnum, line)).casefold()


def is_headline(paragraphs: list[str]) -> bool:
    """Whether the first paragraph is a headline: short, not a sentence, and followed by text."""
    if len(paragraphs) < 2:  # noqa: PLR2004 - a headline and a text
        return False
    first = paragraphs[0]
    return len(first) <= MAX_HEADLINE_CHARS and not _SENTENCE_END.search(first) and not _list_names(first)


def _build(paragraphs: list[str], site: Site, flags: set[str], headline: str | None) -> Draft:
    flags = {*flags, "published-at-missing"}
    sources = {"body": "text"}
    headline = headline or (paragraphs.pop(0) if is_headline(paragraphs) else None)
    if headline:
        sources["headline"] = "text"
    else:
        flags.add("headline-missing")
    byline = _pop_byline(paragraphs)
    if (byline.authors or byline.agencies) and len(paragraphs) > 1 and _DATE_LINE.fullmatch(paragraphs[0]):
        paragraphs.pop(0)  # it has no hour and no zone, and is often the date of an update
    # Without a headline above it, the first paragraph is part of the text.
    images = _pop_caption(paragraphs) if headline else ()
    kept, agencies = cut_credit(tuple(paragraphs))
    found = {"authors": byline.authors, "agencies": (*byline.agencies, *agencies), "images": images}
    sources |= {name: "text" for name, value in found.items() if value}
    if not byline.authors:
        flags.add("authors-missing")
    edition = site.text_edition
    return Draft(
        site=site.name,
        edition=edition,
        language=site.language_of(edition),
        headline=headline,
        authors=byline.authors,
        agencies=tuple(dict.fromkeys((*byline.agencies, *agencies))),
        body=join(kept),
        images=images,
        sources=dict(sorted(sources.items())),
        flags=tuple(sorted(flags)),
        extractor=EXTRACTOR,
    )


def _list_names(line: str) -> list[str]:
    """Return the names in a byline; empty for any other line."""
    if not line.startswith("By ") or len(line) > MAX_HEADLINE_CHARS:
        return []
    names = split_names(line)
    return names if all(map(is_name, names)) else []


def _pop_byline(paragraphs: list[str]) -> Byline:
    """Remove and return the byline above the text, if there is one."""
    names = _list_names(paragraphs[0]) if len(paragraphs) > 1 else []
    if names:
        paragraphs.pop(0)
    return read_names(names)


def _pop_caption(paragraphs: list[str]) -> tuple[Image, ...]:
    """Remove and return the lead picture's caption, recognized by its credit: one sentence, then a name."""
    if len(paragraphs) > 1:
        caption, credit = split_caption(paragraphs[0])
        if credit and (caption is None or "/" in credit or _CAPTION.fullmatch(caption)):
            paragraphs.pop(0)
            return (Image(caption=caption, credit=credit),)
    return ()
