"""Handle articles whose elements are closed too late or too early.

If old HTML leaves a `<td>` or a `<div>` open, the parser skips the article's end tag, and everything below gets into
the article: other articles, menus, the footer. If there is a surplus end tag, the article's text continues outside.
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
"""Tags of loose text in old HTML."""

MAX_OUTER_DEPTH = 3
"""The content, the article and its parent: more surplus end tags were never seen."""

_START = re.compile(rb"<(?![/!])")


def find_end(source: bytes, tree: HtmlElement, container: HtmlElement) -> int | None:
    """Return the offset where an article ends in the source, if it has more elements in the tree; otherwise None."""
    name = str(container.tag)
    tags = list(re.finditer(rb"<(/?)(?i:%s)(?=[\s>])" % name.encode(), source))  # a literal `<` is found quickly
    starts = [index for index, tag in enumerate(tags) if not tag[1]]
    number = next((index for index, found in enumerate(tree.iter(name)) if found is container), len(starts))
    if number >= len(starts):
        return None
    begin = tags[starts[number]].start()
    end = _find_end_tag(tags, starts[number])
    return end if end is not None and count_elements(container) > _count_starts(source, begin, end) else None


def _find_end_tag(tags: list[re.Match[bytes]], index: int) -> int | None:
    """Return the end of the element that begins with this tag; of surplus end tags, the last one counts."""
    outer_depth = 0
    for tag in tags[:index]:
        outer_depth = max(outer_depth + (-1 if tag[1] else 1), 0)
    depth, end = 0, None
    for tag in tags[index:]:
        if not tag[1] and end is not None:
            break
        depth += -1 if tag[1] else 1
        if depth == 0 or (depth < 0 and not outer_depth):
            end = tag.start()
    return end


def _count_starts(source: bytes, begin: int, end: int) -> int:
    """Return an upper bound of the elements in a piece of HTML; matching whole tags takes ten times as long."""
    return len(_START.findall(source, begin, end))


def find_outside(content: HtmlElement, rules: PageRules) -> Iterator[HtmlElement]:
    """Yield text that continues directly after the content element or its ancestors, each in a new element."""
    element: HtmlElement | None = content
    for _ in range(MAX_OUTER_DEPTH):
        if element is None or element.tag == "body":
            return
        if (element.tail or "").strip() or ((after := element.getnext()) is not None and _is_loose(after, rules)):
            outside = _collect_outside(element, rules)
            if is_running_text(outside):
                yield outside
        element = element.getparent()


def _collect_outside(element: HtmlElement, rules: PageRules) -> HtmlElement:
    outside = make_element("div")
    outside.text, element.tail = element.tail, None
    while (found := element.getnext()) is not None and _is_loose(found, rules):
        outside.append(found)
    return outside


def _is_loose(element: HtmlElement, rules: PageRules) -> bool:
    """Whether an element is text by its tag, or a content block by its class; other classes are furniture."""
    classes = (element.get("class") or "").split()
    return rules.block_class in classes if classes else element.tag in LOOSE_TAGS
