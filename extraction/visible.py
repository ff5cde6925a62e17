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
# What they say is looked at below: libxml2 takes twice as long with conditions on elements, or on text.
_MARKED = XPath("(descendant::*/@hidden | descendant::*/@aria-hidden | descendant::*/@style)/parent::*")
_CROSSED_TAGS = frozenset({"s", "del", "strike"})


def leave_visible(tree: HtmlElement) -> None:
    """Take out what is hidden or crossed out, and write the marks of `<q>`, in place. Twice does the same as once."""
    for element in _MARKED(tree):
        if _is_hidden(element):
            drop(element)
    for element in list(tree.iter("q", *_CROSSED_TAGS)):
        if element.tag == "q":
            _quote(element)
        else:
            drop(element)


def _is_hidden(element: HtmlElement) -> bool:
    style, hidden, aria = (element.get(name) for name in ("style", "hidden", "aria-hidden"))
    has_style = style is not None and "display:none" in "".join(style.lower().split())
    has_attribute = hidden is not None and hidden.lower() != "until-found"
    # What is read aloud otherwise, as a dropped initial, is seen all the same.
    is_silent = aria is not None and element.tag in _BLOCKS and aria.lower() == "true"
    if not (has_style or has_attribute or is_silent) or element.tag not in _BLOCKS | _INLINE:
        return False
    return sum(1 for _ in element.iter("p")) < PARAGRAPH_COUNT


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
