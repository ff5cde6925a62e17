"""Choose the authors of an article."""

import re
from collections.abc import Iterator
from itertools import takewhile

from lxml.etree import XPath, iterwalk
from lxml.html import HtmlElement

from boilerplate.remover import squeeze
from extraction.byline import Byline, clean_names, read_names, split_loose, split_names
from extraction.linked_data import read_texts
from extraction.normalization import tidy
from extraction.parsed import Page
from extraction.person_name import is_name, is_person

META_NAMES = (
    "article:author",
    "og:article:author",
    "author",
    "authors",
    "parsely-author",
    "sailthru.author",
    "byl",
    "citation_author",
    "dc.creator",
    "dcterms.creator",
)
"""Names of meta tags, best first."""

_LOOSE_BYLINES = XPath(
    "descendant::*[contains(@class, 'byline') and not(self::time or ancestor::*[contains(@class, 'byline')])]"
)
_AUTHOR_LINKS = XPath("descendant::a[@rel='author' or contains(@href, '/author/') or contains(@href, '/authors/')]")
"""Bylines with markup that the site's rules do not know."""

_BUTTONS = re.compile(r"\b(?:facebook|twitter|instagram|linkedin|share|follow|subscribe)\b", re.IGNORECASE)
MAX_BYLINE_CHARS = 100
"""Maximum characters of a byline that an unknown page shows: longer texts are an author's biography."""

_SHOWN_BYLINES = XPath(
    "descendant::*[self::a or self::span or self::p or self::div or self::li or self::address]"
    "[@rel='author' or @itemprop='author' or contains(@class, 'byline') or contains(@class, 'author')"
    " or contains(@class, 'autor') or contains(@href, '/author/') or contains(@href, '/authors/')"
    " or contains(@href, '/autor/') or contains(@href, '/autoren/') or contains(@href, '/auteur/')]"
    "[not(ancestor::aside or ancestor::footer or ancestor::nav)]"
)
"""Bylines that an unknown page shows, in page order. Those of other articles stand below or beside the page's own."""


def choose_byline(page: Page) -> Byline:
    """Return all authors. A known publisher's byline has precedence: JSON-LD and meta only name the first author."""
    return _choose_unknown(page) if page.is_unknown else _choose_known(page)


def _choose_known(page: Page) -> Byline:
    for names, source in _list_known(page):
        found = read_names(names)
        if found.authors or found.agencies:
            if source != "byline":
                page.flags.add("byline-missing")
            return _record(page, found, source)
    page.flags.add("authors-missing")
    return Byline()


def _list_known(page: Page) -> Iterator[tuple[list[str], str]]:
    rules = page.site.page
    lines = page.select(rules.byline)
    heading = _list_heading(page, lines) if len(lines) > 1 else lines
    yield [name for line in heading for name in _read_line(line, rules.byline_names(line))], "byline"
    for line in lines:
        if line not in heading:
            yield list(_read_line(line, rules.byline_names(line))), "byline"
    for line in _list_heading(page, page.select(_LOOSE_BYLINES)):
        yield list(_read_loose_line(line)), "byline"
    yield (
        [name for link in _list_heading(page, page.select(_AUTHOR_LINKS)) for name in _read_loose_line(link)],
        "byline",
    )
    yield _split_all(read_texts(page.metadata.json_ld.get("author"))), "json-ld"
    for written in _list_metas(page):
        yield _split_all(written), "meta"


def _list_heading(page: Page, lines: list[HtmlElement]) -> list[HtmlElement]:
    """Return the elements above the text; those within or below it may belong to another article."""
    if page.container is None or not lines:
        return []
    wanted, texts = frozenset(lines), frozenset(_list_texts(page))
    return [
        found for found in takewhile(lambda element: element not in texts, page.container.iter()) if found in wanted
    ]


def _list_texts(page: Page) -> Iterator[HtmlElement]:
    """Yield the content elements; for one that includes a gallery's header, its blocks instead."""
    rules = page.site.page
    headlines = [set(headline.iterancestors()) for headline in page.select(rules.headline)]
    for content in page.select(rules.content):
        yield from rules.list_blocks(content) if any(content in around for around in headlines) else [content]


def _read_loose_line(line: HtmlElement) -> Iterator[str]:
    """Yield what is certainly a name in a byline of unknown markup, or in an author link."""
    marked = [] if line.tag == "a" else [link for link in line.iter("a") if "".join(link.itertext()).strip()]
    for name in _read_line(line, marked):
        if is_name(name) or read_names([name]).agencies:
            yield name


def _read_line(line: HtmlElement, marked: list[HtmlElement]) -> Iterator[str]:
    """Yield the names of a byline: marked ones, and unmarked ones between them."""
    if not marked:
        yield from split_names("".join(line.itertext()))
        return
    loose = ""
    for text, is_marked in _list_pieces(line, frozenset(marked)):
        if not is_marked:
            loose += text
            continue
        yield from split_loose(loose)
        loose = ""
        yield from split_names(text)
    yield from split_loose(loose)


def _list_pieces(line: HtmlElement, marked: frozenset[HtmlElement]) -> Iterator[tuple[str, bool]]:
    """Yield the texts of a byline in order, and whether each is a marked name."""
    inside: HtmlElement | None = None
    for event, element in iterwalk(line, ("start", "end")):
        if event == "start" and inside is None:
            inside = element if element in marked else None
            yield ("".join(element.itertext()), True) if inside is element else (element.text or "", False)
        elif event == "end":
            inside = None if inside is element else inside
            if inside is None and element is not line:
                tail = element.tail or ""
                yield f" {tail}" if tail.strip() else ", ", False  # adjacent elements are separate items


def _split_all(names: list[str]) -> list[str]:
    return [part for name in names for part in split_names(name)]


def _choose_unknown(page: Page) -> Byline:
    """Return the first byline with a person or an agency, else one that names the publisher."""
    publishers: list[tuple[Byline, str]] = []
    for names, source in _list_unknown(page):
        found = read_names(clean_names(names))
        houses = {squeeze(name) for byline, _ in publishers for name in byline.authors}
        persons = tuple(name for name in found.authors if squeeze(name) not in houses and not _is_house(name, page))
        # Once the publisher is named, only a full name is better.
        if found.agencies or (any(map(is_person, persons)) if publishers else persons):
            return _record(page, Byline(persons, found.agencies), source)
        if found.authors:
            publishers.append((found, source))
    if publishers:
        return _record(page, *publishers[0])
    page.flags.add("authors-missing")
    return Byline()


def _list_unknown(page: Page) -> Iterator[tuple[list[str], str]]:
    ld = page.metadata.json_ld
    yield [*read_texts(ld.get("author")), *([] if ld.get("author") else read_texts(ld.get("creator")))], "json-ld"
    for written in _list_metas(page):
        yield written, "meta"
    yield list(page.microdata.get("author", ())), "microdata"
    yield _list_shown(page), "byline"
    yield (page.guess_author() or "").split("; "), "trafilatura"


def _list_shown(page: Page) -> list[str]:
    """Return the names in the first byline with a person that an unknown page shows, or in the line above its text."""
    for line in (*_SHOWN_BYLINES(page.tree), *_find_leading_names(page)):
        text = tidy(" ".join(line.itertext()))
        if len(text) > MAX_BYLINE_CHARS or _BUTTONS.search(text):
            continue
        found = [name for name in clean_names([text]) if is_person(name) or read_names([name]).agencies]
        persons = [name for name in read_names(found).authors if is_person(name)]
        if persons and not any(_is_house(name, page) for name in persons):
            return found
    return []


def _find_leading_names(page: Page) -> Iterator[HtmlElement]:
    """Yield the paragraphs in bold right before a text's first sentences: some publishers put their byline there."""
    for paragraph in page.tree.iter("p"):
        text = tidy("".join(paragraph.itertext()))
        if len(text) > MAX_BYLINE_CHARS:
            return
        if any(tidy("".join(bold.itertext())) == text for bold in paragraph.iter("strong", "b")):
            yield paragraph


def _list_metas(page: Page) -> Iterator[list[str]]:
    for name in META_NAMES:
        written = [value for value in page.metadata.metas.get(name, ()) if "://" not in value]
        if written:
            yield [_reverse_name(value) for value in written] if name == "citation_author" else written


def _reverse_name(name: str) -> str:
    """Return `Jane Doe` for `Doe, Jane`, the form used in citations."""
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma and "," not in given else name


def _is_house(name: str, page: Page) -> bool:
    """Whether a name is the publisher's, or that of its host: `mdr.de`, `MDR Online`."""
    if page.publisher and squeeze(name) == squeeze(page.publisher):
        return True
    host = page.host_name
    return host is not None and not is_person(name) and squeeze(host) in squeeze(name)


def _record(page: Page, found: Byline, source: str) -> Byline:
    page.record_source("authors" if found.authors else "agencies", source)
    if found.agencies:
        page.record_source("agencies", source)
    return found
