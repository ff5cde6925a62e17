"""What became of one capture or one fetch: exactly one of these, counted once, where it is stored."""

from datetime import datetime
from enum import StrEnum

from schemas.article import Article
from schemas.capture import CaptureRef, Validators
from schemas.model import NonEmpty, Record
from schemas.url import Identity, Sighting


class State(StrEnum):
    """The states of a URL in the ledger: it is in exactly one."""

    PENDING = "pending"
    """Known, not fetched yet (or to be looked at a second time)."""
    CAPTURED = "captured"
    """Its page lies in a WARC file and was not read yet."""
    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    EXCLUDED = "excluded"
    """No article, by the rule that the row names."""
    BLOCKED = "blocked"
    """robots.txt forbids it."""
    GONE = "gone"
    """404 or 410 (or the publisher's error page), confirmed by a second look."""
    FAILED = "failed"


class Seen(Record):
    """A capture of any kind, as the ledger notes it."""

    ref: CaptureRef
    url: str | None
    file_url: str | None = None
    """`file:NAME` of an imported file."""
    status: int
    fetched_at: datetime
    media_type: str = ""
    validators: Validators | None = None


class ArticleRead(Record):
    """The capture is a valid article."""

    seen: Seen
    identity: Identity | None
    """None for a text that has no URL."""
    article: Article


class CaptureQuarantined(Record):
    """The capture should be an article and is not a valid one."""

    seen: Seen
    identity: Identity | None
    is_passing: bool = False
    """The page may well be right at another time (a challenge, an empty answer): it is looked at again."""
    reasons: tuple[NonEmpty, ...]
    """Each as `field: what is wrong with it`, or the name of an `Unreadable` with its detail."""


class SourceRead(Record):
    """The capture is a feed, a sitemap or a listing, with what it advertised."""

    seen: Seen
    sightings: tuple[tuple[Identity, Sighting], ...]
    is_cut: bool = False
    """It ended before its time, and named more than this."""


class SourceBroken(Record):
    """The capture should be a feed, a sitemap or a listing, and is not."""

    seen: Seen
    reason: NonEmpty


class Missing(Record):
    """The publisher says that the page is not there (404, 410, or its error page with status 200)."""

    seen: Seen
    identity: Identity
    reason: NonEmpty


class Redirected(Record):
    """The publisher says that the article is at another URL now."""

    seen: Seen
    identity: Identity
    """Of the URL that was asked."""
    target: Identity
    is_permanent: bool
    """301 or 308. A temporary one says nothing of whose URL it is."""


class FetchFailed(Record):
    """There was no usable answer: a timeout, a reset, a 5xx. It is tried again later."""

    seen: Seen | None
    """None where nothing was answered."""
    identity: Identity
    failed_at: datetime
    error: NonEmpty


class FetchForbidden(Record):
    """robots.txt forbids the URL, or it leads into a network where no publisher is."""

    identity: Identity
    forbidden_at: datetime
    reason: NonEmpty
    """`robots`, or why the URL was refused."""


class Unchanged(Record):
    """The publisher says that nothing has changed since the capture whose validators it was asked with (304)."""

    seen: Seen
    identity: Identity | None
    """None for a source."""


class RobotsRead(Record):
    """The capture is a host's robots.txt, or its answer where there is none."""

    seen: Seen
    text: str
    """As far as it counts (RFC 9309: 500 KiB); empty where there was none."""


class Kept(Record):
    """A capture that is kept and says nothing of any article: a redirected feed."""

    seen: Seen


Outcome = (
    ArticleRead
    | CaptureQuarantined
    | SourceRead
    | SourceBroken
    | Missing
    | Redirected
    | FetchFailed
    | FetchForbidden
    | Unchanged
    | RobotsRead
    | Kept
)
