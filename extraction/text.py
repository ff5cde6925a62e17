"""Reads plain text as somebody's crawler left it: the page's furniture included, URL and date unknown."""

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
from sites import SITES, get_site
from sites.profile import Site

HEADLINE_CHARS = 150
"""The longest slug seen has 153 characters, and a slug has hyphens for its headline's spaces."""

_CONTROL_SHARE = 0.01
"""More control characters than that, and it is no text."""

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_SENTENCE_END = re.compile(r"[.:;,…][\"'”’»)]*$")
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DATE_LINE = re.compile(
    rf"(?:(?:Last )?(?:Updated|Published)(?: on| at)?:?\s*)?(?:{_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH}),? \d{{4}}"
    r"(?:,?(?: at| [-–—|])? \d{1,2}:\d{2}(?: ?[AaPp]\.?[Mm]\.?)?(?: [A-Z]{2,5})?)?\.?"
)
"""The line below a byline: `Updated: June 29, 2024`."""
# A caption's one sentence. An initial or an abbreviation ends none: `J.`, `U.S.`, `St.`
_CAPTION = re.compile(r"(?>[^.!?]|(?<=[A-Z])\.|(?<=\b[A-Z][a-z])\.|\.(?=[\w,]))*(?<=[^\W_]{4})\.")


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
    return _build(kept, site, {"appeal-removed"} if cleaned.has_lone_appeal else set())


def part_paragraphs(text: str) -> list[str]:
    """The paragraphs: parted by blank lines, and by each line break that is not one of text wrapped by hand."""
    blocks = _BLANK_LINES.split(text.strip("\ufeff\n "))
    return join_wrapped([[line for raw in block.split("\n") if (line := tidy(raw))] for block in blocks])


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
    return len(first) <= HEADLINE_CHARS and not _SENTENCE_END.search(first) and not _list_names(first)


def _build(paragraphs: list[str], site: Site, flags: set[str]) -> Draft:
    flags = {*flags, "published-at-missing"}
    sources = {"body": "text"}
    headline = paragraphs.pop(0) if is_headline(paragraphs) else None
    if headline:
        sources["headline"] = "text"
    else:
        flags.add("headline-missing")
    byline = _take_byline(paragraphs)
    if (byline.authors or byline.agencies) and len(paragraphs) > 1 and _DATE_LINE.fullmatch(paragraphs[0]):
        paragraphs.pop(0)  # it names no hour and no zone, and often the day of an update
    # Without a headline above it, the first paragraph is the text's.
    images = _take_caption(paragraphs) if headline else ()
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
    """The names in a byline; none in any other line."""
    if not line.startswith("By ") or len(line) > HEADLINE_CHARS:
        return []
    names = split_names(line)
    return names if all(map(is_name, names)) else []


def _take_byline(paragraphs: list[str]) -> Byline:
    """The byline that heads the text, if one does."""
    names = _list_names(paragraphs[0]) if len(paragraphs) > 1 else []
    if names:
        paragraphs.pop(0)
    return read_names(names)


def _take_caption(paragraphs: list[str]) -> tuple[Image, ...]:
    """The lead picture's caption, which only its credit tells from a paragraph: one sentence, then a name."""
    if len(paragraphs) > 1:
        caption, credit = split_caption(paragraphs[0])
        if credit and (caption is None or "/" in credit or _CAPTION.fullmatch(caption)):
            paragraphs.pop(0)
            return (Image(caption=caption, credit=credit),)
    return ()
