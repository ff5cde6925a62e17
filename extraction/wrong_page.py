"""Tells the pages that stand at an article's address and are no article: missing, refused, the home page."""

import re
from collections.abc import Iterator

from lxml.etree import XPath
from lxml.html import HtmlElement

from extraction.metadata import Metadata
from extraction.prose import tidy
from schemas.address import Identity
from schemas.article import Unreadable
from sites.profile import Site

BLOCK_PAGE_CHARS = 3000
"""A page that keeps readers out says so briefly; an article about such pages is longer, or has a container."""

BODY_CHARS = 1500
"""Of running text: no page that merely says "Oops!" has that many, with whatever else it offers to read."""

SHORT_BODY_CHARS = 300
"""Of running text: enough for an article whose headline has more words than "Access Denied"."""

PROSE_CHARS = 40
"""A paragraph with fewer is a line of a menu, or the one sentence of such a page."""

BARE_PAGE_CHARS = 600
"""On a page with no more text than that, a line anywhere on it says what a heading says elsewhere."""

LINE_CHARS = 160
"""A heading, or one sentence."""

REST_CHARS = 12
"""Beside the telling words of a title: ` | Cloudflare` has 13, and they count double."""

_BLOCKED = re.compile(
    r"just a moment|attention required|access (?:to this page )?(?:is |has been )?denied|are you (?:a )?(?:human|robot)"
    r"|captcha|checking your browser|verify(?:ing)? (?:that )?you are (?:a )?human|before you continue|request blocked"
    r"|security check|one more step|403 forbidden|ddos",
    re.IGNORECASE,
)
_OOPS = re.compile(r"^\W*(?:oops|упс)(?!\w)", re.IGNORECASE)
_MISSING = re.compile(
    r"^\W*(?:(?:sorry|oh no|error|ошибка|fehler)\W+)?(?:404(?!\w)|not\s+found\W*$"
    r"|(?:(?:the|this|that|your|requested|we|could|can|can['’]?t|couldn['’]?t|not|find)\s+)*"
    r"(?:page|article|story|content|file|document)\s+"
    r"(?:(?:you\s+\w+\s+looking\s+for|is|was|were|could|can|has|been|be)\s+)*"
    r"(?:not\s+(?:be\s+)?found|not\s+available|unavailable|no\s+longer\s+\w+|removed|deleted|missing"
    r"|does\s?n['’]t\s+exist|does\s+not\s+exist|cannot\s+be\s+found|can['’]t\s+be\s+found)(?!\w)"
    r"|(?:такой\s+)?страниц[аы]\s+(?:\w+\s+)?(?:не\s+найден|не\s+существует|нет|удалена|недоступна)"
    r"|seite\s+(?:wurde\s+)?nicht\s+gefunden|page\s+(?:introuvable|non\s+trouvée)|página\s+no\s+encontrada)",
    re.IGNORECASE,
)
_H1 = XPath("descendant::h1")
_TEXTS = XPath(
    "descendant::body//text()[not(parent::script or parent::style or parent::noscript)]", smart_strings=False
)
_PARAGRAPHS = XPath("descendant::p[not(ancestor::footer or ancestor::nav or ancestor::aside)]")


def find_wrong_page(
    tree: HtmlElement, container: HtmlElement | None, metadata: Metadata, site: Site, answered: Identity | None
) -> Unreadable | None:
    """Why a page is no article, where it is none; `answered` is whose address its canonical link is."""
    if container is not None and any(content.text_content().strip() for content in site.page.content(container)):
        return None
    if not any(text.strip() for text in tree.itertext()):
        return Unreadable(reason="empty-page", detail="no text in it")
    if says_article(metadata):
        return None
    if site.hosts and answered and answered.rule == "home-page":
        return Unreadable(reason="home-page", detail=metadata.title or "")
    return _judge(tree, " ".join(tree.text_content().split()), metadata, site)


def says_article(metadata: Metadata) -> bool:
    """Whether a page says of itself that it is an article: no error page names a headline or a day for itself."""
    return bool(metadata.json_ld.get("headline") or metadata.meta.get("article:published_time"))


def _judge(tree: HtmlElement, text: str, metadata: Metadata, site: Site) -> Unreadable | None:
    limit = _find_limit(_list_lines(tree, text, metadata), (_OOPS, _MISSING))
    if site.page.missing and _shows(text, site.page.missing):
        limit = BODY_CHARS
    if limit and _count_prose(tree, site) < limit:
        return Unreadable(reason="soft-404", detail=metadata.title or "")
    limit = _find_limit(_list_titles(tree, metadata), (_BLOCKED,)) if len(text) <= BLOCK_PAGE_CHARS else 0
    if limit and _count_prose(tree, site) < limit:
        return Unreadable(reason="block-page", detail=metadata.title or "")
    return None


def _find_limit(lines: Iterator[str], patterns: tuple[re.Pattern[str], ...]) -> int:
    """How much running text makes an article in spite of these lines; 0 where none fits."""
    found = [(line, match) for line in lines for pattern in patterns if (match := pattern.search(line))]
    if not found:
        return 0
    # `Oops!` and `Access Denied | Example` say all that such a page has to say; `Access Denied: A Story` does not.
    is_all = any(len(line) < 2 * len(match.group()) + REST_CHARS for line, match in found)
    return BODY_CHARS if is_all else SHORT_BODY_CHARS


def _list_titles(tree: HtmlElement, metadata: Metadata) -> Iterator[str]:
    yield metadata.title or ""
    yield from (tidy("".join(h1.itertext())) for h1 in _H1(tree)[:3])


def _list_lines(tree: HtmlElement, text: str, metadata: Metadata) -> Iterator[str]:
    """Headings; where one of the words for "oops" stands, or hardly anything else, each line of text."""
    yield from _list_titles(tree, metadata)
    plain = text.lower()
    is_bare = len(text) <= BARE_PAGE_CHARS
    if is_bare or "oops" in plain or "упс" in plain:
        for line in map(tidy, _TEXTS(tree)):
            if len(line) <= LINE_CHARS and (is_bare or _OOPS.match(line)):
                yield line


def _count_prose(tree: HtmlElement, site: Site) -> int:
    """The characters of running text that are no furniture."""
    lines = [tidy("".join(paragraph.itertext())) for paragraph in _PARAGRAPHS(tree)]
    kept = site.boilerplate.remove([line for line in lines if len(line) >= PROSE_CHARS]).paragraphs
    return sum(map(len, kept))


def _shows(text: str, sentences: tuple[str, ...]) -> bool:
    """Whether all these sentences (in lower case) stand in a text."""
    plain = text.lower().replace("’", "'")
    return all(sentence in plain for sentence in sentences)
