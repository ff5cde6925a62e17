"""Distinguishes running text from boxes of links, labels and forms, where no class name does."""

import re
from collections.abc import Iterable

from lxml.etree import XPath
from lxml.html import HtmlElement

SENTENCE_CHARS = 25
"""Shortest sentence that counts. Shorter ones are slogans: "Putin said no.", "Give today"."""

LONG_CHARS = 60
"""Length of a typical newspaper sentence: a single one is enough for running text."""

BOX_SENTENCE_COUNT = 3
"""Sentences that show running text despite a form field or a link to another article: no box has this many."""

MIN_SENTENCE_COUNT = 2
"""Fewest sentences of running text, if none is long."""

_END = re.compile(r"[.!?…:;][\"'”’»)\]]*$")
_MORE = re.compile(r"(?:read|see) (?:more|also|next)\W*|(?:читайте также|читать далее|подробнее)\W*", re.IGNORECASE)
_NOTICE = re.compile(r"\b(?:javascript|cookies?|browser|subscri(?:be|ption)|newsletter|donat\w+)\b", re.IGNORECASE)
_PARAGRAPHS = XPath(
    "descendant-or-self::*[self::p or self::li or self::dd or self::pre or self::blockquote or self::td or self::div"
    " or self::section or self::form or self::object or self::noscript][not(ancestor::a)]"
)
_ITEMS = XPath("descendant::li[not(descendant::a)]")
_LABELS = XPath("descendant::*[self::a or self::p or self::span]")
_HEADING_OR_FIELD = XPath(
    "boolean(descendant::input[@type='email' or @type='search'] | descendant::*[self::h2 or self::h3 or self::h4]"
    "/descendant::a | descendant::a/descendant::*[self::h2 or self::h3 or self::h4])"
)
_INLINE_TAGS = frozenset(
    {"abbr", "b", "cite", "del", "em", "font", "i", "ins", "mark", "q", "s", "small", "span", "strong", "sub", "sup"}
    | {"time", "u"}
)


def is_running_text(element: HtmlElement, min_count: int = MIN_SENTENCE_COUNT) -> bool:
    """Return whether an element holds more sentences of running text than a box may.

    `min_count`: fewest sentences, if none is long.
    """
    texts = [text for found in _PARAGRAPHS(element) if (text := _read_unlinked_text(found))]
    labels = ("".join(label.itertext()).strip() for label in _LABELS(element))
    if _HEADING_OR_FIELD(element) or any(map(_MORE.fullmatch, labels)):
        return sum(map(is_sentence, texts)) >= BOX_SENTENCE_COUNT
    return has_running_text(texts, min_count) or len(_ITEMS(element)) >= MIN_SENTENCE_COUNT


def _read_unlinked_text(paragraph: HtmlElement) -> str:
    """Return the element's text outside of nested blocks and links; empty if links are most of it."""
    own, linked = [paragraph.text or ""], []
    for child in paragraph:
        if child.tag == "a":
            linked.append("".join(child.itertext()))
        elif child.tag in _INLINE_TAGS:
            own.append("".join(child.itertext()))
        own.append(child.tail or "")
    text = " ".join("".join(own).split())
    return text if len("".join(linked)) <= len(text) else ""


def has_running_text(texts: Iterable[str], min_count: int = MIN_SENTENCE_COUNT) -> bool:
    """Return whether paragraphs are running text: several sentences, or a long one."""
    sentences = [text for text in texts if is_sentence(text)]
    return len(sentences) >= min_count or any(len(text) >= LONG_CHARS for text in sentences)


def is_sentence(text: str) -> bool:
    """Return whether a paragraph ends like a sentence and is not a notice of the page."""
    return len(text) >= SENTENCE_CHARS and bool(_END.search(text)) and not _NOTICE.search(text)
