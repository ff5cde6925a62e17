"""Reduce a page's tree to what readers see: no hidden paragraphs or deleted words, but with quotation marks."""

from lxml.etree import XPath
from lxml.html import HtmlElement

from extraction.tree import drop

MAX_HIDDEN_PARAGRAPHS = 3
"""A hidden element with this many paragraphs is the page's text, shown by a script."""

_BLOCKS = frozenset(
    {"p", "li", "blockquote", "div", "section", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "tr"}
)
_INLINE = frozenset({"span", "a", "b", "i", "em", "strong", "small", "sup", "sub", "font", "mark"})
_QUOTATION_MARKS = "\"'“”„‘’«»"
# Values are checked in Python: with conditions on elements or text, libxml2 takes twice as long.
_STYLED = XPath("(descendant::*/@hidden | descendant::*/@aria-hidden | descendant::*/@style)/parent::*")
_CROSSED_TAGS = frozenset({"s", "del", "strike"})


def drop_invisible(tree: HtmlElement) -> None:
    """Drop hidden and crossed-out elements, and insert the quotation marks of `<q>`, in place. Idempotent."""
    for element in _STYLED(tree):
        if is_hidden(element):
            drop(element)
    for element in list(tree.iter("q", *_CROSSED_TAGS)):
        if element.tag == "q":
            _quote(element)
        else:
            drop(element)


def is_hidden(element: HtmlElement) -> bool:
    """Whether readers do not see an element, by its own attributes."""
    style, hidden, aria = (element.get(name) for name in ("style", "hidden", "aria-hidden"))
    has_style = style is not None and "display:none" in "".join(style.lower().split())
    has_attribute = hidden is not None and hidden.lower() != "until-found"
    # Inline elements hidden from screen readers, such as a drop cap, are still visible.
    is_silent = aria is not None and element.tag in _BLOCKS and aria.lower() == "true"
    if not (has_style or has_attribute or is_silent) or element.tag not in _BLOCKS | _INLINE:
        return False
    return sum(1 for _ in element.iter("p")) < MAX_HIDDEN_PARAGRAPHS


def _quote(element: HtmlElement) -> None:
    inside = "".join(element.itertext()).strip()
    if not inside or inside[0] in _QUOTATION_MARKS:
        return
    is_inner = any(found.tag == "q" for found in element.iterancestors())
    opening, closing = ("‘", "’") if is_inner else ("“", "”")
    element.text = opening + (element.text or "").lstrip()
    if len(element):
        element[-1].tail = (element[-1].tail or "").rstrip() + closing
    else:
        element.text = element.text.rstrip() + closing
