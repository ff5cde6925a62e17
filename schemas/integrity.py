"""Whether an archive is whole, as data."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice

from schemas.model import Count, NonEmpty, Record
from schemas.report import RunReport

NAMED_COUNT = 10
"""A sentence names so many; the rest is a number."""


class WarcFinding(Record):
    """One WARC file beside what the database says of it."""

    name: NonEmpty
    capture_count: Count
    """Captures that were read in it."""
    unknown: tuple[Count, ...] = ()
    """Offsets of captures that the database does not know, though it has passed them."""
    missing: dict[int, NonEmpty] = {}
    """Offset of each capture that the database knows and the file does not have as it was stored -> why."""
    lost: tuple[Count, ...] = ()
    """Offsets of those that are not there either, and of which that is noted."""
    returned: dict[int, Count] = {}
    """Offset of each capture that is noted as lost, and is there all the same -> its bytes."""
    damaged: tuple[NonEmpty, ...] = ()
    """Records that were always damaged, and are no capture; a sentence each."""
    unread: tuple[Count, ...] = ()
    """Offsets of those among them that our own crawl wrote, and of which that is not noted."""
    error: str | None = None
    """Why it could not be read at all."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing is expected of it any more: all of its captures are noted as lost."""
        return bool(self.lost) and not self.missing


class IntegrityReport(Record):
    """What does not add up in an archive. Files, articles and states that are sound are only counted."""

    files: tuple[WarcFinding, ...]
    unloaded_count: Count
    """WARC files with something in them that was not loaded yet: the next run does."""
    unlisted: str | None = None
    """Why it is not known what the store of WARC files has."""
    lost_articles: dict[NonEmpty, NonEmpty]
    """Record id -> where its capture should lie, and why it does not."""
    unknown_count: Count
    """Captures that are lost with all that was known of them."""
    records: tuple[NonEmpty, ...]
    """What rows contradict in one another, those that are made from others too; a sentence each."""
    states: tuple[NonEmpty, ...]
    """What the states of the ledger contradict; a sentence each."""

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence for each thing that is wrong."""
        unlisted = [self.unlisted] if self.unlisted else []
        return (*unlisted, *self._file_problems(), *self._article_problems(), *self.records, *self.states)

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each file with captures that are known to be lost."""
        found = [
            f"{one.name}: {len(one.lost)} captures are lost, which is noted: at {_list(map(str, one.lost))}"
            for one in self.files
            if one.lost
        ]
        if self.unknown_count:
            found.append(f"{self.unknown_count} captures are lost, and which they were is not known")
        return tuple(found)

    def _file_problems(self) -> list[str]:
        names = defaultdict(list)
        for one in self.files:
            if not one.is_settled:
                names[one.error].append(one.name)
        found = [f"{_name(files)} cannot be read: {error}" for error, files in names.items() if error]
        for one in self.files:
            if one.missing and not one.error:
                places = _list(f"{offset} ({why})" for offset, why in one.missing.items())
                found.append(f"{one.name}: {len(one.missing)} captures are not as they were stored: at {places}")
            if one.unread:
                places = _list(map(str, one.unread))
                found.append(f"{one.name}: {len(one.unread)} records of the crawl were never read: at {places}")
            if one.returned:
                found.append(f"{one.name}: {len(one.returned)} captures that were lost are there again")
            if one.unknown:
                found.append(f"{one.name}: {len(one.unknown)} captures are not in the database")
        return found

    def _article_problems(self) -> list[str]:
        if not self.lost_articles:
            return []
        return [f"{len(self.lost_articles)} articles whose capture is not there: {_list(self.lost_articles)}"]


def _list(named: Iterable[str]) -> str:
    return ", ".join(islice(named, NAMED_COUNT))


def _name(files: Sequence[str]) -> str:
    return files[0] if len(files) == 1 else f"{len(files)} WARC files, the first of them {files[0]},"


class Repair(Record):
    """What was mended."""

    before: IntegrityReport
    repaired: tuple[NonEmpty, ...]
    """A sentence each."""
    after: IntegrityReport
    run: RunReport
