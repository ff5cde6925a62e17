"""Makes a captured page inert: nothing in it runs, loads or leads away. What a reader of the page read stays.

Only what is listed here is kept. The policy with which the page is sent (`web.routes.capture`) is a second wall, for
whatever a browser parses differently than we do.
"""

import re
from collections.abc import Iterator

from lxml.etree import strip_attributes
from lxml.html import HtmlElement
from lxml_html_clean import Cleaner

from extraction.tree import drop, make_element
from extraction.visible import is_hidden


def _split(names: str) -> frozenset[str]:
    return frozenset(names.split())


TAGS = _split(
    "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del"
    " details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i ins kbd li main"
    " menu nav ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th"
    " thead time tr tt u ul var wbr"
)
"""What is shown. Of other elements only the content is, and of these not even that:"""

KILLED_TAGS = (
    *("script", "style", "template", "svg", "math", "head", "title", "base", "meta", "link", "xmp", "plaintext"),
    *("button", "input", "select", "option", "optgroup", "textarea", "datalist", "dialog", "noembed", "noframes"),
)

ATTRIBUTES = _split(
    "abbr align alt class colspan datetime dir headers hidden lang open reversed rowspan scope span start style title"
    " type valign value"
)
"""No attribute that names a URL, an id or an event. Classes are ours: the page's own are taken away first."""

MEDIA_CLASS = "media"

MEDIA = {
    "img": "Picture",
    "picture": "Picture",
    "video": "Video",
    "audio": "Sound",
    "iframe": "Embedded page",
    "frame": "Embedded page",
    "embed": "Embedded object",
    "object": "Embedded object",
    "applet": "Embedded object",
    "canvas": "Drawing",
}
"""Tag -> what stands in its place: the archive has no pictures, and nothing is loaded."""

URL_ATTRIBUTES = ("src", "data-src", "data", "srcset", "data-srcset", "poster")

MAX_TITLE_LETTERS = 300
"""Of a URL that is shown when one points at what led there."""

STYLES = _split(
    "text-align text-decoration text-indent text-transform font-style font-variant font-weight vertical-align"
    " white-space list-style-type float clear margin margin-top margin-bottom margin-left margin-right padding"
    " padding-top padding-bottom padding-left padding-right width"
)
"""Properties of inline styles that are kept. No colours: the reader's own have contrast, by day and by night."""

_STYLE_VALUE = re.compile(r"[a-z]{1,20}(?:-[a-z]{1,20}){0,3}|\d{1,3}(?:\.\d{1,3})?(?:[a-z]{1,4}|%)?")
"""A part of a value: a word or a number. Functions (`url()`), escapes and strings are none."""

_CLEANER = Cleaner(
    allow_tags=TAGS,
    kill_tags=KILLED_TAGS,
    remove_unknown_tags=False,
    safe_attrs_only=True,
    safe_attrs=ATTRIBUTES,
    inline_style=False,
    page_structure=False,
    annoying_tags=False,
)


def make_inert(tree: HtmlElement) -> HtmlElement:
    """Return a page's content as a `<div>` that is inert. Modifies the tree."""
    root = next(tree.iter("body"), tree)
    root.tag = "div"
    root.tail = None
    strip_attributes(root, "class")
    for element in [*root.iter(*MEDIA)]:
        _replace_media(element)
    for element in root.iter():
        _simplify(element)
    page = make_element("div")
    page.append(root)
    _CLEANER(page)
    return page


def _replace_media(element: HtmlElement) -> None:
    """Put words in the place of a picture or the like; a `<picture>` has one `<img>`, which says more."""
    if element.getparent() is None or (element.tag == "picture" and next(element.iter("img"), None) is not None):
        return
    label = make_element("span")
    label.set("class", MEDIA_CLASS)
    alternative = element.get("alt") or element.get("title") or element.get("aria-label") or ""
    label.text = f"[{MEDIA[str(element.tag)]}{f': {alternative}' if alternative.strip() else ''}]"
    if url := next((element.get(name) for name in URL_ATTRIBUTES if element.get(name)), ""):
        label.set("title", url[:MAX_TITLE_LETTERS])
    element.addprevious(label)
    drop(element)


def _simplify(element: HtmlElement) -> None:
    """Replace what attributes do by what is harmless, where it tells a reader something."""
    if not isinstance(element.tag, str):
        return
    if element.tag == "details":
        element.set("open", "")
    if href := element.get("href"):
        element.set("title", href[:MAX_TITLE_LETTERS])
    is_out_of_sight = element.get("hidden") is not None or "display:none" in _squeeze(element.get("style"))
    is_unread = is_out_of_sight and is_hidden(element)  # else scripts would have shown it, as it is the page's text
    element.attrib.pop("hidden", None)
    style = element.attrib.pop("style", "")
    if is_unread:
        element.set("hidden", "")
    if kept := "; ".join(_list_declarations(style)):
        element.set("style", kept)


def _squeeze(style: str | None) -> str:
    return "".join((style or "").lower().split())


def _list_declarations(style: str) -> Iterator[str]:
    for declaration in style.lower().split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name in STYLES and value and all(map(_STYLE_VALUE.fullmatch, value.split())):
            yield f"{name}: {value}"
