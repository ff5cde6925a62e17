"""Finds the articles that overran their own end tag.

Where old HTML leaves a `<td>` or a `<div>` open, the parser passes over the end tag of the article, and what stands
below on the page gets into it: other articles, menus, the footer. Where it has an end tag too many, the article's text
goes on outside.
"""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from boilerplate.text_block import is_running_text
from extraction.tree import count_elements, make_element
from sites.structure import PageRules

LOOSE_TAGS = frozenset(
    {"blockquote", "br", "b", "center", "em", "font", "h2", "h3", "i", "ol", "p", "pre", "strong", "ul"}
)
"""What text is made of where old HTML has no element around it."""

OUTER_DEPTH = 3
"""The content, the article, the element around it: more end tags too many were never seen."""

_START = re.compile(rb"<(?![/!])")


def find_end(source: bytes, tree: HtmlElement, container: HtmlElement) -> int | None:
    """Where in the source an article ends that has more elements in the tree than there; None where it has not."""
    name = str(container.tag)
    tags = list(re.finditer(rb"<(/?)(?i:%s)(?=[\s>])" % name.encode(), source))  # `<` by itself is found quickly
    starts = [place for place, tag in enumerate(tags) if not tag[1]]
    number = next((place for place, found in enumerate(tree.iter(name)) if found is container), len(starts))
    if number >= len(starts):
        return None
    begin = tags[starts[number]].start()
    end = _find_end_tag(tags, starts[number])
    return end if end is not None and count_elements(container) > _count_starts(source, begin, end) else None


def _find_end_tag(tags: list[re.Match[bytes]], place: int) -> int | None:
    """Where the element that begins at this place ends; of end tags too many, the last is taken."""
    outer_depth = 0
    for tag in tags[:place]:
        outer_depth = max(outer_depth + (-1 if tag[1] else 1), 0)
    depth, end = 0, None
    for tag in tags[place:]:
        if not tag[1] and end is not None:
            break
        depth += -1 if tag[1] else 1
        if depth == 0 or (depth < 0 and not outer_depth):
            end = tag.start()
    return end


def _count_starts(source: bytes, begin: int, end: int) -> int:
    """How many elements a piece of HTML begins, or a few more: looking for whole tags takes ten times as long."""
    return len(_START.findall(source, begin, end))


def find_outside(content: HtmlElement, rules: PageRules) -> Iterator[HtmlElement]:
    """The text that goes on right behind what holds it, or behind what is around that, each in a new element."""
    element: HtmlElement | None = content
    for _ in range(OUTER_DEPTH):
        if element is None or element.tag == "body":
            return
        if (element.tail or "").strip() or ((after := element.getnext()) is not None and _is_loose(after, rules)):
            outside = _take_outside(element, rules)
            if is_running_text(outside):
                yield outside
        element = element.getparent()


def _take_outside(element: HtmlElement, rules: PageRules) -> HtmlElement:
    outside = make_element("div")
    outside.text, element.tail = element.tail, None
    while (found := element.getnext()) is not None and _is_loose(found, rules):
        outside.append(found)
    return outside


def _is_loose(element: HtmlElement, rules: PageRules) -> bool:
    """Whether it is text by its name, or a block of the content by its class; what has another class is furniture."""
    classes = (element.get("class") or "").split()
    return rules.block_class in classes if classes else element.tag in LOOSE_TAGS
