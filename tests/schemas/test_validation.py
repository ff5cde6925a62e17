"""A draft becomes an article, or is rejected with all reasons at once."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.article import Article, Draft, Kind, content_sha256
from schemas.capture import Capture, CaptureRef
from schemas.url import Identity
from schemas.validation import validate_draft

NOW = datetime(2024, 9, 1, 12, tzinfo=UTC)
REF = CaptureRef(warc="a.warc.gz", offset=0, length=1, sha256="0" * 64)
CAPTURE = Capture(ref=REF, url="https://www.themoscowtimes.com/2024/09/01/x-a1", fetched_at=NOW, status=200, body=b"")
IDENTITY = Identity(url=CAPTURE.url or "", site="moscow-times", edition="en", id="moscow-times:en:1")


def make_draft(**fields: Any) -> Draft:
    plain: dict[str, Any] = {"site": "moscow-times", "headline": "A headline", "body": "Some words.", "extractor": "x"}
    return Draft(**(plain | fields))


def find_reasons(draft: Draft, identity: Identity | None = IDENTITY) -> tuple[str, ...]:
    found = validate_draft(draft, identity, CAPTURE)
    assert isinstance(found, tuple)
    return found


def test_a_complete_draft_becomes_an_article_with_its_capture() -> None:
    article = validate_draft(make_draft(), IDENTITY, CAPTURE)
    assert isinstance(article, Article)
    assert (article.id, article.url, article.capture) == ("moscow-times:en:1", IDENTITY.url, REF)
    assert (article.word_count, article.content_sha256) == (2, content_sha256("Some words."))
    assert article.published_at is None


def test_times_are_stored_in_utc() -> None:
    local = datetime(2024, 9, 1, 14, tzinfo=timezone(timedelta(hours=3)))
    article = validate_draft(make_draft(published_at=local), IDENTITY, CAPTURE)
    assert isinstance(article, Article)
    assert article.published_at == local
    assert article.published_at
    assert article.published_at.tzinfo is UTC


def test_every_reason_is_given_at_once() -> None:
    late = NOW + timedelta(days=2)
    reasons = find_reasons(make_draft(headline=None, body="", modified_at=late, published_at=datetime(2024, 9, 1)))  # noqa: DTZ001
    assert [reason.partition(":")[0] for reason in reasons] == ["body", "headline", "modified_at", "published_at"]


def test_a_page_needs_a_headline_and_a_text_does_not() -> None:
    assert find_reasons(make_draft(headline=None)) == ("headline: missing on a page that must have one",)
    text = validate_draft(make_draft(headline=None), None, CAPTURE)
    assert isinstance(text, Article)
    assert text.id == f"text:{text.content_sha256[:16]}"


@pytest.mark.parametrize("kind", list(Kind))
def test_only_galleries_videos_and_podcasts_may_lack_a_body(kind: Kind) -> None:
    found = validate_draft(make_draft(kind=kind, body=""), IDENTITY, CAPTURE)
    assert isinstance(found, Article) == (kind in {Kind.GALLERY, Kind.VIDEO, Kind.PODCAST})


def test_a_url_that_is_not_an_articles_is_a_reason() -> None:
    home = Identity(url="https://www.themoscowtimes.com/", site="moscow-times", rule="home-page")
    assert find_reasons(make_draft(), home) == ("url: no article's URL (rule home-page)",)


def test_text_that_could_not_be_decoded_is_a_reason() -> None:
    assert "U+FFFD" in find_reasons(make_draft(body="Caf\ufffd"))[0]


def test_a_page_may_be_dated_a_little_ahead_of_its_fetch() -> None:
    soon = NOW + timedelta(hours=20)
    assert isinstance(validate_draft(make_draft(published_at=soon), IDENTITY, CAPTURE), Article)


def test_an_article_is_frozen_and_strict() -> None:
    article = validate_draft(make_draft(), IDENTITY, CAPTURE)
    assert isinstance(article, Article)
    with pytest.raises(ValidationError, match="frozen"):
        article.headline = "Another"  # type: ignore[misc] # mypy forbids it, too
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Article.model_validate(article.model_dump() | {"mood": "grim"})
    with pytest.raises(ValidationError, match="word_count"):
        Article.model_validate(article.model_dump() | {"word_count": "2"})
