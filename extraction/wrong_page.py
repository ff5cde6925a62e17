"""Detect pages at an article's URL that are not the article: missing, blocked, the home page, another article."""

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
"""Maximum characters of a block page; an article about such pages is longer, or has a container."""

BODY_CHARS = 1500
"""Characters of running text that no "Oops!" page has, including its links to other articles."""

SHORT_BODY_CHARS = 300
"""Characters of running text that suffice for an article whose headline has more words than "Access Denied"."""

MIN_RUNNING_TEXT_CHARS = 40
"""Minimum characters of a paragraph of running text; a shorter one is a menu item, or the page's only sentence."""

BARE_PAGE_CHARS = 600
"""On a page with at most this much text, every line is treated like a heading."""

MIN_ARTICLE_CHARS = 600
"""Minimum characters of running text of an article without any of a known publisher's article elements."""

CARD_COUNT = 3
"""Cards of other articles that make a listing. An article's page has four, but also a container or a headline."""

NO_URL_RULES = frozenset({"foreign-host", "malformed-address", "other-page", "static-page", "partner-content"})
"""Rules for URLs that an article's page may state as its own, and that therefore prove nothing."""

MAX_LINE_CHARS = 160
"""Maximum characters of a heading or one sentence."""

EXTRA_CHARS = 12
"""Characters allowed besides a title's matching words, which count double: ` | Cloudflare` has 13."""

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
    """Return the reason why a page is not an article, or is another article; otherwise None."""
    return _find_no_article(page) or _find_other_article(page.identity, page.site)


def _find_no_article(page: Page) -> Unreadable | None:
    container, metadata, site, stated = page.container, page.metadata, page.site, page.identity.stated
    if container is not None and _has_text(page.select(site.page.content)):
        return _find_missing(container, metadata, site, SHORT_BODY_CHARS)
    tree = page.tree
    if not any(text.strip() for text in tree.itertext()):
        return Unreadable(reason="empty-page", detail="no text in it")
    if declares_article(metadata):
        return None
    if site.hosts and stated and stated.rule == "home-page":
        return Unreadable(reason="home-page", detail=metadata.title or "")
    if site.hosts and stated and stated.rule and stated.rule not in NO_URL_RULES:
        return Unreadable(reason="listing-page", detail=stated.rule)
    return (
        _find_missing(tree, metadata, site, None)
        or _find_message_page(tree, " ".join(tree.text_content().split()), metadata, site)
        or (_find_articleless(tree, metadata, site) if container is None and site.has_page_rules else None)
    )


def _find_other_article(identity: PageIdentity, site: Site) -> Unreadable | None:
    """Detect a page that states another article as its own, after a wrong redirect. Generic ids are only URLs."""
    fetched, stated = identity
    if fetched is None or stated is None or not site.editions:
        return None
    if fetched.id and stated.id and fetched.id != stated.id:
        return Unreadable(reason="other-article", detail=f"{stated.id} at {fetched.url}")
    return None


def _has_text(contents: list[HtmlElement]) -> bool:
    return any(not text.isspace() for content in contents for text in content.itertext())


def declares_article(metadata: Metadata) -> bool:
    """Whether the metadata declares an article: error pages have no headline or publication time."""
    return bool(metadata.json_ld.get("headline") or metadata.meta.get("article:published_time"))


def _find_missing(element: HtmlElement, metadata: Metadata, site: Site, limit: int | None) -> Unreadable | None:
    """Detect the publisher's own page for missing articles, by its sentences as separate lines.

    `limit`: characters of running text that make it an article nevertheless.
    """
    if (
        not site.page.missing
        or declares_article(metadata)
        or not _contains_all(element.text_content(), site.page.missing)
    ):
        return None
    found_sentences: set[str] = set()
    for line in map(_normalize, element.itertext()):
        remaining, found = line, [sentence for sentence in site.page.missing if sentence in line]
        for sentence in found:
            remaining = remaining.replace(sentence, "")
        if not any(map(str.isalnum, remaining)):
            found_sentences.update(found)
    if len(found_sentences) < len(site.page.missing) or (
        limit is not None and _count_running_text(element, site) >= limit
    ):
        return None
    return Unreadable(reason="soft-404", detail=metadata.title or "")


def _find_articleless(tree: HtmlElement, metadata: Metadata, site: Site) -> Unreadable | None:
    """Detect a known publisher's page without article elements: cards of articles, or hardly any text."""
    text_chars = max(_count_running_text(tree, site), _count_loose(tree))
    card_count = len(_CARDS(tree))
    if card_count >= CARD_COUNT and text_chars < BODY_CHARS:
        return Unreadable(reason="listing-page", detail=f"{card_count} cards")
    if text_chars >= MIN_ARTICLE_CHARS or any(name.startswith("article:") for name in metadata.meta):
        return None
    if any(_BLOCKED.search(tidy(text)) for text in _TEXTS(tree)):
        return Unreadable(reason="block-page", detail=metadata.title or "")
    return Unreadable(reason="empty-page", detail=f"{text_chars} characters of running text")


def _find_message_page(tree: HtmlElement, text: str, metadata: Metadata, site: Site) -> Unreadable | None:
    limit = _find_limit(_list_lines(tree, text, metadata), (_OOPS, _MISSING))
    if site.page.missing and _contains_all(text, site.page.missing):
        limit = BODY_CHARS
    if limit and _count_running_text(tree, site) < limit:
        return Unreadable(reason="soft-404", detail=metadata.title or "")
    limit = _find_limit(_list_titles(tree, metadata), (_BLOCKED,)) if len(text) <= BLOCK_PAGE_CHARS else 0
    if limit and _count_running_text(tree, site) < limit:
        return Unreadable(reason="block-page", detail=metadata.title or "")
    return None


def _find_limit(lines: Iterator[str], patterns: tuple[re.Pattern[str], ...]) -> int:
    """Return how much running text makes an article despite these lines; 0 if none matches."""
    found = [(line, match) for line in lines for pattern in patterns if (match := pattern.search(line))]
    if not found:
        return 0
    # `Oops!` and `Access Denied | Example` are complete messages; `Access Denied: A Story` is not.
    is_all = any(len(line) < 2 * len(match.group()) + EXTRA_CHARS for line, match in found)
    return BODY_CHARS if is_all else SHORT_BODY_CHARS


def _list_titles(tree: HtmlElement, metadata: Metadata) -> Iterator[str]:
    yield metadata.title or ""
    yield from (tidy("".join(h1.itertext())) for h1 in _H1(tree)[:3])


def _list_lines(tree: HtmlElement, text: str, metadata: Metadata) -> Iterator[str]:
    """Yield headings and, on a page with "oops" or hardly any text, each line of text."""
    yield from _list_titles(tree, metadata)
    plain = text.lower()
    is_bare = len(text) <= BARE_PAGE_CHARS
    if is_bare or "oops" in plain or "упс" in plain:
        for line in map(tidy, _TEXTS(tree)):
            if len(line) <= MAX_LINE_CHARS and (is_bare or _OOPS.match(line)):
                yield line


def _count_running_text(tree: HtmlElement, site: Site) -> int:
    """Count the characters of running text without boilerplate."""
    lines = [tidy("".join(paragraph.itertext())) for paragraph in _PARAGRAPHS(tree)]
    kept = site.boilerplate.remove([line for line in lines if len(line) >= MIN_RUNNING_TEXT_CHARS]).paragraphs
    return sum(map(len, kept))


def _count_loose(tree: HtmlElement) -> int:
    """Count the characters of running text outside of `<p>`: old pages separate paragraphs by line breaks."""
    return sum(len(line) for line in map(tidy, _LOOSE_TEXTS(tree)) if len(line) >= MIN_RUNNING_TEXT_CHARS)


def _normalize(text: str) -> str:
    return tidy(text).lower().replace("’", "'")


def _contains_all(text: str, sentences: tuple[str, ...]) -> bool:
    """Whether a text contains all these sentences (in lower case)."""
    plain = _normalize(text)
    return all(sentence in plain for sentence in sentences)
