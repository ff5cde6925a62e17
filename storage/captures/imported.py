"""Imported files: which of them the archive has, and the articles that they are."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from schemas.table import ROW_MEDIA_TYPE
from storage.ledger.unit_of_work import execute_in, select_in
from storage.schema.tables import Article, Capture


def find_imported_digests(session: Session, digests: Collection[str]) -> set[str]:
    """Return which of the SHA-256 digests belong to imported files; fetched captures do not count.

    A file whose capture is lost is left out, so that it can be imported again.
    """
    imported = select(Capture.sha256).where(Capture.url.is_(None), ~Capture.is_lost)
    return set(select_in(session, imported, Capture.sha256, digests))


class ImportedArticle(NamedTuple):
    """The article that an imported text or page is."""

    id: str
    duplicate_of: str | None
    revision: int
    is_source: bool
    """Whether its present text was read from this file, not from another capture."""


def find_imported_articles(session: Session, digests: Collection[str]) -> dict[str, ImportedArticle]:
    """Return SHA-256 digest -> article, of those of these imported texts and pages that are articles."""
    is_source = Article.capture_id == Capture.id
    rows = (
        select(Capture.sha256, Article.id, Article.duplicate_of, Article.revision, is_source.label("is_source"))
        .join(Article, or_(is_source, Article.entry_id == Capture.entry_id))
        .where(Capture.url.is_(None), ~Capture.is_lost)
    )
    return {row.sha256: ImportedArticle(*row[1:]) for row in execute_in(session, rows, Capture.sha256, digests)}


def list_row_digests(session: Session, run_id: str) -> set[str]:
    """Return the SHA-256 digests of the rows of tables that a run has loaded."""
    rows = select(Capture.sha256).where(Capture.run_id == run_id, Capture.media_type == ROW_MEDIA_TYPE)
    return set(session.scalars(rows))
