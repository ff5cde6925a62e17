"""Reads a capture of an article page into a draft."""

import re
from urllib.parse import urljoin

from lxml.html import HtmlElement

from boilerplate.remover import squeeze
from extraction import EXTRACTOR
from extraction.author import choose_byline
from extraction.body import Body, read_body
from extraction.field import choose_kind, choose_section, choose_sponsor, choose_tags, note_paid
from extraction.headline import choose_headline, choose_subtitle
from extraction.linked_data import read_text
from extraction.metadata import Metadata, read_metadata
from extraction.parsed import Page
from extraction.picture import read_images
from extraction.post import find_page_posts, read_posts
from extraction.published import choose_modified_at, choose_published_at
from extraction.tree import decode, drop, parse_beginning, parse_fragment, parse_page, read_utf8
from extraction.unclosed_tags import find_end
from extraction.visible import leave_visible
from extraction.wrong_page import find_wrong_page
from schemas.address import Identity
from schemas.article import Draft, Image, Kind, Unreadable
from schemas.capture import Capture
from sites.profile import Site
from sites.structure import NOWHERE

_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)


def read_page(capture: Capture, site: Site, companions: tuple[Capture, ...] = ()) -> Draft | Unreadable:
    """The draft of a captured page, or why it is no article.

    `companions` are the captures of `site.companion_urls` for this page: a live blog's posts.
    """
    tree = parse_page(capture)
    if isinstance(tree, Unreadable):
        return tree
    metadata = read_metadata(tree, capture.url)
    asked = site.identify(capture.url) if capture.url else None
    answered = asked if metadata.canonical_url == capture.url else _identify_stated(capture.url, metadata, site)
    address = answered if answered and answered.rule is None else asked
    container, is_numbered = _take_container(tree, metadata, site, address)
    if container is not None:
        container = _cut_overrun(capture, tree, container, metadata, site, address)
        leave_visible(container)
    page = Page(tree, container, metadata, site, address, capture.fetched_at)
    if not is_numbered:
        page.flags.add("container-of-another-number")
    return (
        find_wrong_page(page, answered)
        or _find_other_article(asked, answered, site)
        or _read_draft(capture, page, companions)
    )


def _take_container(
    tree: HtmlElement, metadata: Metadata, site: Site, address: Identity | None
) -> tuple[HtmlElement | None, bool]:
    """The page's own article, and whether it has the address's number, as far as both name one.

    Other articles on the page are taken out of the tree: no text of theirs is this one's.
    """
    own: HtmlElement | None = None
    is_numbered = True
    for place, found in enumerate(site.page.container(tree)):
        has_number = place == 0 and _is_numbered(found, site, address)
        if has_number or (place == 0 and _is_titled(found, metadata, site)):
            own, is_numbered = found, has_number
        else:
            drop(found)
    return own, is_numbered


def _cut_overrun(
    capture: Capture,
    tree: HtmlElement,
    container: HtmlElement,
    metadata: Metadata,
    site: Site,
    address: Identity | None,
) -> HtmlElement:
    """The container, without what stands below it on the page where its HTML leaves an element open."""
    if find_end(capture.body, tree, container) is None:
        return container
    end = find_end(read_utf8(capture), tree, container)
    beginning = parse_beginning(capture, end)
    mended = None if isinstance(beginning, Unreadable) else _take_container(beginning, metadata, site, address)[0]
    return container if mended is None else mended


def _is_numbered(container: HtmlElement, site: Site, address: Identity | None) -> bool:
    """Whether a container has the number of the article at this address, as far as both name one."""
    owner = re.search(r"\d+$", str(next(iter(site.page.owner(container)), "")))
    asked = re.search(r":(\d+)$", address.id or "") if address else None
    return owner is None or asked is None or owner.group() == asked.group(1)


def _is_titled(container: HtmlElement, metadata: Metadata, site: Site) -> bool:
    """Whether a container's headline is the one that the page's head names: then its number is another sequence's."""
    shown = next((squeeze("".join(found.itertext())) for found in site.page.headline(container)), "")
    told = (read_text(metadata.json_ld.get("headline")), metadata.meta.get("og:title"), metadata.title)
    return bool(shown) and any(shown in squeeze(title) for title in told if title)


def find_url(capture: Capture) -> str | None:
    """The address that a page gives as its own, for a capture that came without one."""
    tree = parse_page(capture)
    if isinstance(tree, Unreadable):
        return None
    metadata = read_metadata(tree)
    for url in (metadata.canonical_url, metadata.meta.get("og:url")):
        if url and re.match(r"https?://", url.strip(), re.IGNORECASE):
            return url.strip()
    return None


def _read_draft(capture: Capture, page: Page, companions: tuple[Capture, ...]) -> Draft | Unreadable:
    site = page.site
    edition = page.address.edition if page.address else None
    page.posts = read_posts(companions, site, page.address.id if page.address else None) if companions else None
    kind = choose_kind(page)
    if kind is Kind.LIVE:
        _prepare_live(capture, page)
    note_paid(page)
    byline = choose_byline(page)
    page.headline = headline = choose_headline(page)
    subtitle = choose_subtitle(page)
    published_at, modified_at = choose_published_at(page), choose_modified_at(page)
    section, tags = choose_section(page), choose_tags(page)
    images = _read_images(page)
    body = _read_noted_body(page, kind)
    if not body.text and headline is None:
        return Unreadable(reason="empty-page", detail="neither headline nor text")
    if body.agencies and not byline.agencies:
        page.note("agencies", "text")
    return Draft(
        site=site.name,
        edition=edition,
        language=site.language_of(edition) or page.metadata.language,
        url=page.url,
        kind=kind,
        headline=headline,
        subtitle=subtitle,
        authors=byline.authors,
        agencies=tuple(dict.fromkeys((*byline.agencies, *body.agencies))),
        sponsor=choose_sponsor(page),
        section=section,
        tags=tags,
        published_at=published_at,
        modified_at=modified_at,
        body=body.text,
        images=images,
        sources=dict(sorted(page.sources.items())),
        flags=tuple(sorted(page.flags)),
        extractor=EXTRACTOR,
    )


def _read_images(page: Page) -> tuple[Image, ...]:
    """The page's pictures, then those of a live blog's posts."""
    found = list(read_images(page.container, page.site.page, page.url)) if page.container is not None else []
    own = {image for image, _ in found}
    found += [(image, "posts") for image in (page.posts.images if page.posts else ()) if image not in own]
    if found:
        page.note("images", ", ".join(dict.fromkeys(place for _, place in found)))
    return tuple(image for image, _ in found)


def _read_noted_body(page: Page, kind: Kind) -> Body:
    body = read_body(page, kind)
    if body.source:
        page.note("body", body.source)
    page.flags.update(body.flags if body.text else (*body.flags, "body-empty"))
    return body


def _identify_stated(fetched_url: str | None, metadata: Metadata, site: Site) -> Identity | None:
    """Whose address the page states as its own: by its canonical link, else, of known publishers, by the next best."""
    stated = metadata.canonical_url
    if not stated and site.editions:
        stated = metadata.meta.get("og:url", "").strip() or read_text(metadata.json_ld.get("url"))
    if not stated:
        return None
    try:
        return site.identify(urljoin(fetched_url, stated) if fetched_url else stated)
    except ValueError:  # an address that cannot be joined
        return None


def _find_other_article(asked: Identity | None, answered: Identity | None, site: Site) -> Unreadable | None:
    """The page names another article as its own: a redirect led astray. A generic id is a mere address."""
    if asked is None or answered is None or not site.editions:
        return None
    if asked.id and answered.id and asked.id != answered.id:
        return Unreadable(reason="other-article", detail=f"{answered.id} at {asked.url}")
    return None


def _prepare_live(capture: Capture, page: Page) -> None:
    """Brings what a live blog's page keeps elsewhere to where it is looked for."""
    if page.posts is None and (found := find_page_posts(page.tree, page.site, page.url)):
        page.posts = found
        page.flags.add("posts-from-page")
    if page.posts:
        page.flags.update(page.posts.flags)
    elif page.site.page.live is not NOWHERE:
        page.flags.add("posts-missing")
    if page.container is not None:
        _show_hidden_byline(capture, page.container)


def _show_hidden_byline(capture: Capture, container: HtmlElement) -> None:
    """Live blogs have author and time in an HTML comment: puts them back where they are looked for."""
    for comment in _COMMENT.findall(decode(capture)):
        if "byline__" in comment:
            container.append(parse_fragment(comment))
            return
