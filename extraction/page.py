"""Extract a draft from a capture of an article page."""

import re
from datetime import datetime
from typing import NamedTuple

from lxml.html import HtmlElement

from extraction import EXTRACTOR
from extraction.author import choose_byline
from extraction.body import Body, read_body
from extraction.byline import Byline
from extraction.confidence import combine, weigh_day, weigh_headline
from extraction.content import narrow_content
from extraction.decoding import decode_page
from extraction.doubt import find_front, is_doubtful
from extraction.field import choose_kind, choose_section, choose_sponsor, choose_tags, flag_sponsored
from extraction.headline import choose_headline, choose_subtitle
from extraction.identification import find_container, find_stated_url, identify_page
from extraction.metadata import read_metadata
from extraction.parsed import Page
from extraction.picture import read_images
from extraction.post import find_page_posts, read_posts
from extraction.published import choose_modified_at, choose_published_at, list_other_days
from extraction.rights import list_known_licences, read_rights
from extraction.tree import parse_fragment, parse_page
from extraction.visible import drop_invisible
from extraction.wrong_page import find_wrong_page
from schemas.article import Draft, Image, Kind, Unreadable
from schemas.capture import Capture
from sites.profile import Site
from sites.structure import NOWHERE

_COMMENT = re.compile(rb"<!--(.*?)-->", re.DOTALL)


def read_page(capture: Capture, site: Site, companions: tuple[Capture, ...] = ()) -> Draft | Unreadable:
    """Return the draft of a captured page, or the reason why it is not an article.

    `companions` are captures of the page's `site.companion_urls`: a live blog's posts.
    """
    html = decode_page(capture)
    if isinstance(html, Unreadable):
        return html
    tree = parse_page(html)
    if isinstance(tree, Unreadable):
        return tree
    page = _identify(capture, html, tree, site)
    if wrong := find_wrong_page(page):
        return wrong
    page.posts = read_posts(companions, site, page.article_identity.id if page.article_identity else None)
    kind = choose_kind(page)
    if kind is Kind.LIVE:
        _complete_live(page)
    fields = _choose_fields(page)
    if is_doubtful(page, fields.byline, fields.published_at):
        if front := find_front(page):
            return front
        page.flags.add("maybe-no-article")
    content = narrow_content(page, kind)
    body = read_body(page, kind, content)
    draft = _make_draft(page, kind, fields, body)
    if isinstance(draft, Unreadable):
        return draft
    stated = read_rights(capture, page.metadata)
    licences = (*stated.licences, *list_known_licences(site, draft.published_at))
    return draft.model_copy(update={"rights": stated.model_copy(update={"licences": licences})})


def parse_capture(capture: Capture) -> HtmlElement | Unreadable:
    """Return the tree of a captured page, or the reason why it is not a page."""
    html = decode_page(capture)
    return html if isinstance(html, Unreadable) else parse_page(html)


def find_url(capture: Capture) -> str | None:
    """Return the URL that a page states as its own, for a capture without a URL."""
    tree = parse_capture(capture)
    return None if isinstance(tree, Unreadable) else find_stated_url(read_metadata(tree))


class _Fields(NamedTuple):
    """Fields chosen from several sources, before the text's elements are modified."""

    headline: str | None
    subtitle: str | None
    byline: Byline
    sponsor: str | None
    section: str | None
    tags: tuple[str, ...]
    published_at: datetime | None
    modified_at: datetime | None
    images: tuple[Image, ...]


def _identify(capture: Capture, html: bytes, tree: HtmlElement, site: Site) -> Page:
    """Return the page with its metadata, identity and article container."""
    metadata = read_metadata(tree, capture.url)
    identity = identify_page(capture.url, metadata, site)
    container = find_container(html, tree, metadata, site, identity.article)
    page = Page(html, tree, metadata, site, identity, container.element, capture.fetched_at)
    if container.element is not None:
        drop_invisible(container.element)
    if not container.is_numbered:
        page.flags.add("container-of-another-number")
    return page


def _choose_fields(page: Page) -> _Fields:
    flag_sponsored(page)
    page.headline = choose_headline(page)
    return _Fields(
        page.headline,
        choose_subtitle(page),
        choose_byline(page),
        choose_sponsor(page),
        choose_section(page),
        choose_tags(page),
        choose_published_at(page),
        choose_modified_at(page),
        _read_images(page),
    )


def _make_draft(page: Page, kind: Kind, fields: _Fields, body: Body) -> Draft | Unreadable:
    if not body.text and fields.headline is None:
        return Unreadable(reason="empty-page", detail="neither headline nor text")
    if body.source:
        page.record_source("body", body.source)
    if body.agencies and not fields.byline.agencies:
        page.record_source("agencies", "text")
    page.flags.update(body.flags if body.text else (*body.flags, "body-empty"))
    site, edition = page.site, page.article_identity.edition if page.article_identity else None
    return Draft(
        site=site.name,
        edition=edition,
        language=site.language_of(edition) or page.metadata.language,
        url=page.url,
        kind=kind,
        headline=fields.headline,
        subtitle=fields.subtitle,
        authors=fields.byline.authors,
        agencies=tuple(dict.fromkeys((*fields.byline.agencies, *body.agencies))),
        sponsor=fields.sponsor,
        section=fields.section,
        tags=fields.tags,
        published_at=fields.published_at,
        published_offset=page.published_offset,
        modified_at=fields.modified_at,
        body=body.text,
        images=fields.images,
        sources=dict(sorted(page.sources.items())),
        flags=tuple(sorted(page.flags)),
        confidence=_weigh(page, fields, body),
        extractor=EXTRACTOR,
    )


def _weigh(page: Page, fields: _Fields, body: Body) -> float:
    """Return the confidence in the record."""
    at = fields.published_at
    day = at.astimezone(page.site.time_zone).date() if at else None
    return combine(
        body.weight,
        weigh_headline(fields.headline, page.titles),
        weigh_day(day, page.sources.get("published_at"), list_other_days(page, day) if day else ()),
        is_doubtful="maybe-no-article" in page.flags,
    )


def _read_images(page: Page) -> tuple[Image, ...]:
    """Return the page's pictures, then those of a live blog's posts."""
    found = list(read_images(page.container, page.site.page, page.url)) if page.container is not None else []
    own = {image for image, _ in found}
    found += [(image, "posts") for image in (page.posts.images if page.posts else ()) if image not in own]
    if found:
        page.record_source("images", ", ".join(dict.fromkeys(source for _, source in found)))
    return tuple(image for image, _ in found)


def _complete_live(page: Page) -> None:
    """Add a live blog's posts, and restore its hidden byline."""
    if page.posts is None and (found := find_page_posts(page.tree, page.site, page.url)):
        page.posts = found
        page.flags.add("posts-from-page")
    if page.posts:
        page.flags.update(page.posts.flags)
    elif page.site.page.live != NOWHERE:
        page.flags.add("posts-missing")
    if page.container is not None:
        _show_hidden_byline(page.html, page.container)


def _show_hidden_byline(html: bytes, container: HtmlElement) -> None:
    """Insert the author and time that live blogs have in an HTML comment into the container."""
    for comment in _COMMENT.findall(html):
        if b"byline__" in comment:
            container.append(parse_fragment(comment.decode()))
            return
