"""One record with all that the archive knows of it: for `show`."""

from flows.archive import Archive
from flows.status import find_record
from schemas.article import ArticleRecord
from schemas.duplicate import Explanation
from schemas.model import Record
from schemas.revision import Difference, Revision
from storage.article import list_duplicates
from storage.likeness.explanation import find_explanation
from storage.revision.version import find_difference, list_revisions


class Shown(Record):
    """A record, its versions, and how it stands to other records."""

    record: ArticleRecord
    revisions: tuple[Revision, ...]
    """Oldest first, the present one at the end."""
    explanation: Explanation | None
    """Why it is a duplicate; None where it is none."""
    duplicates: tuple[str, ...]
    """The ids of the articles that are duplicates of this one, sorted."""


def find_shown(archive: Archive, id_or_url: str) -> Shown:
    """One record, by its id or by any address of it.

    Raises:
        RecordUnknown: there is none.
    """
    record = find_record(archive, id_or_url)
    with archive.database.read() as session:
        return Shown(
            record=record,
            revisions=tuple(list_revisions(session, record.id)),
            explanation=find_explanation(session, record.id),
            duplicates=tuple(list_duplicates(session, record.id)),
        )


def compare_revisions(archive: Archive, id_or_url: str, before: int | None, after: int | None) -> Difference:
    """What sets two versions of a record apart; by default the last two.

    Raises:
        RecordUnknown: there is no such record.
        VersionUnknown: it has no version of such a number.
    """
    record = find_record(archive, id_or_url)
    with archive.database.read() as session:
        return find_difference(session, record.id, before, after)
