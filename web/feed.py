"""Renders the hits of a query as an Atom feed (RFC 4287)."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from lxml import etree

from schemas.search import SearchHit
from web.page import quote_path_part
from web.search_parameters import SearchParameters

FEED_TYPE = "application/atom+xml; charset=utf-8"
NAMESPACE = "http://www.w3.org/2005/Atom"
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""When an empty feed was changed."""

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow."""


def render_feed(base_url: str, asked: SearchParameters, hits: Sequence[SearchHit]) -> bytes:
    """Return the feed. Articles without a date are left out: an entry must have one."""
    dated = [(hit, hit.published_at) for hit in hits if hit.published_at]
    feed = etree.Element(f"{{{NAMESPACE}}}feed", nsmap={None: NAMESPACE})
    root = base_url.rstrip("/")
    _add(feed, "title", f"Broadsheet: {asked.describe()}")
    _add(feed, "id", f"{root}{asked.newest.link('/feed.atom')}")
    _add(feed, "updated", max((at for _, at in dated), default=BEGINNING).isoformat())
    etree.SubElement(feed, f"{{{NAMESPACE}}}link", rel="self", href=f"{root}{asked.newest.link('/feed.atom')}")
    etree.SubElement(feed, f"{{{NAMESPACE}}}link", href=f"{root}{asked.newest.link('/')}")
    author = etree.SubElement(feed, f"{{{NAMESPACE}}}author")
    _add(author, "name", "Broadsheet")
    for hit, at in dated:
        _add_entry(feed, root, hit, at)
    document: bytes = etree.tostring(feed, xml_declaration=True, encoding="utf-8")
    return document


def _add_entry(feed: etree._Element, root: str, hit: SearchHit, at: datetime) -> None:
    entry = etree.SubElement(feed, f"{{{NAMESPACE}}}entry")
    url = f"{root}/article/{quote_path_part(hit.id)}"
    _add(entry, "title", hit.headline or hit.id)
    _add(entry, "id", url)
    etree.SubElement(entry, f"{{{NAMESPACE}}}link", href=url)
    _add(entry, "published", at.isoformat())
    _add(entry, "updated", at.isoformat())
    for name in hit.authors:
        _add(etree.SubElement(entry, f"{{{NAMESPACE}}}author"), "name", name)
    if hit.section:
        etree.SubElement(entry, f"{{{NAMESPACE}}}category", term=NOT_XML.sub("", hit.section))
    _add(entry, "summary", hit.subtitle or hit.snippet)


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = NOT_XML.sub("", text)
