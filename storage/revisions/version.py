"""Read an article's versions, and compare two of them."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from schemas.article import Article as ExtractedArticle
from schemas.article import Image
from schemas.failure import UsageFailure
from schemas.revision import Content, Difference
from schemas.revision import Revision as VersionRecord
from storage.articles.article import as_ref
from storage.ledger.unit_of_work import UnitOfWork
from storage.revisions.difference import compare_paragraphs, list_changed_fields
from storage.schema.tables import Article, Revision, Version

VERSION_COLUMNS = tuple(Version.__annotations__)
"""The columns shared by the tables `article` and `revision`."""

AnyVersion = Article | Revision


class VersionUnknown(UsageFailure):
    """An article has no version with this number."""


def save_version(batch: UnitOfWork, row: Article) -> None:
    """Save an article's current version before it is changed or withdrawn."""
    columns = {name: getattr(row, name) for name in VERSION_COLUMNS}
    batch.new_rows[Revision].append({"article_id": row.id, "number": row.revision, **columns})


def content_of(version: AnyVersion | ExtractedArticle, body: str | None = None) -> Content:
    """Return the compared content of a version or an extracted article. If `body` is given, it is not loaded."""
    return Content(
        edition=version.edition,
        language=version.language,
        kind=version.kind.value,
        headline=version.headline,
        subtitle=version.subtitle,
        authors=tuple(version.authors),
        agencies=tuple(version.agencies),
        sponsor=version.sponsor,
        section=version.section,
        tags=tuple(version.tags),
        published_at=version.published_at,
        images=tuple(image.model_dump() if isinstance(image, Image) else image for image in version.images),
        body=version.body if body is None else body,
    )


def list_revisions(session: Session, article_id: str) -> list[VersionRecord]:
    """Return all versions of an article, oldest first, the current one last."""
    return [_as_record(row) for row in _list_rows(session, article_id)]


def find_body(session: Session, article_id: str, number: int) -> str:
    """Return the text of a version.

    Raises:
        VersionUnknown: the article has no version of this number.
    """
    for row in _list_rows(session, article_id):
        if _number_of(row) == number:
            return row.body
    raise VersionUnknown(f"{article_id} has no revision {number}")


def find_difference(
    session: Session, article_id: str, before: int | None = None, after: int | None = None
) -> Difference:
    """Compare two versions: by default the last two, and without `before` the one preceding `after`.

    For an article that never changed, the default compares its only version with itself.

    Raises:
        VersionUnknown: a number is unknown, or both are the same.
    """
    rows = {_number_of(row): row for row in _list_rows(session, article_id)}
    if len(rows) == 1 and before is None and after is None:
        return _compare(article_id, *rows.values(), *rows.values())
    after = max(rows, default=1) if after is None else after
    before = after - 1 if before is None else before
    for number in (before, after):
        if number not in rows:
            known = ", ".join(map(str, sorted(rows)))
            raise VersionUnknown(f"{article_id} has no revision {number}; known are {known}")
    if before == after:
        raise VersionUnknown(f"{before}..{after} names one revision twice")
    return _compare(article_id, rows[before], rows[after])


def _compare(article_id: str, before: AnyVersion, after: AnyVersion) -> Difference:
    old, new = content_of(before), content_of(after)
    return Difference(
        id=article_id,
        before=_as_record(before),
        after=_as_record(after),
        fields=list_changed_fields(old, new),
        paragraphs=tuple(compare_paragraphs(old.body, new.body)),
    )


def _list_rows(session: Session, article_id: str) -> list[AnyVersion]:
    former = select(Revision).where(Revision.article_id == article_id).order_by(Revision.number)
    with_captures = former.options(joinedload(Revision.capture), joinedload(Revision.removed_capture))
    present = session.get(Article, article_id)
    return [*session.scalars(with_captures), *([present] if present else [])]


def _number_of(row: AnyVersion) -> int:
    return row.number if isinstance(row, Revision) else row.revision


def _as_record(row: AnyVersion) -> VersionRecord:
    return VersionRecord(
        number=_number_of(row),
        revision_class=row.revision_class,
        revised_at=row.revised_at or row.fetched_at,
        extractor=row.extractor,
        flags=tuple(row.flags),
        capture=as_ref(row.capture),
        removed_capture=as_ref(row.removed_capture) if row.removed_capture else None,
    )
