"""Makes a page of the application one that works as a file: relative links, its policy in a meta element."""

from collections.abc import Callable, Iterator
from uuid import NAMESPACE_URL, uuid5

from lxml import etree, html

from web.feed import NAMESPACE
from web.guard import CONTENT_SECURITY_POLICY
from web.static_site.client import BASE_URL
from web.static_site.place import START_PATH, PageUrl, link_files

FindFile = Callable[[PageUrl], str | None]
"""Returns the path of the file that a link leads to, with the query to append; None if the site has no such file."""

LINK_ATTRIBUTES = ("href", "src", "srcset")
HEADER_ONLY = frozenset({"frame-ancestors", "sandbox", "report-uri", "report-to"})
"""Directives that browsers ignore, with a warning, in a meta element."""

SEARCH_POLICY = "'wasm-unsafe-eval'"
"""Lets the search run its WebAssembly. Nothing else may be evaluated."""


def parse_page(body: bytes) -> html.HtmlElement:
    """Parse a page of the application."""
    return html.document_fromstring(body, parser=html.HTMLParser(encoding="utf-8", huge_tree=True))


def list_links(page: html.HtmlElement) -> Iterator[str]:
    """Yield the URLs of the application that a page links to or loads."""
    for _, _, url in _iterate_links(page):
        yield url


def render_file(page: html.HtmlElement, path: str, find_file: FindFile, policy: str | None = None) -> bytes:
    """Return the page as the file at a path. Links to what the site does not have become plain text."""
    for form in list(page.iter("form")):
        if form.get("action") is not None:  # which a server would have to answer
            form.drop_tree()
    for element, name, url in list(_iterate_links(page)):
        target = find_file(PageUrl.parse(url))
        if target is None:
            _unlink(element, name)
        else:
            fragment = url.partition("#")[2]
            element.set(name, link_files(path, target) + (f"#{fragment}" if fragment else ""))
    _add_meta(page, policy or CONTENT_SECURITY_POLICY)
    rendered: bytes = etree.tostring(page, method="html", encoding="utf-8", doctype="<!doctype html>")
    return rendered + b"\n"


def render_feed_file(feed: bytes, path: str, find_file: FindFile) -> bytes:
    """Return an Atom feed as the file at a path: with relative links, and ids that do not depend on its place."""
    root = etree.fromstring(feed)
    for element in root.iter(f"{{{NAMESPACE}}}id"):
        element.text = uuid5(NAMESPACE_URL, str(element.text).removeprefix(BASE_URL)).urn
    for element in list(root.iter(f"{{{NAMESPACE}}}link")):
        url = PageUrl.parse(str(element.get("href")).removeprefix(BASE_URL))
        target = find_file(url._replace(query=""))  # the feed of a search, which a file is not
        element.set("href", link_files(path, target or START_PATH))
    rendered: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return rendered


def allow_search(policy: str) -> str:
    """Return a policy that lets the search in the browser run too."""
    return policy.replace("script-src 'self'", f"script-src 'self' {SEARCH_POLICY}")


def _iterate_links(page: html.HtmlElement) -> Iterator[tuple[html.HtmlElement, str, str]]:
    for element in page.iter(etree.Element):
        for name in LINK_ATTRIBUTES:
            url = element.get(name)
            if url is not None and url.startswith("/") and not url.startswith("//"):
                yield element, name, url


def _unlink(element: html.HtmlElement, name: str) -> None:
    if element.tag != "a":
        element.drop_tree()
        return
    item = element.getparent()
    if item is not None and item.tag == "li" and _is_in_navigation(item):
        item.drop_tree()  # a tab, or an entry of the menu
        return
    element.tag = "span"
    for one in (name, "rel", "download", "aria-current"):
        element.attrib.pop(one, None)


def _is_in_navigation(item: html.HtmlElement) -> bool:
    return next(item.iterancestors("nav"), None) is not None


def _add_meta(page: html.HtmlElement, policy: str) -> None:
    kept = [one.strip() for one in policy.split(";") if one.split()[:1] and one.split()[0] not in HEADER_ONLY]
    head = next(page.iter("head"))
    place = next((at + 1 for at, one in enumerate(head) if one.get("charset")), 0)
    metas = (
        {"http-equiv": "Content-Security-Policy", "content": "; ".join(kept)},
        {"name": "referrer", "content": "no-referrer"},
        {"name": "robots", "content": "noindex, nofollow"},
    )
    for at, attributes in enumerate(metas):
        meta = html.Element("meta", attributes)
        meta.tail = "\n  "
        head.insert(place + at, meta)
