"""What rows of the database contradict in one another."""

from sqlalchemy.orm import Session

from storage.integrity.content import audit_contents
from storage.integrity.entry import audit_entries
from storage.integrity.reference import audit_references
from storage.integrity.wording import audit_wordings
from storage.search.index import audit_index


def audit_rows(session: Session, *, is_index_sound: bool) -> list[str]:
    """A sentence for each contradiction. An index that contradicts itself cannot be asked what it has."""
    audits = [
        audit_entries,
        audit_references,
        audit_contents,
        audit_wordings,
        *([audit_index] if is_index_sound else []),
    ]
    return [sentence for audit in audits for sentence in audit(session)]
