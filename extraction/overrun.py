"""Finds the articles that overran their own end tag.

Where old HTML leaves a `<td>` or a `<div>` open, the parser passes over the end tag of the article, and what stands
below on the page gets into it: other articles, menus, the footer.
"""

import re

from lxml.html import HtmlElement

from extraction.tree import count_elements


def find_end(source: bytes, tree: HtmlElement, container: HtmlElement) -> int | None:
    """Where in the source an article ends that has more elements in the tree than there; None where it has not."""
    name = str(container.tag)
    tags = list(re.finditer(rb"<(/?)%s(?=[\s>])" % name.encode(), source, re.IGNORECASE))
    starts = [place for place, tag in enumerate(tags) if not tag[1]]
    number = next((place for place, found in enumerate(tree.iter(name)) if found is container), len(starts))
    if number >= len(starts):
        return None
    own = tags[starts[number] :]
    depth = 0
    for tag in own:
        depth += -1 if tag[1] else 1
        if not depth:
            begin, end = own[0].start(), tag.start()
            return end if count_elements(container) > _count_starts(source, begin, end) else None
    return None


def _count_starts(source: bytes, begin: int, end: int) -> int:
    """How many elements a piece of HTML begins, or a few more: counting bytes takes a tenth of looking for tags."""
    return source.count(b"<", begin, end) - sum(source.count(mark, begin, end) for mark in (b"</", b"<!"))
