"""The outcomes of a capture or a fetch. Each has exactly one, which is counted once, when it is stored."""

from datetime import datetime
from enum import StrEnum

from schemas.article import Article
from schemas.capture import CaptureRef, Validators
from schemas.model import NonEmpty, Record
from schemas.rights import StatedRights
from schemas.terms import ArticleTerms
from schemas.url import Identity, Sighting


class State(StrEnum):
    """The state of a URL in the ledger."""

    PENDING = "pending"
    """Known, but not fetched yet (or due for a second fetch)."""
    CAPTURED = "captured"
    """Its page is in a WARC file and has not been read yet."""
    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    EXCLUDED = "excluded"
    """Not an article, by the rule named in the row."""
    BLOCKED = "blocked"
    """robots.txt forbids it."""
    GONE = "gone"
    """404 or 410 (or the publisher's error page), confirmed by a second fetch."""
    FAILED = "failed"


class Seen(Record):
    """A capture of any kind, as the ledger records it."""

    ref: CaptureRef
    url: str | None
    file_url: str | None = None
    """`file:NAME` of an imported file."""
    status: int
    fetched_at: datetime
    media_type: str = ""
    validators: Validators | None = None
    rights: StatedRights | None = None
    """What it says about its use; None for all but pages and texts."""


class ArticleRead(Record):
    """The capture is a valid article."""

    seen: Seen
    identity: Identity | None
    """None for a text that has no URL."""
    article: Article
    aliases: tuple[str, ...] = ()
    """Other URLs of it, as an imported record names them."""
    first_seen_at: datetime | None = None
    """When another archive first saw it, as an imported record says."""
    terms: ArticleTerms | None = None
    """What the article is found by, if its reader has made that; else it is made when the article is stored."""


class CaptureQuarantined(Record):
    """The capture should be an article, but is not a valid one."""

    seen: Seen
    identity: Identity | None
    is_transient: bool = False
    """Whether the cause is transient (a challenge, an empty response), so that the page is fetched again."""
    reasons: tuple[NonEmpty, ...]
    """Each is `field: what is wrong with it`, or the reason and detail of an `Unreadable`."""


class SourceRead(Record):
    """The capture is a feed, a sitemap or a listing, with the URLs that it advertised."""

    seen: Seen
    sightings: tuple[tuple[Identity, Sighting], ...]
    is_cut: bool = False
    """Whether it was truncated, so that it advertised more than this."""


class SourceBroken(Record):
    """The capture should be a feed, a sitemap or a listing, but is not."""

    seen: Seen
    reason: NonEmpty


class Missing(Record):
    """The publisher says that the page does not exist (404, 410, or its error page with status 200)."""

    seen: Seen
    identity: Identity
    reason: NonEmpty


class Redirected(Record):
    """The publisher redirects to another URL."""

    seen: Seen
    identity: Identity
    """The identity of the requested URL."""
    target: Identity
    is_permanent: bool
    """Whether the status is 301 or 308. A temporary redirect does not make the URL an alias."""


class FetchFailed(Record):
    """There was no usable response: a timeout, a reset, a 5xx. It is retried later."""

    seen: Seen | None
    """None if there was no response."""
    identity: Identity
    failed_at: datetime
    error: NonEmpty


class FetchForbidden(Record):
    """robots.txt forbids the URL, or it leads to a private network."""

    identity: Identity
    forbidden_at: datetime
    reason: NonEmpty
    """`robots`, or why the URL was refused."""


class Unchanged(Record):
    """The publisher says that nothing has changed (304) since the capture whose validators were sent."""

    seen: Seen
    identity: Identity | None
    """None for a source."""


class RobotsRead(Record):
    """The capture is a host's robots.txt, or the response if it has none."""

    seen: Seen
    text: str
    """The first 500 KiB, which must be parsed (RFC 9309); empty if there is no robots.txt."""


class TdmFileRead(Record):
    """The capture is a host's tdmrep.json, or the response if it has none."""

    seen: Seen
    text: str
    """Empty if there is no such file."""


class Kept(Record):
    """A capture that is stored but is about no article, such as a redirected feed."""

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
    | TdmFileRead
    | Kept
)
