"""Outcomes as a crawl produces them, with defaults for everything that a test does not name."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.article import Article, Image, Kind, content_sha256, text_id
from schemas.capture import CaptureRef, Validators
from schemas.outcome import (
    ArticleRead,
    CaptureQuarantined,
    FetchFailed,
    FetchForbidden,
    Missing,
    Outcome,
    Redirected,
    Seen,
    SourceRead,
    Unchanged,
)
from schemas.url import Identity, Sighting, SourceKind
from storage.ledger.unit_of_work import seen_of

SITE = "moscow-times"
HOST = "https://www.themoscowtimes.com"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
FEED = f"{HOST}/rss/news"


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def identify(number: int, slug: str = "a-headline") -> Identity:
    url = f"{HOST}/2026/10/01/{slug}-a{number}"
    return Identity(url=url, site=SITE, edition="en", id=f"{SITE}:en:{number}")


def identify_url(path: str, rule: str | None = None) -> Identity:
    return Identity(url=f"{HOST}{path}", site=SITE, edition="en", rule=rule)


def see(offset: int, url: str | None, fetched_at: datetime = START, status: int = 200, warc: str = "a.warc.gz") -> Seen:
    ref = CaptureRef(warc=warc, offset=offset, length=10, sha256=f"{offset:064x}")
    return Seen(ref=ref, url=url, status=status, fetched_at=fetched_at, media_type="text/html")


def write(identity: Identity | None, seen: Seen, body: str, **special: Any) -> Article:
    fields: dict[str, Any] = {
        "id": identity.key if identity else text_id(body),
        "site": SITE,
        "edition": "en",
        "language": "en",
        "url": identity.url if identity else None,
        "kind": Kind.ARTICLE,
        "headline": "A headline",
        "subtitle": None,
        "authors": ("Ann Author", "Bo Writer"),
        "agencies": ("AFP",),
        "sponsor": None,
        "section": "news",
        "tags": ("Kremlin",),
        "published_at": datetime(2026, 10, 1, 9, tzinfo=UTC),
        "modified_at": None,
        "fetched_at": seen.fetched_at,
        "body": body,
        "word_count": len(body.split()),
        "images": (Image(caption="A caption", credit="TASS"),),
        "content_sha256": content_sha256(body),
        "extractor": "test 1",
        "sources": {"headline": "json-ld", "authors": "byline"},
        "flags": (),
        "capture": seen.ref,
    }
    return Article(**(fields | special))


def read(offset: int, number: int, body: str | None = None, hours: float = 0, **special: Any) -> ArticleRead:
    identity = identify(number)
    seen = see(offset, identity.url, at(hours))
    article = write(identity, seen, body if body is not None else f"The body of {number}.", **special)
    return ArticleRead(seen=seen, identity=identity, article=article)


def read_text(offset: int, body: str, warc: str = "texts.warc.gz") -> ArticleRead:
    seen = see(offset, None, warc=warc)
    return ArticleRead(seen=seen, identity=None, article=write(None, seen, body))


def advertise(offset: int, *identities: Identity, source_url: str = FEED, hours: float = 0) -> SourceRead:
    seen = see(offset, source_url, at(hours), warc="sources.warc.gz")
    sightings = tuple(
        (
            identity,
            Sighting(
                url=f"{identity.url}?utm=x", source_url=source_url, source_kind=SourceKind.FEED, seen_at=at(hours)
            ),
        )
        for identity in identities
    )
    return SourceRead(seen=seen, sightings=sightings)


def quarantine(
    offset: int, number: int, reason: str = "body: empty", hours: float = 0, *, is_transient: bool = False
) -> CaptureQuarantined:
    identity = identify(number)
    seen = see(offset, identity.url, at(hours))
    return CaptureQuarantined(seen=seen, identity=identity, reasons=(reason,), is_transient=is_transient)


def miss(offset: int, number: int, hours: float = 0, slug: str = "a-headline") -> Missing:
    identity = identify(number, slug)
    return Missing(seen=see(offset, identity.url, at(hours), 404), identity=identity, reason="404")


def fail(number: int, hours: float = 0, error: str = "TimeoutError: 60 s") -> FetchFailed:
    return FetchFailed(seen=None, identity=identify(number), failed_at=at(hours), error=error)


def answer_503(offset: int, number: int, hours: float = 0) -> FetchFailed:
    identity = identify(number)
    seen = see(offset, identity.url, at(hours), 503)
    return FetchFailed(seen=seen, identity=identity, failed_at=at(hours), error="HTTP 503")


def forbid(number: int, hours: float = 0, reason: str = "robots") -> FetchForbidden:
    return FetchForbidden(identity=identify(number), forbidden_at=at(hours), reason=reason)


def redirect(
    offset: int, asked: Identity, target: Identity, hours: float = 0, *, is_permanent: bool = True
) -> Redirected:
    seen = see(offset, asked.url, at(hours), 301 if is_permanent else 302)
    return Redirected(seen=seen, identity=asked, target=target, is_permanent=is_permanent)


def confirm(offset: int, number: int, hours: float = 0, slug: str = "a-headline") -> Unchanged:
    identity = identify(number, slug)
    return Unchanged(seen=see(offset, identity.url, at(hours), 304), identity=identity)


def confirm_source(offset: int, hours: float = 0, url: str = FEED) -> Unchanged:
    return Unchanged(seen=see(offset, url, at(hours), 304, "sources.warc.gz"), identity=None)


def tag(outcome: Outcome, etag: str | None = '"1"', last_modified: str | None = None) -> Any:
    """Return the outcome with validators in its response."""
    seen = seen_of(outcome)
    assert seen
    validators = Validators(etag=etag, last_modified=last_modified)
    return outcome.model_copy(update={"seen": seen.model_copy(update={"validators": validators})})


def say(outcome: SourceRead, **said: Any) -> SourceRead:
    """Return the source's outcome with these fields in each of its sightings."""
    sightings = tuple((identity, sighting.model_copy(update=said)) for identity, sighting in outcome.sightings)
    return outcome.model_copy(update={"sightings": sightings})
