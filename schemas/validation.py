"""Validates drafts: the rules that a record must satisfy before it is stored.

A draft that fails is quarantined with every reason; its values are never corrected or guessed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from schemas.article import Article, Draft, Kind, content_sha256, text_id
from schemas.capture import Capture
from schemas.table import TABLE_SOURCE
from schemas.url import Identity

CLOCK_SKEW = timedelta(days=1)
"""How far after its fetch a page may be dated: clocks differ, and embargoed articles are put online early."""

BODILESS_KINDS = frozenset({Kind.GALLERY, Kind.VIDEO, Kind.PODCAST})
"""Kinds whose content may be only pictures or sound."""


def validate_draft(draft: Draft, identity: Identity | None, capture: Capture) -> Article | tuple[str, ...]:
    """Return the article, or every reason against it as `field: what is wrong`."""
    reasons = tuple(find_reasons(draft, identity, capture))
    try:
        article = Article.model_validate(_article_fields(draft, identity, capture))
    except ValidationError as error:
        return reasons + tuple(f"{_location(line['loc'])}: {line['msg']}" for line in error.errors())
    return reasons or article


def find_reasons(draft: Draft, identity: Identity | None, capture: Capture) -> Iterator[str]:
    """Yield the violations that the fields' types cannot express."""
    if not draft.body and not draft.images and draft.kind not in BODILESS_KINDS:
        yield "body: empty"
    # A row of a table is not a page: it may have no column of headlines.
    if identity and identity.id and not draft.headline and draft.sources.get("body") != TABLE_SOURCE:
        yield "headline: missing on a page that must have one"
    if identity and identity.rule:
        yield f"url: no article's URL (rule {identity.rule})"
    for name in ("published_at", "modified_at"):
        at: datetime | None = getattr(draft, name)
        if at and at.tzinfo and at > capture.fetched_at + CLOCK_SKEW:
            yield f"{name}: {at.isoformat()} lies after the fetch at {capture.fetched_at.isoformat()}"
    if "\ufffd" in draft.body:
        yield "body: characters that could not be decoded (U+FFFD)"


def _article_fields(draft: Draft, identity: Identity | None, capture: Capture) -> dict[str, object]:
    found = draft.model_dump(exclude={"rights"}) | {"kind": draft.kind, "images": draft.images}
    if identity:
        found |= {"url": identity.url, "site": identity.site, "edition": identity.edition}
    return found | {
        "id": identity.key if identity else text_id(draft.body),
        "fetched_at": capture.fetched_at.astimezone(UTC),
        "word_count": len(draft.body.split()),
        "content_sha256": content_sha256(draft.body),
        "capture": capture.ref,
        "published_at": _in_utc(draft.published_at),
        "modified_at": _in_utc(draft.modified_at),
    }


def _in_utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at and at.tzinfo else at


def _location(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc)
