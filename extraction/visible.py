"""Leaves of a page's tree what its readers see: without hidden paragraphs and deleted words, with quotation marks."""

from lxml.etree import XPath
from lxml.html import HtmlElement

from extraction.tree import drop

PARAGRAPH_COUNT = 3
"""What hides as many is shown by a script: a page's own text, not a note in it."""

_BLOCKS = frozenset(
    {"p", "li", "blockquote", "div", "section", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "tr"}
)
_INLINE = frozenset({"span", "a", "b", "i", "em", "strong", "small", "sup", "sub", "font", "mark"})
_MARKS = "\"'“”„‘’«»"
_TOUCHED = XPath(
    "descendant::*[@hidden or @aria-hidden or contains(@style, 'isplay') or contains(@style, 'DISPLAY')]"
    " | descendant::q | descendant::s | descendant::del | descendant::strike"
)


def leave_visible(tree: HtmlElement) -> None:
    """Take out what is hidden or crossed out, and write the marks of `<q>`, in place. Twice does the same as once."""
    for element in _TOUCHED(tree):
        if element.tag == "q":
            _quote(element)
        elif element.tag in {"s", "del", "strike"} or _is_hidden(element):
            drop(element)


def _is_hidden(element: HtmlElement) -> bool:
    if element.tag not in _BLOCKS | _INLINE or sum(1 for _ in element.iter("p")) >= PARAGRAPH_COUNT:
        return False
    style = "".join((element.get("style") or "").lower().split())
    if "display:none" in style:
        return True
    if (hidden := element.get("hidden")) is not None and hidden.lower() != "until-found":
        return True
    # What is read aloud otherwise, as a dropped initial, is seen all the same.
    return element.tag in _BLOCKS and (element.get("aria-hidden") or "").lower() == "true"


def _quote(element: HtmlElement) -> None:
    inside = "".join(element.itertext()).strip()
    if not inside or inside[0] in _MARKS:
        return
    is_inner = any(found.tag == "q" for found in element.iterancestors())
    opening, closing = ("‘", "’") if is_inner else ("“", "”")
    element.text = opening + (element.text or "").lstrip()
    if len(element):
        element[-1].tail = (element[-1].tail or "").rstrip() + closing
    else:
        element.text = element.text.rstrip() + closing
