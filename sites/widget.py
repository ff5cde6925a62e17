"""Finds what a page puts into a text and changes at will: counters, buttons, time stamps, links to other articles.

They are known by what they are, whatever their class: a block that is nothing but that, never a part of a sentence.
"""

import re
from collections.abc import Iterator
from itertools import islice

from lxml.etree import XPath
from lxml.html import HtmlElement

from sites.stamp import SAID, is_stamp

WIDGET_CHARS = 120
"""A row of counters or of buttons is shorter …"""

PIECE_COUNT = 24
"""… and has no more pieces of text: four counters with icons, and the spaces of the page's source between them."""

_LINK_TAGS = ("p", "div", "section", "li", "h2", "h3", "h4", "h5", "h6")
_ROW_TAGS = frozenset({"p", "div", "section", "ul", "ol"})
"""No single item of a list: an article may list views and likes. A list of nothing else is the page's."""

_NUMBER = r"(?:\d[\d.,\s]*(?:[km]|тыс\.?|млн\.?)?|no|нет)"
_COUNTED = (
    r"(?:views?|page ?views?|comments?|shares?|likes?|reactions?|retweets?|replies|reposts?"
    r"|просмотр(?:а|ов|ы)?|комментари(?:й|я|ев|и)|лайк(?:а|ов|и)?|репост(?:а|ов|ы)?|реакци[яий])"
)
_COUNTERS = re.compile(
    rf"\W*(?:(?:{_NUMBER}\s*{_COUNTED}|{_COUNTED}\s*(?:[:–—-]\s*|\(\s*){_NUMBER})(?:[\W_]+|$))+", re.IGNORECASE
)
_BUTTONS = re.compile(
    r"\W*(?:share|tweet|like|поделиться)\b(?:[\W_]+(?:\d+k?|share|tweet|like|post|send|save|print|copy|email|e-mail|this|the"
    r"|it|article"
    r"|story|page|link|on|via|in|to|by|with|friends?|facebook|twitter|x|telegram|whatsapp|vk|vkontakte|linkedin|reddit"
    r"|viber|поделиться|отправить|сохранить|скопировать|ссылк[ауой]+|вконтакте|одноклассники|статьей|статьёй|в|во|на)"
    r"\b)*\W*",
    re.IGNORECASE,
)
_SIGNPOSTS = re.compile(
    r"\W*(?:advertisement|реклама"
    r"|(?:subscribe to|follow|join)(?: us| our| the moscow times)*(?: (?:on|in))?"
    r"(?: (?:and|or|telegram|twitter|x|facebook|instagram|youtube|whatsapp|channel|page|group|newsletters?))+"
    r"|подпи(?:сывайтесь|шитесь) на(?: наш\w*)?(?: (?:канал|телеграм|telegram|youtube|в))+)\W*",
    re.IGNORECASE,
)
_LABEL = (
    r"(?:read (?:more|also|next|further)(?: about(?: this)?| on this)?|also read|see (?:also|more)|further reading"
    r"|more on this(?: (?:story|topic))?|related(?: (?:articles?|stor(?:y|ies)|news|reading|links?|posts?))?"
    r"|читайте (?:также|ещ[её]|далее)|смотрите также|(?:материал[ы]? )?по теме|подробнее(?: по теме)?)"
)
_BEGINS_LABEL = re.compile(rf"\W*{_LABEL}(?!\w)", re.IGNORECASE)
_IS_LABEL = re.compile(rf"\W*{_LABEL}[\W_]*", re.IGNORECASE)
_LABELLED_LINK = re.compile(rf"\W*{_LABEL}(?:\s*[:|>»→—–]|\s+-\s|\W*$)", re.IGNORECASE)
_BEGINS = re.compile(
    r"\W*(?:\d|no\b|нет\b|share|tweet|like|поделиться|advertisement|реклама|subscribe|follow|join|подпи"
    rf"|{_COUNTED}|{_LABEL}|{SAID}|\Z)",
    re.IGNORECASE,
)
_LINKS = XPath("descendant::a")
_OWN = XPath("descendant::text()[not(ancestor::a)]", smart_strings=False)


def find_widgets(content: HtmlElement) -> Iterator[HtmlElement]:
    """The blocks within the content that are nothing but counters, buttons, a time stamp, or a label and links."""
    for block in content.iter(*_LINK_TAGS, "ul", "ol"):
        if block is content or not _BEGINS.match(block.text or ""):
            continue  # most paragraphs, at the least cost
        text = _read_beginning(block)
        is_row = len(text) <= WIDGET_CHARS and block.tag in _ROW_TAGS
        if (is_row and _is_row(text)) or (_BEGINS_LABEL.match(text) and _is_link_line(block)):
            yield block


def _is_row(text: str) -> bool:
    return is_stamp(text) or any(row.fullmatch(text) for row in (_COUNTERS, _BUTTONS, _SIGNPOSTS))


def _read_beginning(block: HtmlElement) -> str:
    """A block's text; of a longer one than a widget has, enough to tell."""
    pieces: list[str] = []
    size = 0
    for piece in islice(block.itertext(), PIECE_COUNT):
        pieces.append(piece)
        size += len(piece.strip())
        if size > WIDGET_CHARS:
            break
    else:
        return " ".join(" ".join(pieces).split())
    return " ".join(pieces)[: 2 * WIDGET_CHARS].strip()


def _is_link_line(block: HtmlElement) -> bool:
    """Whether a block is a label and links, and nothing else; the label may stand within the first link."""
    linked = [text for link in _LINKS(block) if (text := " ".join("".join(link.itertext()).split()))]
    own = " ".join("".join(_OWN(block)).split())
    if not linked:
        return False
    return bool(_IS_LABEL.fullmatch(own) or (not re.search(r"\w", own) and _LABELLED_LINK.match(linked[0])))
