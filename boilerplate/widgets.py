"""Finds the widgets that a page inserts into a text: counters, buttons, publication times, links to other articles.

They are recognized by their content, whatever their class: the whole block must match, never a part of a sentence.
"""

import re
from collections.abc import Container, Iterator, Sequence
from itertools import chain, takewhile
from typing import Any

from lxml.etree import XPath
from lxml.html import HtmlElement

_PUBLISHED = (
    r"(?:(?:last\s+|first\s+)?(?:updated?|published|modified|posted|edited)"
    r"|(?:последнее\s+)?(?:обновлени[ея]|обновлено|опубликовано|изменено))"
)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)\w*,?\s+)?"
_DAY = rf"(?:{_MONTH}\w*\.?\s+\d{{1,2}}|\d{{1,2}}\s+{_MONTH}\w*\.?|\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}})"
_DATE = rf"(?:{_WEEKDAY}{_DAY}(?:,?\s+\d{{4}}(?:\s*г\.?)?)?|today|yesterday|сегодня|вчера)"
_ZONE = r"(?:\s*(?:gmt|utc|msk|est|et|мск)(?:\s*[+-]\d+)?)?"
_CLOCK = rf"(?:\d{{1,2}}[:.]\d{{2}}(?:[:.]\d{{2}})?(?:\s*[ap]\.?m\.?)?|\d{{1,2}}\s*[ap]\.?m\.?){_ZONE}"
_AGO = (
    r"(?:just now|только что"
    r"|(?:an?|one|\d+)\s*(?:[smhd]|sec(?:ond)?s?|min(?:ute)?s?|hours?|days?|weeks?|months?)\.?\s+ago"
    r"|\d+\s*(?:секунд|минут|час|дн|день|недел)\w*\s+назад)"
)
_PUBLICATION_LINE = re.compile(
    rf"\W*+{_PUBLISHED}(?:\s++(?:on|at|в))?\W*+"
    rf"(?:{_AGO}|{_DATE}(?:(?:[,|–—-]|\s|at\b|в\b)++{_CLOCK})?|{_CLOCK}(?:\W++{_DATE})?)\W*+",
    re.IGNORECASE,
)


def is_publication_line(text: str) -> bool:
    """Return whether a line says when the page was published or updated, and nothing else."""
    return bool(_PUBLICATION_LINE.fullmatch(text))


WIDGET_CHARS = 120
"""Longest row of counters or buttons, in characters."""

BEGINNING_CHARS = 25
"""Characters that decide whether a text may begin like a widget: `последнее обновление` has 20."""

PIECE_COUNT = 1_000
"""Most text nodes of a widget, including the spaces between elements. Blocks with more are not read further."""

_LINK_TAGS = ("p", "div", "section", "li", "h2", "h3", "h4", "h5", "h6")
_BLOCK_TAGS = frozenset({*_LINK_TAGS, "ul", "ol"})
_ROW_TAGS = frozenset({"p", "div", "section", "ul", "ol"})
"""Without `li`: an article may list views and likes. A list of nothing else belongs to the page."""

_NUMBER = r"(?:\d(?:[\d.,]|\s++(?=[\d.,]))*+(?:\s*+(?:[km]|тыс\.?|млн\.?))?)"
_COUNTED = (
    r"(?:views?|page ?views?|comments?|shares?|likes?|reactions?|retweets?|replies|reposts?"
    r"|просмотр(?:а|ов|ы)?|комментари(?:й|я|ев|и)|лайк(?:а|ов|и)?|репост(?:а|ов|ы)?|реакци[яий])"
)
# People say "No comment", and "No replies." with a full stop; a counter has no full stop.
_NONE = (
    r"(?:no\s+(?:views|page ?views|comments|shares|likes|reactions|retweets|replies|reposts)"
    r"|нет\s+(?:просмотров|комментариев|лайков|репостов|реакций))(?!\W*[.!?…])"
)
_COUNTERS = re.compile(
    rf"\W*+(?:(?:{_NUMBER}\s*{_COUNTED}|{_NONE}|{_COUNTED}\s*(?:[:–—-]\s*|\(\s*)(?:{_NUMBER}|no|нет))(?:[\W_]+|$))+",
    re.IGNORECASE,
)
_BUTTONS = re.compile(
    r"\W*+(?:share|tweet|like|поделиться)\b(?:[\W_]++(?:\d+k?|share|tweet|like|post|send|save|print|copy|email|e-mail|this|the"
    r"|it|article"
    r"|story|page|link|on|via|in|to|by|with|friends?|facebook|twitter|x|telegram|whatsapp|vk|vkontakte|linkedin|reddit"
    r"|viber|поделиться|отправить|сохранить|скопировать|ссылк[ауой]+|вконтакте|одноклассники|статьей|статьёй|в|во|на)"
    r"\b)*\W*",
    re.IGNORECASE,
)
_SIGNPOSTS = re.compile(
    r"\W*+(?:advertisement|реклама"
    r"|(?:subscribe to|follow|join)(?: us| our)*(?: the(?: [\w.-]+){1,4}?)?(?: (?:on|in))?"
    r"(?: (?:and|or|telegram|twitter|x|facebook|instagram|youtube|whatsapp|channel|page|group|newsletters?))+"
    r"|подпи(?:сывайтесь|шитесь) на(?: наш\w*)?(?: (?:канал|телеграм|telegram|youtube|в))+)\W*",
    re.IGNORECASE,
)
_LABEL = (
    r"(?:read (?:more|also|next|further)(?: about(?: this)?| on this)?|also read|see (?:also|more)|further reading"
    r"|more on this(?: (?:story|topic))?|related(?: (?:articles?|stor(?:y|ies)|news|reading|links?|posts?))?"
    r"|читайте (?:также|ещ[её]|далее)|смотрите также|(?:материал[ы]? )?по теме|подробнее(?: по теме)?)"
)
_BEGINS_LABEL = re.compile(rf"\W*+{_LABEL}(?!\w)", re.IGNORECASE)
_IS_LABEL = re.compile(rf"\W*+{_LABEL}[\W_]*", re.IGNORECASE)
_LABELLED_LINK = re.compile(rf"\W*+{_LABEL}(?:\s*[:|>»→—–]|\s+-\s|\W*$)", re.IGNORECASE)
_BEGINS = re.compile(
    r"\W*+(?:\d|no\b|нет\b|share|tweet|like|поделиться|advertisement|реклама|subscribe|follow|join|подпи"
    rf"|{_COUNTED}|{_LABEL}|{_PUBLISHED}|\Z)",
    re.IGNORECASE,
)
# Speech or a quotation: buttons and counters are not sentences. "Share this article!" counts as a sentence, too.
_SPEECH = re.compile(r"^\W*[\"“”„«‘]|[.!?…][\"'”’»)\]]*$")
_TEXTS = XPath("descendant::text()[normalize-space()]")
_LINKS = XPath("descendant::a")
_UNLINKED_TEXT = XPath("descendant::text()[not(ancestor::a)]", smart_strings=False)


def find_widgets(content: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the blocks that consist only of counters, of buttons, of a publication time, or of a label and links."""
    for block in _list_candidates(content):
        text, is_whole = _read_beginning(block)
        is_row = is_whole and block.tag in _ROW_TAGS
        if (is_row and _is_row(text)) or (_BEGINS_LABEL.match(text) and _is_link_line(block)):
            yield block


def _list_candidates(content: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the blocks whose text begins like a widget's.

    Few texts of a page do, and a page has more blocks than texts: so the blocks are found from the texts.
    """
    pieces = [piece for piece in _TEXTS(content) if not piece.isspace()]
    texts = [piece.strip() for piece in pieces]
    for index, piece in enumerate(pieces):
        if _BEGINS.match(_join_beginning(texts, index)):
            before = next(_list_around(pieces[index - 1])) if index else content
            outside = {content, before, *before.iterancestors()}
            yield from (block for block in _list_around(piece, outside) if block.tag in _BLOCK_TAGS)


def _join_beginning(texts: Sequence[str], index: int) -> str:
    """Return a text, with those after it if it is too short to decide by."""
    start = texts[index]
    while len(start) <= BEGINNING_CHARS and (index := index + 1) < len(texts):
        start += f" {texts[index]}"
    return start


def _list_around(piece: Any, outside: Container[HtmlElement] = ()) -> Iterator[HtmlElement]:
    """Yield the elements around a text, innermost first, up to the first one that is outside."""
    element: HtmlElement = piece.getparent()
    elements = element.iterancestors() if piece.is_tail else chain([element], element.iterancestors())
    return takewhile(lambda one: one not in outside, elements)


def drop_button_text(content: HtmlElement) -> None:
    """Remove a button's text that stands directly in a box before its first paragraph: `<div>Share<p>…`."""
    for box in content.iter("div", "section"):
        if box.text and _BUTTONS.fullmatch(box.text) and not _SPEECH.search(box.text.strip()):
            first = next((child for child in box if (child.tail or "").strip() or child.text_content().strip()), None)
            if first is not None and first.tag in _LINK_TAGS:
                box.text = None


def _is_row(text: str) -> bool:
    if is_publication_line(text) or _SIGNPOSTS.fullmatch(text):
        return True
    return any(row.fullmatch(text) for row in (_COUNTERS, _BUTTONS)) and not _SPEECH.search(text)


def _read_beginning(block: HtmlElement) -> tuple[str, bool]:
    """Return the block's text and True, or only its beginning and False if it is longer than a widget's."""
    pieces: list[str] = []
    size = 0
    for count, piece in enumerate(block.itertext()):
        if piece := piece.strip():
            pieces.append(piece)
            size += len(piece)
        if size > WIDGET_CHARS or count > PIECE_COUNT:
            return " ".join(pieces)[: 2 * WIDGET_CHARS], False
    text = " ".join(" ".join(pieces).split())
    return text, len(text) <= WIDGET_CHARS


def _is_link_line(block: HtmlElement) -> bool:
    """Return whether a block is only a label and links; the label may be inside the first link."""
    linked = [text for link in _LINKS(block) if (text := " ".join("".join(link.itertext()).split()))]
    own = " ".join("".join(_UNLINKED_TEXT(block)).split())
    if not linked:
        return False
    return bool(_IS_LABEL.fullmatch(own) or (not re.search(r"\w", own) and _LABELLED_LINK.match(linked[0])))
