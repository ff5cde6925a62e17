"""Extract an article's pictures, with URL, caption and credit."""

import re
from collections.abc import Iterator
from copy import deepcopy
from urllib.parse import urljoin

from lxml.html import HtmlElement

from extraction.agency import AGENCIES
from extraction.linked_data import clean_markup
from extraction.paragraph import render_line
from extraction.tree import drop
from schemas.article import Image
from sites.character import clean_characters
from sites.structure import PageRules

DATA_PREFIX = "data-image-"

MAX_CAPTION_CHARS = 400
"""Maximum characters of a caption with its credit; longer ones cannot be told from a paragraph."""

# A capitalised word, initials, or a domain (`Kremlin.ru`). Any other full stop ends a caption's sentence.
_NAME = r"(?:(?:[A-ZА-ЯЁ]\.)+|[A-ZА-ЯЁ][\w'’-]*(?:\.[a-z]{2,3}\b)?)"
# The owners of a picture: `/ EPA / TASS`.
_OWNERS = r"(?:\s?/\s?[\w .-]{2,40})"
_AGENCY = "|".join(re.escape(name) for name in sorted(set(AGENCIES.values())))
_CREDIT = re.compile(
    # A sentence, then two to four capitalised words without a full stop, any short words with a slash, or just an
    # agency or a domain; with a slash, also directly after the full stop.
    r"^(?P<caption>.+?[.!?][”\"’')]?)"
    rf"(?:\s+(?P<credit>{_AGENCY}|{_NAME}(?:\s{_NAME}){{1,3}}(?P<owners>{_OWNERS}{{0,3}})"
    rf"|[\w'’-]{{1,40}}(?:\s[\w'’-]+){{0,3}}{_OWNERS}{{1,3}}"
    rf"|[\w-]{{2,40}}\.(?:ru|com|org|net))"
    rf"|(?<=[a-zа-яё][.!?])(?P<glued>{_NAME}(?:\s{_NAME}){{0,3}}{_OWNERS}{{1,3}}))$"
)
_BARE_CREDIT = re.compile(rf"^{_NAME}(?:\s{_NAME}){{0,3}}(?:\s/\s{_NAME}(?:\s{_NAME}){{0,3}}){{1,3}}$")


def read_images(container: HtmlElement, rules: PageRules, base_url: str | None) -> Iterator[tuple[Image, str]]:
    """Yield the pictures in page order, each with its source; pictures without a figure are skipped as layout.

    Caption and credit are in the figure, or in the attributes of the box around it.
    """
    for figure in rules.figures(container):
        is_gallery = any(name.startswith(DATA_PREFIX) for name in figure.attrib)
        caption = _read_data(figure, "caption") or _read_caption(figure, rules) or _read_data(figure, "title")
        credit = _read_data(figure, "credits") or next(filter(None, map(render_line, rules.credits(figure))), None)
        if caption and not credit and figure.get(f"{DATA_PREFIX}credits") is None:  # an empty attribute means no credit
            caption, credit = split_caption(caption, takes_names=False)
        image = Image(url=_find_url(figure.find(".//img"), base_url), caption=caption, credit=credit)
        yield image, "gallery" if is_gallery else "page"


def _read_data(box: HtmlElement, name: str) -> str | None:
    """Return a data attribute of the box around a gallery's picture."""
    return clean_markup(box.get(f"{DATA_PREFIX}{name}") or "") or None


def _read_caption(figure: HtmlElement, rules: PageRules) -> str | None:
    """Return the element marked as caption, or else the whole `figcaption`, without the credit."""
    for element in (*rules.captions(figure), *figure.iter("figcaption")):
        shown = deepcopy(element) if len(element) else element
        for credit in rules.credits(shown):
            drop(credit)
        if text := render_line(shown):
            return text
    return None


def split_caption(text: str, *, takes_names: bool = True) -> tuple[str | None, str | None]:
    """Split a line that ends in a credit into caption and credit: `A rally in Amman. Muhammad Hamed`.

    `takes_names`: accept two capitalised words as a credit, not only a slash, an agency or a domain. Pages have a
    separate element for credits, and two such words may end a caption.
    """
    if _BARE_CREDIT.match(text):
        return None, text
    match = _CREDIT.match(text) if len(text) <= MAX_CAPTION_CHARS else None
    if match is None or (match["owners"] == "" and not takes_names):
        return text, None
    return match["caption"], match["credit"] or match["glued"]


def _find_url(image: HtmlElement | None, base_url: str | None) -> str | None:
    return resolve(image.get("data-src") or image.get("src") or "", base_url) if image is not None else None


def resolve(source: str, base_url: str | None) -> str | None:
    """Return a picture's absolute URL; None if there is none."""
    source = clean_characters(source).strip()
    if not source or source.startswith("data:"):
        return None
    if source.startswith("https://"):
        return source
    try:
        return urljoin(base_url or "", source)
    except ValueError:
        return None
