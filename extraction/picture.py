"""Reads an article's pictures: address, caption and credit apart."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from lxml.html import HtmlElement

from extraction.agency import AGENCIES
from extraction.linked_data import clean_markup
from extraction.prose import tidy_or_none
from schemas.article import Image
from sites.character import clean_characters
from sites.structure import PageRules

CAPTION_CHARS = 400
"""The longest caption with its credit that is told from a paragraph of text."""

# A word with a capital, initials, or a site's name (`Kremlin.ru`): a full stop otherwise ends a caption's sentence.
_NAME = r"(?:(?:[A-ZА-ЯЁ]\.)+|[A-ZА-ЯЁ][\w'’-]*(?:\.[a-z]{2,3}\b)?)"
# Of whom, and by whose leave: `/ EPA / TASS`.
_OWNERS = r"(?:\s?/\s?[\w .-]{2,40})"
_AGENCY = "|".join(re.escape(name) for name in sorted(set(AGENCIES.values())))
_CREDIT = re.compile(
    # A sentence, then two to four capitalised words without a full stop, or any short words with a slash, or an agency
    # or a site by itself; with a slash, also right behind the full stop.
    r"^(?P<caption>.+?[.!?][”\"’')]?)"
    rf"(?:\s+(?P<credit>{_NAME}(?:\s{_NAME}){{1,3}}{_OWNERS}{{0,3}}|[\w'’-]{{1,40}}(?:\s[\w'’-]+){{0,3}}{_OWNERS}{{1,3}}"
    rf"|{_AGENCY}|[\w-]{{2,40}}\.(?:ru|com|org|net))"
    rf"|(?<=[a-zа-яё][.!?])(?P<glued>{_NAME}(?:\s{_NAME}){{0,3}}{_OWNERS}{{1,3}}))$"
)
_BARE_CREDIT = re.compile(rf"^{_NAME}(?:\s{_NAME}){{0,3}}(?:\s/\s{_NAME}(?:\s{_NAME}){{0,3}}){{1,3}}$")


def read_images(container: HtmlElement, rules: PageRules, base_url: str | None) -> Iterator[Image]:
    """The pictures in the page's order; layout pictures by themselves are none.

    What is said of a picture stands in its figure, or in the attributes of the box around it.
    """
    for figure in rules.figures(container):
        source = figure.find(".//img")
        named = rules.credits(figure)
        caption = _read_data(figure, "caption") or _first_text(rules.captions(figure)) or _bare_caption(figure, named)
        credit = _read_data(figure, "credits") or _first_text(named)
        caption = caption or _read_data(figure, "title")
        if caption and not credit:
            caption, credit = split_caption(caption)
        yield Image(url=_address(source, base_url), caption=caption, credit=credit)


def _read_data(box: HtmlElement, name: str) -> str | None:
    """What the box around a gallery's picture says of it."""
    return clean_markup(box.get(f"data-image-{name}") or "") or None


def split_caption(text: str) -> tuple[str | None, str | None]:
    """Caption and credit of one line, where its end is a credit: `A rally in Amman. Muhammad Hamed`."""
    if _BARE_CREDIT.match(text):
        return None, text
    match = _CREDIT.match(text) if len(text) <= CAPTION_CHARS else None
    return (match["caption"], match["credit"] or match["glued"]) if match else (text, None)


def _bare_caption(figure: HtmlElement, named: list[HtmlElement]) -> str | None:
    """The whole caption where it is not in parts."""
    element = figure.find(".//figcaption")
    return None if element is None or named else tidy_or_none("".join(element.itertext()))


def _first_text(elements: list[HtmlElement]) -> str | None:
    return next((text for element in elements if (text := tidy_or_none("".join(element.itertext())))), None)


def _address(image: HtmlElement | None, base_url: str | None) -> str | None:
    return resolve(image.get("data-src") or image.get("src") or "", base_url) if image is not None else None


def resolve(source: str, base_url: str | None) -> str | None:
    """A picture's address as a whole one; None where none is given."""
    source = clean_characters(source).strip()
    if not source or source.startswith("data:"):
        return None
    if source.startswith("https://"):
        return source
    try:
        return urljoin(base_url or "", source)
    except ValueError:
        return None
