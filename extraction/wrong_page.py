"""Tells the pages that stand at an article's URL and are no article: missing, refused, the home page."""

import re
from collections.abc import Iterator

from lxml.etree import XPath
from lxml.html import HtmlElement

from extraction.identification import PageIdentity
from extraction.metadata import Metadata
from extraction.normalization import tidy
from extraction.parsed import Page
from schemas.article import Unreadable
from sites.profile import Site

BLOCK_PAGE_CHARS = 3000
"""A page that keeps readers out says so briefly; an article about such pages is longer, or has a container."""

BODY_CHARS = 1500
"""Of running text: no page that merely says "Oops!" has that many, with whatever else it offers to read."""

SHORT_BODY_CHARS = 300
"""Of running text: enough for an article whose headline has more words than "Access Denied"."""

RUNNING_TEXT_CHARS = 40
"""A paragraph with fewer is a line of a menu, or the one sentence of such a page."""

BARE_PAGE_CHARS = 600
"""On a page with no more text than that, a line anywhere on it says what a heading says elsewhere."""

ARTICLE_CHARS = 600
"""Of running text: what a known publisher's page has less of, and no part of an article's page, is no article."""

CARD_COUNT = 3
"""An article's page shows four cards below its text; it has a container, or names its headline."""

NO_URL_RULES = frozenset({"foreign-host", "malformed-address", "other-page", "static-page", "partner-content"})
"""What an article's page may name as its own all the same: it says nothing of what the page is."""

LINE_CHARS = 160
"""A heading, or one sentence."""

REST_CHARS = 12
"""Beside the telling words of a title: ` | Cloudflare` has 13, and they count double."""

_BLOCKED = re.compile(
    r"just a moment|attention required|access (?:to this page )?(?:is |has been )?denied|are you (?:a )?(?:human|robot)"
    r"|captcha|checking your browser|verify(?:ing)? (?:that )?you are (?:a )?human|before you continue|request blocked"
    r"|security check|one more step|403 forbidden|ddos|you have been blocked|(?:we value|about) your privacy"
    r"|enable javascript and cookies|доступ\b[^.]{0,60}\bограничен|^\W*+redirecting\b|(?:under|down for) maintenance"
    r"|bad gateway|service (?:temporarily )?unavailable|gateway time-?out"
    r"|web server (?:is down|returned an unknown error)"
    r"|\berror(?: code)?:? 5\d\d\b|^\W*+5(?:0[0-4]|2\d)\b",
    re.IGNORECASE,
)
_OOPS = re.compile(r"^\W*+(?:oops|упс)(?!\w)", re.IGNORECASE)
_MISSING = re.compile(
    r"^\W*+(?:(?:sorry|oh no|error|ошибка|fehler)\W+)?(?:404(?!\w)|not\s+found\W*$"
    r"|(?:(?:the|this|that|your|requested|we|could|can|can['’]?t|couldn['’]?t|not|find)\s+)*"
    r"(?:page|article|story|content|file|document)\s+"
    r"(?:(?:you\s+\w+\s+looking\s+for|is|was|were|could|can|has|been|be)\s+)*"
    r"(?:not\s+(?:be\s+)?found|not\s+available|unavailable|no\s+longer\s+\w+|removed|deleted|missing"
    r"|does\s?n['’]t\s+exist|does\s+not\s+exist|cannot\s+be\s+found|can['’]t\s+be\s+found)(?!\w)"
    r"|(?:такой\s+)?страниц[аы]\s+(?:\w+\s+)?(?:не\s+найден|не\s+существует|нет|удалена|недоступна)"
    r"|(?:the\s+)?wayback\s+machine\s+(?:has\s+not|hasn['’]t)\s+archived"
    r"|seite\s+(?:wurde\s+)?nicht\s+gefunden|page\s+(?:introuvable|non\s+trouvée)|página\s+no\s+encontrada)",
    re.IGNORECASE,
)
_H1 = XPath("descendant::h1")
_TEXTS = XPath(
    "descendant::body//text()[not(parent::script or parent::style or parent::noscript)]", smart_strings=False
)
_BESIDE = "ancestor::footer or ancestor::nav or ancestor::aside or ancestor::*[contains(@class, 'article-excerpt')]"
_PARAGRAPHS = XPath(f"descendant::p[not({_BESIDE})]")
_LOOSE_TEXTS = XPath(
    f"descendant::body//text()[not(parent::script or parent::style or parent::noscript or ancestor::p or {_BESIDE})]",
    smart_strings=False,
)
_CARDS = XPath("descendant::*[starts-with(@class, 'article-excerpt')]")


def find_wrong_page(page: Page) -> Unreadable | None:
    """Why a page is no article, where it is none, or is another article's."""
    return _find_no_article(page) or _find_other_article(page.identity, page.site)


def _find_no_article(page: Page) -> Unreadable | None:
    container, metadata, site, stated = page.container, page.metadata, page.site, page.identity.stated
    if container is not None and _has_text(page.select(site.page.content)):
        return _find_missing(container, metadata, site, SHORT_BODY_CHARS)
    tree = page.tree
    if not any(text.strip() for text in tree.itertext()):
        return Unreadable(reason="empty-page", detail="no text in it")
    if says_article(metadata):
        return None
    if site.hosts and stated and stated.rule == "home-page":
        return Unreadable(reason="home-page", detail=metadata.title or "")
    if site.hosts and stated and stated.rule and stated.rule not in NO_URL_RULES:
        return Unreadable(reason="listing-page", detail=stated.rule)
    return (
        _find_missing(tree, metadata, site, None)
        or _judge(tree, " ".join(tree.text_content().split()), metadata, site)
        or (_find_articleless(tree, metadata, site) if container is None and site.hosts else None)
    )


def _find_other_article(identity: PageIdentity, site: Site) -> Unreadable | None:
    """The page names another article as its own: a redirect led astray. A generic id is a mere URL."""
    fetched, stated = identity
    if fetched is None or stated is None or not site.editions:
        return None
    if fetched.id and stated.id and fetched.id != stated.id:
        return Unreadable(reason="other-article", detail=f"{stated.id} at {fetched.url}")
    return None


def _has_text(contents: list[HtmlElement]) -> bool:
    return any(not text.isspace() for content in contents for text in content.itertext())


def says_article(metadata: Metadata) -> bool:
    """Whether a page says of itself that it is an article: no error page names a headline or a day for itself."""
    return bool(metadata.json_ld.get("headline") or metadata.meta.get("article:published_time"))


def _find_missing(element: HtmlElement, metadata: Metadata, site: Site, limit: int | None) -> Unreadable | None:
    """The publisher's own page for what is missing: its sentences are lines by themselves, whatever else there is.

    `limit`: how much running text makes an article in spite of them.
    """
    if not site.page.missing or says_article(metadata) or not _shows(element.text_content(), site.page.missing):
        return None
    told: set[str] = set()
    for line in map(_plain, element.itertext()):
        rest, found = line, [sentence for sentence in site.page.missing if sentence in line]
        for sentence in found:
            rest = rest.replace(sentence, "")
        if not any(map(str.isalnum, rest)):
            told.update(found)
    if len(told) < len(site.page.missing) or (limit is not None and _count_running_text(element, site) >= limit):
        return None
    return Unreadable(reason="soft-404", detail=metadata.title or "")


def _find_articleless(tree: HtmlElement, metadata: Metadata, site: Site) -> Unreadable | None:
    """A known publisher's page without any part of an article's: cards of articles, or hardly any text."""
    prose_chars = max(_count_running_text(tree, site), _count_loose(tree))
    card_count = len(_CARDS(tree))
    if card_count >= CARD_COUNT and prose_chars < BODY_CHARS:
        return Unreadable(reason="listing-page", detail=f"{card_count} cards")
    if prose_chars >= ARTICLE_CHARS or any(name.startswith("article:") for name in metadata.meta):
        return None
    if any(_BLOCKED.search(tidy(text)) for text in _TEXTS(tree)):
        return Unreadable(reason="block-page", detail=metadata.title or "")
    return Unreadable(reason="empty-page", detail=f"{prose_chars} characters of running text")


def _judge(tree: HtmlElement, text: str, metadata: Metadata, site: Site) -> Unreadable | None:
    limit = _find_limit(_list_lines(tree, text, metadata), (_OOPS, _MISSING))
    if site.page.missing and _shows(text, site.page.missing):
        limit = BODY_CHARS
    if limit and _count_running_text(tree, site) < limit:
        return Unreadable(reason="soft-404", detail=metadata.title or "")
    limit = _find_limit(_list_titles(tree, metadata), (_BLOCKED,)) if len(text) <= BLOCK_PAGE_CHARS else 0
    if limit and _count_running_text(tree, site) < limit:
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


def _count_running_text(tree: HtmlElement, site: Site) -> int:
    """The characters of running text that are no furniture."""
    lines = [tidy("".join(paragraph.itertext())) for paragraph in _PARAGRAPHS(tree)]
    kept = site.boilerplate.remove([line for line in lines if len(line) >= RUNNING_TEXT_CHARS]).paragraphs
    return sum(map(len, kept))


def _count_loose(tree: HtmlElement) -> int:
    """The characters of running text outside of paragraphs: old pages part them by line breaks."""
    return sum(len(line) for line in map(tidy, _LOOSE_TEXTS(tree)) if len(line) >= RUNNING_TEXT_CHARS)


def _plain(text: str) -> str:
    return tidy(text).lower().replace("’", "'")


def _shows(text: str, sentences: tuple[str, ...]) -> bool:
    """Whether all these sentences (in lower case) stand in a text."""
    plain = _plain(text)
    return all(sentence in plain for sentence in sentences)
