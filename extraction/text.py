"""Reads plain text as somebody's crawler left it: the page's furniture included, address and date unknown."""

import re

from extraction import EXTRACTOR
from extraction.byline import Byline, cut_credit, read_names, split_names
from extraction.picture import split_caption
from extraction.prose import join, tidy
from extraction.tree import decode
from schemas.article import Draft, Image, Unreadable
from schemas.capture import Capture
from sites import SITES, get_site
from sites.boilerplate import PATTERN, Cleaned
from sites.profile import Site

HEADLINE_CHARS = 150
"""The longest slug seen has 153 characters, and a slug has hyphens for its headline's spaces."""

WRAP_CHARS = 100
"""Text wrapped by hand has lines of 60 to 80 characters: shorter lines than this are parts of one paragraph."""

_CONTROL_SHARE = 0.01
"""More control characters than that, and it is no text."""

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_SENTENCE_END = re.compile(r"[.:;,…][\"'”’»)]*$")
_BYLINE = re.compile(r"^By (?:[A-Z][\w.'’-]+(?:,? and |, | )?){1,9}$")


def read_text(capture: Capture) -> Draft | Unreadable:
    """The draft of a text, or why it is none."""
    if capture.too_large:
        return Unreadable(reason="too-large", detail="larger than the limit for a text")
    text = decode(capture).replace("\r\n", "\n").replace("\r", "\n")
    if len(_CONTROL.findall(text)) > _CONTROL_SHARE * len(text):
        return Unreadable(reason="not-text", detail="control characters or undecodable bytes")
    paragraphs = part_paragraphs(text)
    if not paragraphs:
        return Unreadable(reason="empty-page")
    site, cleaned = recognize(paragraphs)
    kept = list(cleaned.paragraphs)
    if not kept:
        return Unreadable(reason="empty-page", detail="nothing but furniture")
    return _build(kept, site)


def part_paragraphs(text: str) -> list[str]:
    """The paragraphs: parted by blank lines, and by each line break where there are none or lines are long."""
    blocks = _BLANK_LINES.split(text.strip("\ufeff\n "))
    has_blanks = len(blocks) > 1
    found: list[str] = []
    for block in blocks:
        lines = [line for raw in block.split("\n") if (line := tidy(raw))]
        found += [" ".join(lines)] if has_blanks and _is_wrapped(lines) else lines
    return [paragraph for paragraph in found if paragraph]


def _is_wrapped(lines: list[str]) -> bool:
    """Whether lines are one paragraph broken by hand: all but the last end in mid-sentence, and none is long."""
    if any(len(line) > WRAP_CHARS for line in lines):
        return False
    return all(len(line) > WRAP_CHARS / 2 for line in lines[:-1]) and not any(
        site.boilerplate.is_furniture(line) for site in SITES.values() for line in lines
    )


def recognize(paragraphs: list[str]) -> tuple[Site, Cleaned]:
    """The site whose furniture stands in the text, else the generic one; and the text without it."""
    for site in SITES.values():
        cleaned = site.boilerplate.remove(paragraphs)
        if set(cleaned.names) - {PATTERN}:
            return site, cleaned
    generic = get_site("generic")
    return generic, generic.boilerplate.remove(paragraphs)


def is_headline(paragraphs: list[str]) -> bool:
    """Whether the first paragraph is a headline: short, no sentence's end, and a text below it."""
    if len(paragraphs) < 2:  # noqa: PLR2004 - a headline and a text
        return False
    first = paragraphs[0]
    return len(first) <= HEADLINE_CHARS and not _SENTENCE_END.search(first) and not _BYLINE.match(first)


def _build(paragraphs: list[str], site: Site) -> Draft:
    flags = {"published-at-missing"}
    sources = {"body": "text"}
    headline = paragraphs.pop(0) if is_headline(paragraphs) else None
    if headline:
        sources["headline"] = "text"
    else:
        flags.add("headline-missing")
    byline = _take_byline(paragraphs)
    images = _take_caption(paragraphs)
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


def _take_byline(paragraphs: list[str]) -> Byline:
    """The byline that heads the text, if one does."""
    if len(paragraphs) > 1 and _BYLINE.match(paragraphs[0]):
        return read_names(split_names(paragraphs.pop(0)))
    return Byline()


def _take_caption(paragraphs: list[str]) -> tuple[Image, ...]:
    """The lead picture's caption, which only its credit tells from a paragraph."""
    if len(paragraphs) > 1:
        caption, credit = split_caption(paragraphs[0])
        if credit:
            paragraphs.pop(0)
            return (Image(caption=caption, credit=credit),)
    return ()
