"""The days of articles of publishers without a profile: they were in UTC, and go by each page's own offset now."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

HAS_OFFSET = "site = 'generic' AND published_on IS NOT NULL AND published_offset IS NOT NULL"

SET_ENTRIES = """
UPDATE entry SET
    published_on = (SELECT published_on FROM article WHERE entry_id = entry.id),
    published_month = (SELECT substr(CAST(published_on AS TEXT), 1, 7) FROM article WHERE entry_id = entry.id)
WHERE EXISTS (
    SELECT 1 FROM article WHERE entry_id = entry.id AND published_at = entry.published_at AND {has_offset}
)
"""


def upgrade() -> None:
    """Set the day of each article whose page gives an offset, and its entry's day and month."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    utc_time = "published_at AT TIME ZONE 'UTC'"
    day = "date(published_at, published_offset)" if is_sqlite else f"({utc_time} + published_offset::interval)::date"
    op.execute(f"UPDATE article SET published_on = {day} WHERE {HAS_OFFSET}")  # noqa: S608 - constants
    op.execute(SET_ENTRIES.format(has_offset=HAS_OFFSET))


def downgrade() -> None:
    """Leave the days: an older version sets them anew when an article changes."""
