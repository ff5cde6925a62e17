"""What rows of the database contradict in one another."""

from sqlalchemy.orm import Session

from storage.integrity.content import audit_contents
from storage.integrity.entry import audit_entries
from storage.integrity.reference import audit_references
from storage.integrity.wording import audit_likeness


def audit_rows(session: Session) -> list[str]:
    """A sentence for each contradiction."""
    audits = (audit_entries, audit_references, audit_contents, audit_likeness)
    return [sentence for audit in audits for sentence in audit(session)]
