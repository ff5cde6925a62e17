"""What tells whether any article was redacted, or let in again: cheap to read."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.redactions.table import RedactionRow


class RedactionState(NamedTuple):
    """The redactions in force. Two that differ are of different redactions, for each has a time of its own."""

    redacted_count: int
    last_redacted_at: datetime | None


def read_redaction_state(session: Session) -> RedactionState:
    """Read how many articles are redacted, and since when the last one."""
    found = select(func.count(), func.max(RedactionRow.redacted_at)).select_from(RedactionRow)
    count, redacted_at = session.execute(found).one()
    return RedactionState(count, redacted_at)
