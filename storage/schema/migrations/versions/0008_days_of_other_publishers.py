"""The days of articles of publishers without a profile: they were in one publisher's time zone, and are in UTC now."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Set each day, and an entry's month, to that of the publication time in UTC."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    day = "date(published_at)" if is_sqlite else "(published_at AT TIME ZONE 'UTC')::date"
    month = "strftime('%Y-%m', published_at)" if is_sqlite else "to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM')"
    where = f"WHERE site = 'generic' AND published_at IS NOT NULL AND published_on IS DISTINCT FROM {day}"
    if is_sqlite:
        where = where.replace("IS DISTINCT FROM", "IS NOT")  # SQLite before 3.39 lacks the standard's words
    op.execute(f"UPDATE article SET published_on = {day} {where}")  # noqa: S608 - constants
    op.execute(f"UPDATE entry SET published_on = {day}, published_month = {month} {where}")  # noqa: S608 - constants


def downgrade() -> None:
    """Leave the days: an older version sets them anew when an article changes."""
