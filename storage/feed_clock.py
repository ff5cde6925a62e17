"""When feeds say that articles were published, beside what their pages say."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.address import SourceKind
from storage.tables import Alias, Article, Sighting


def list_feed_times(session: Session, site: str, count: int) -> list[tuple[str, datetime, datetime]]:
    """For the site's newest fetched articles: a feed's URL, its time of publication, the page's own."""
    newest = (
        select(Article.entry_id, Article.published_at)
        .where(Article.site == site, Article.published_at.is_not(None))
        .order_by(Article.fetched_at.desc())
        .limit(count)
        .subquery()
    )
    statement = (
        select(Sighting.source_url, Sighting.published_at, newest.c.published_at)
        .join(Alias, Alias.url == Sighting.url)
        .join(newest, newest.c.entry_id == Alias.entry_id)
        .where(Sighting.source_kind == SourceKind.FEED, Sighting.published_at.is_not(None))
    )
    return [(url, said, own) for url, said, own in session.execute(statement)]
