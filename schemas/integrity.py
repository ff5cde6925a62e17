"""The results of an integrity check of the archive, and of a repair."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice

from schemas.model import Count, NonEmpty, Record
from schemas.report import RunReport

NAMED_COUNT = 10
"""Most names or offsets listed in one sentence; the others are only counted."""


class WarcFinding(Record):
    """A WARC file compared with its rows in the database."""

    name: NonEmpty
    capture_count: Count
    """Captures found in the file."""
    unknown: tuple[Count, ...] = ()
    """Offsets of captures that are not in the database, although the file is loaded beyond them."""
    missing: dict[int, NonEmpty] = {}
    """Offset of each capture that is in the database but not (or not as stored) in the file -> why."""
    lost: tuple[Count, ...] = ()
    """Offsets of missing captures that are already recorded as lost."""
    returned: dict[int, Count] = {}
    """Offset of each capture that is recorded as lost but is in the file -> its bytes."""
    damaged: tuple[NonEmpty, ...] = ()
    """Records that were damaged from the start and are not captures; a sentence each."""
    unread: tuple[Count, ...] = ()
    """Offsets of damaged records that were written by our own crawl and are not recorded as lost."""
    error: str | None = None
    """Why the file could not be read at all."""

    @property
    def is_settled(self) -> bool:
        """Whether all of its missing captures are recorded as lost, so that nothing is expected of the file."""
        return bool(self.lost) and not self.missing


class IntegrityReport(Record):
    """The inconsistencies of an archive. Sound files, articles and states are only counted."""

    files: tuple[WarcFinding, ...]
    unloaded_count: Count
    """WARC files with captures that are not loaded yet; the next run loads them."""
    unlisted: str | None = None
    """Why the remote store of WARC files could not be listed."""
    lost_articles: dict[NonEmpty, NonEmpty]
    """Record id -> where its capture should be, and why it is not there."""
    unknown_count: Count
    """Lost captures of which no row is left."""
    records: tuple[NonEmpty, ...]
    """Contradictions between rows, including derived rows; a sentence each."""
    states: tuple[NonEmpty, ...]
    """Contradictions of the ledger's states; a sentence each."""

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence for each problem."""
        unlisted = [self.unlisted] if self.unlisted else []
        return (*unlisted, *self._file_problems(), *self._article_problems(), *self.records, *self.states)

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each file with captures that are recorded as lost."""
        found = [
            f"{one.name}: {len(one.lost)} captures are recorded as lost: at {_join_names(map(str, one.lost))}"
            for one in self.files
            if one.lost
        ]
        if self.unknown_count:
            found.append(f"{self.unknown_count} captures are lost, and it is not known which")
        return tuple(found)

    def _file_problems(self) -> list[str]:
        names = defaultdict(list)
        for one in self.files:
            if not one.is_settled:
                names[one.error].append(one.name)
        found = [f"{_describe_files(files)} cannot be read: {error}" for error, files in names.items() if error]
        for one in self.files:
            if one.missing and not one.error:
                offsets = _join_names(f"{offset} ({why})" for offset, why in one.missing.items())
                found.append(f"{one.name}: {len(one.missing)} captures are not as they were stored: at {offsets}")
            if one.unread:
                offsets = _join_names(map(str, one.unread))
                found.append(f"{one.name}: {len(one.unread)} records of the crawl were never read: at {offsets}")
            if one.returned:
                found.append(f"{one.name}: {len(one.returned)} captures that were lost are there again")
            if one.unknown:
                found.append(f"{one.name}: {len(one.unknown)} captures are not in the database")
        return found

    def _article_problems(self) -> list[str]:
        if not self.lost_articles:
            return []
        return [f"{len(self.lost_articles)} articles whose capture is not there: {_join_names(self.lost_articles)}"]


def _join_names(named: Iterable[str]) -> str:
    return ", ".join(islice(named, NAMED_COUNT))


def _describe_files(files: Sequence[str]) -> str:
    return files[0] if len(files) == 1 else f"{len(files)} WARC files, the first of them {files[0]},"


class Repair(Record):
    """The result of a repair."""

    before: IntegrityReport
    repaired: tuple[NonEmpty, ...]
    """A sentence each."""
    after: IntegrityReport
    run: RunReport
