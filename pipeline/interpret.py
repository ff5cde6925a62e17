"""Turns a capture into an outcome: the site's rules, extraction, validation. Pure.

Extraction modules are imported with the first page that is read, so a run that finds nothing new, or a read-only
command, starts a quarter of a second sooner.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

import sites
from schemas.article import Draft, Unreadable
from schemas.capture import ESCAPED_NUL, NUL, Capture
from schemas.outcome import (
    ArticleRead,
    CaptureQuarantined,
    FetchFailed,
    Kept,
    Missing,
    Outcome,
    Redirected,
    RobotsRead,
    Seen,
    SourceBroken,
    SourceRead,
    TdmFileRead,
    Unchanged,
)
from schemas.rights import ROBOTS_PATH, TDM_FILE_PATH
from schemas.table import ROW_MEDIA_TYPE
from schemas.url import Identity, Sighting, SourceKind
from schemas.validation import validate_draft
from sites.profile import Site
from sites.publishers import Publishers
from sites.rights import HOST_FILE_BYTES, clean_tdm_file, is_host_file
from sites.source_page import SourceUnreadable

TRANSIENT_PAGES = frozenset({"block-page", "empty-page"})
"""May be an article at another time: a challenge, a response without content."""

POSTS_MISSING = "posts-missing: a live blog is quarantined until its posts are there"

NOT_MODIFIED = 304
GONE_STATUSES = frozenset({404, 410})
PERMANENT_REDIRECTS = frozenset({301, 308})
MISSING_PAGES = frozenset({"soft-404", "home-page"})
"""Reasons of an `Unreadable` for which the publisher means 404 but responds with 200."""


logger = logging.getLogger(__name__)


def read_outcome(
    capture: Capture,
    page: Capture | None = None,
    companions: tuple[Capture, ...] = (),
    publishers: Publishers = sites.PUBLISHERS,
) -> Outcome:
    """Return the outcome of a capture. Never raises: a page that fails extraction is quarantined.

    A live blog has two captures, its page and its posts (`find_page_id`). If the page comes with its `companions`, the
    outcome is that of the complete article. If only the posts are new, `page` is the page they belong to.
    """
    seen = _make_seen(capture)
    try:
        if page:
            return _read_page(page, seen, (capture,), publishers)
        return _read_page(capture, seen, companions, publishers) if companions else _read(capture, seen, publishers)
    except Exception as error:
        logger.exception("the reader failed at %s (%s at %d)", capture.url, capture.ref.warc, capture.ref.offset)
        return _fail_reading(seen, f"reader-failed: {type(error).__name__}: {error}")


def fail_capture(capture: Capture, reason: str) -> Outcome:
    """Return the outcome of a capture whose reading does not finish. It waits for better rules."""
    return _fail_reading(_make_seen(capture), reason)


def _make_seen(capture: Capture) -> Seen:
    return Seen(
        ref=capture.ref,
        url=capture.url,
        file_url=capture.file_url,
        status=capture.status,
        fetched_at=capture.fetched_at,
        media_type=capture.media_type,
        validators=capture.validators,
    )


def find_page_id(capture: Capture) -> str | None:
    """Return the id of the record whose page this capture is a part of; None for any other capture."""
    if capture.url is None or not capture.is_success:
        return None
    return sites.find_site(capture.url).recognize_companion(capture.url)


def is_incomplete(outcome: Outcome) -> bool:
    """Return whether the remaining parts of the page are still expected: a live blog's posts follow it."""
    return isinstance(outcome, CaptureQuarantined) and outcome.reasons == (POSTS_MISSING,)


def _fail_reading(seen: Seen, reason: str) -> Outcome:
    if seen.url is None:
        return CaptureQuarantined(seen=seen, identity=None, reasons=(reason,))
    site = sites.find_site(seen.url)
    if site.recognize_source(seen.url):
        return SourceBroken(seen=seen, reason=reason)
    return CaptureQuarantined(seen=seen, identity=site.identify(seen.url), reasons=(reason,))


def _read(capture: Capture, seen: Seen, publishers: Publishers) -> Outcome:
    if capture.url is None:
        return _read_file(capture, seen, publishers)
    site = publishers.find(capture.url)
    if any(is_host_file(capture.url, path) for path in (ROBOTS_PATH, TDM_FILE_PATH)):
        return _read_host_file(capture, seen)
    if site.recognize_companion(capture.url):
        return Kept(seen=seen)
    if capture.status == NOT_MODIFIED:
        return _read_unchanged(capture.url, seen, site)
    if site.recognize_source(capture.url):
        return _read_source(capture, seen, site)
    return _read_response(capture, seen, site, publishers)


def _read_file(capture: Capture, seen: Seen, publishers: Publishers) -> Outcome:
    """Read an imported file: a saved page, a text, or a row of a table."""
    from extraction.page import find_url, read_page
    from extraction.text import read_text

    if capture.media_type == ROW_MEDIA_TYPE:
        return _read_row(capture, seen, publishers)
    if capture.media_type != "text/html":
        return _validate(read_text(capture), None, capture, seen)
    url = find_url(capture)
    identity = publishers.identify(url) if url else None
    site = publishers.find(url) if url else publishers.get("generic")
    if identity and identity.rule == "home-page" and not site.hosts:
        identity = None  # some publishers name their home page on every page
    return _validate(read_page(capture, site), identity, capture, seen)


def _read_row(capture: Capture, seen: Seen, publishers: Publishers) -> Outcome:
    from extraction.row import read_row

    row = read_row(capture, publishers)
    outcome = _validate(row.draft, row.identity, capture, seen)
    if isinstance(outcome, CaptureQuarantined):
        # A row says nothing of the publisher's page: an article's stays due, and no other URL gets into the ledger.
        is_article = row.identity is not None and row.identity.rule is None
        return outcome.model_copy(update={"is_transient": is_article, "identity": row.identity if is_article else None})
    if row.record is None or not isinstance(outcome, ArticleRead):
        return outcome
    first_seen_at = min(row.record.first_seen_at, seen.fetched_at).astimezone(UTC)
    return outcome.model_copy(update={"aliases": row.record.aliases, "first_seen_at": first_seen_at})


def _read_host_file(capture: Capture, seen: Seen) -> Outcome:
    body = capture.body if capture.is_success and not capture.too_large else b""
    if seen.url and seen.url.endswith(TDM_FILE_PATH):
        return TdmFileRead(seen=seen, text=clean_tdm_file(body))
    text = body[:HOST_FILE_BYTES].decode("utf-8", errors="replace")
    return RobotsRead(seen=seen, text=text.replace(NUL, ESCAPED_NUL))


def _read_unchanged(url: str, seen: Seen, site: Site) -> Outcome:
    identity = site.identify(url)
    if site.recognize_source(url):
        return Unchanged(seen=seen, identity=None)
    return Kept(seen=seen) if identity.rule else Unchanged(seen=seen, identity=identity)


def _read_source(capture: Capture, seen: Seen, site: Site) -> Outcome:
    if capture.redirect_url:
        return Kept(seen=seen)
    if not capture.is_success:
        return SourceBroken(seen=seen, reason=f"HTTP {capture.status}")
    if capture.too_large:
        return SourceBroken(seen=seen, reason="too-large")
    assert capture.url  # noqa: S101 - for mypy: a source was recognized by its URL
    try:
        page = site.read_source(capture.body, capture.url, capture.media_type, capture.fetched_at)
    except SourceUnreadable as error:
        return SourceBroken(seen=seen, reason=str(error))
    if page.children or page.is_cut:
        # An unchanged index says nothing about its pages, so they are requested each time. The validators of a
        # truncated source would hide the part that is missing.
        seen = seen.model_copy(update={"validators": None})
    sightings = identify_sightings(page.sightings, site, site.source_month(capture.url))
    return SourceRead(seen=seen, sightings=sightings, is_cut=page.is_cut)


def identify_sightings(
    sightings: Iterable[Sighting], site: Site | None = None, published_month: str | None = None
) -> tuple[tuple[Identity, Sighting], ...]:
    """Identify each URL that a source advertises, and add the day or month known for it.

    A web archive's index belongs to no site and also names every image: only articles of known publishers are kept.
    """
    return tuple(_identify(found, site, published_month) for found in sightings if _is_relevant(found))


def _identify(found: Sighting, site: Site | None, published_month: str | None) -> tuple[Identity, Sighting]:
    owner = sites.find_site(found.url)
    if site is not None and not owner.hosts and found.source_kind is not SourceKind.CDX:
        owner = (
            site  # another publisher's URL is that publisher's; an unknown one is excluded by the source's own rules
        )
    days = {"published_on": owner.path_date(found.url) or found.published_on, "published_month": published_month}
    return owner.identify(found.url), found.model_copy(update=days)


def _is_relevant(found: Sighting) -> bool:
    if found.source_kind is not SourceKind.CDX:
        return True
    identity = sites.identify(found.url)
    return identity.id is not None and identity.site != "generic"


def _read_response(capture: Capture, seen: Seen, site: Site, publishers: Publishers) -> Outcome:
    """Read the response to a request for a page."""
    assert capture.url  # noqa: S101 - for mypy: the caller checked it
    identity = site.identify(capture.url)
    if identity.rule:
        return Kept(seen=seen)
    if capture.redirect_url:
        target = site.identify(capture.redirect_url)
        is_permanent = capture.status in PERMANENT_REDIRECTS
        return Redirected(seen=seen, identity=identity, target=target, is_permanent=is_permanent)
    if capture.status in GONE_STATUSES:
        return Missing(seen=seen, identity=identity, reason=f"HTTP {capture.status}")
    if not capture.is_success:
        error = f"HTTP {capture.status}"
        return FetchFailed(seen=seen, identity=identity, failed_at=capture.fetched_at, error=error)
    if capture.truncated:
        return CaptureQuarantined(
            seen=seen, identity=identity, reasons=("truncated: the page is not whole",), is_transient=True
        )
    return _read_page(capture, seen, (), publishers)


def _read_page(capture: Capture, seen: Seen, companions: tuple[Capture, ...], publishers: Publishers) -> Outcome:
    from extraction.page import read_page

    assert capture.url  # noqa: S101 - for mypy: pages with a URL come here
    site = publishers.find(capture.url)
    identity = site.identify(capture.url)
    draft = read_page(capture, site, companions)
    if isinstance(draft, Draft) and draft.url:
        identity = _prefer_canonical(identity, site.identify(draft.url))
    if isinstance(draft, Draft) and "posts-missing" in draft.flags:
        seen = seen.model_copy(update={"rights": draft.rights})
        return CaptureQuarantined(seen=seen, identity=identity, reasons=(POSTS_MISSING,), is_transient=True)
    return _validate(draft, identity, capture, seen)


def _prefer_canonical(asked: Identity, canonical: Identity) -> Identity:
    """Prefer the page's canonical URL if it names the same article, or if the requested URL has no id."""
    return canonical if canonical.id and (asked.id in {None, canonical.id}) else asked


def _validate(draft: Draft | Unreadable, identity: Identity | None, capture: Capture, seen: Seen) -> Outcome:
    if isinstance(draft, Unreadable):
        reason = f"{draft.reason}: {draft.detail}" if draft.detail else draft.reason
        if identity and draft.reason in MISSING_PAGES:
            return Missing(seen=seen, identity=identity, reason=reason)
        is_transient = draft.reason in TRANSIENT_PAGES
        return CaptureQuarantined(seen=seen, identity=identity, reasons=(reason,), is_transient=is_transient)
    seen = seen.model_copy(update={"rights": draft.rights})
    validated = validate_draft(draft, identity, capture)
    if isinstance(validated, tuple):
        return CaptureQuarantined(seen=seen, identity=identity, reasons=validated)
    return ArticleRead(seen=seen, identity=identity, article=validated)


def fail_fetch(identity: Identity, error: str, failed_at: datetime) -> FetchFailed:
    """Return the outcome of a fetch without a response."""
    return FetchFailed(seen=None, identity=identity, failed_at=failed_at, error=error)
