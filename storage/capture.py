"""What is known of captures beyond the files that they lie in."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.batch import select_in
from storage.tables import Capture


def find_known_payloads(session: Session, digests: Collection[str]) -> set[str]:
    """Those of the SHA-256 digests that a capture's payload has."""
    return set(select_in(session, select(Capture.sha256), Capture.sha256, digests))
