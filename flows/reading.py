"""From capture to outcome: the site's knowledge, the reading and the judgement, put in order. Pure."""

from datetime import datetime

import sites
from extraction.page import find_url, read_page
from extraction.text import read_text
from schemas.address import Identity
from schemas.article import Draft, Unreadable
from schemas.capture import Capture
from schemas.outcome import (
    ArticleRead,
    FetchFailed,
    Kept,
    Missing,
    Outcome,
    Redirected,
    Seen,
    SetAside,
    SourceBroken,
    SourceRead,
)
from schemas.validation import validate_draft
from sites.profile import Site, SourceUnreadable

GONE_STATUSES = frozenset({404, 410})
MISSING_PAGES = frozenset({"soft-404"})
"""What an `Unreadable` is called when the publisher means 404 and says 200."""


def read_outcome(capture: Capture) -> Outcome:
    """What one capture means. Never raises for what a publisher may send."""
    seen = Seen(
        ref=capture.ref,
        url=capture.url,
        status=capture.status,
        fetched_at=capture.fetched_at,
        media_type=capture.media_type,
    )
    if capture.url is None:
        return _read_file(capture, seen)
    site = sites.find_site(capture.url)
    if _is_robots(capture.url):
        return Kept(seen=seen)
    if site.recognize_source(capture.url):
        return _read_source(capture, seen, site)
    return _read_answer(capture, seen, site)


def _read_file(capture: Capture, seen: Seen) -> Outcome:
    """An imported file: a saved page, or a text."""
    if capture.media_type != "text/html":
        return _judge(read_text(capture), None, capture, seen)
    url = find_url(capture)
    identity = sites.identify(url) if url else None
    site = sites.find_site(url) if url else sites.get_site("generic")
    return _judge(read_page(capture, site), identity, capture, seen)


def _read_source(capture: Capture, seen: Seen, site: Site) -> Outcome:
    if capture.redirect_url or capture.status == 304:  # noqa: PLR2004 - Not Modified
        return Kept(seen=seen)
    if capture.status != 200:  # noqa: PLR2004 - OK
        return SourceBroken(seen=seen, reason=f"HTTP {capture.status}")
    if capture.too_large:
        return SourceBroken(seen=seen, reason="too-large")
    assert capture.url  # noqa: S101 - for mypy: a source was recognized by its address
    try:
        page = site.read_source(capture.body, capture.url, capture.media_type, capture.fetched_at)
    except SourceUnreadable as error:
        return SourceBroken(seen=seen, reason=str(error))
    return SourceRead(seen=seen, sightings=tuple((site.identify(found.url), found) for found in page.sightings))


def _read_answer(capture: Capture, seen: Seen, site: Site) -> Outcome:
    """An answer to a request for a page."""
    assert capture.url  # noqa: S101 - for mypy: the caller saw it
    identity = site.identify(capture.url)
    if capture.redirect_url:
        return Redirected(seen=seen, identity=identity, target=site.identify(capture.redirect_url))
    if capture.status in GONE_STATUSES:
        return Missing(seen=seen, identity=identity, reason=f"HTTP {capture.status}")
    if capture.status != 200:  # noqa: PLR2004 - OK
        error = f"HTTP {capture.status}"
        return FetchFailed(seen=seen, identity=identity, failed_at=capture.fetched_at, error=error)
    if identity.rule:
        return Kept(seen=seen)
    draft = read_page(capture, site)
    if isinstance(draft, Draft) and draft.url:
        identity = _prefer_canonical(identity, site.identify(draft.url))
    return _judge(draft, identity, capture, seen)


def _prefer_canonical(asked: Identity, canonical: Identity) -> Identity:
    """The page's own word on its address, where it speaks of the same article (or the asked address has no id)."""
    return canonical if canonical.id and (asked.id in {None, canonical.id}) else asked


def _judge(draft: Draft | Unreadable, identity: Identity | None, capture: Capture, seen: Seen) -> Outcome:
    if isinstance(draft, Unreadable):
        reason = f"{draft.reason}: {draft.detail}" if draft.detail else draft.reason
        if identity and draft.reason in MISSING_PAGES:
            return Missing(seen=seen, identity=identity, reason=reason)
        return SetAside(seen=seen, identity=identity, reasons=(reason,))
    judged = validate_draft(draft, identity, capture)
    if isinstance(judged, tuple):
        return SetAside(seen=seen, identity=identity, reasons=judged)
    return ArticleRead(seen=seen, identity=identity, article=judged)


def _is_robots(url: str) -> bool:
    return url.partition("://")[2].partition("/")[2] == "robots.txt"


def fetch_failed(url: str, error: str, failed_at: datetime) -> FetchFailed:
    """The outcome of a fetch that brought no answer."""
    return FetchFailed(seen=None, identity=sites.identify(url), failed_at=failed_at, error=error)
