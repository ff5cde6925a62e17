"""The findings of reprocessing, per capture and in total."""

from collections import Counter
from typing import Any, NamedTuple

from pipeline.run import now
from schemas.outcome import Outcome
from schemas.reprocess import Change, ChangedRecord, FieldCount, ReprocessReport
from storage.captures.capture import RereadingFilter

EXAMPLE_COUNT = 20
"""Changed records named in a report: a screenful."""

PROBLEM_COUNT = 20
"""Unreadable captures named individually in a report."""

WRITTEN = frozenset({Change.ANNOTATED, Change.CHANGED, Change.WITHDRAWN, Change.CURED})


class Finding(NamedTuple):
    """What rereading a capture found."""

    change: Change
    id: str
    extractor: str | None
    """The extractor of the stored record; None if nothing is stored."""
    fields: tuple[str, ...] = ()
    won: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    words: tuple[int, int] = (0, 0)
    """Before and after."""
    reasons: tuple[str, ...] = ()
    unopened: tuple[str, str] | None = None
    """What cannot be read (a WARC file, a store) and why; the same for each of its captures."""
    outcome: Outcome | None = None
    """To be stored; None if nothing is to be written."""


class ReprocessSummary:
    """Totals of findings."""

    def __init__(self, wanted: RereadingFilter, applied: bool) -> None:  # noqa: FBT001 - a fact
        self._wanted, self._applied = wanted, applied
        self._started_at = now()
        self._changes: Counter[Change] = Counter()
        self._fields: dict[str, Counter[str]] = {}
        self._counts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._extractors: Counter[str] = Counter()
        self._examples: list[ChangedRecord] = []
        self._unreadable: list[str] = []
        self._unopened: Counter[tuple[str, str]] = Counter()

    @property
    def parameters(self) -> dict[str, Any]:
        """The days and the site, as a run keeps them; empty for no limit."""
        return {name: str(value or "") for name, value in self._wanted._asdict().items()}

    def add(self, finding: Finding) -> None:
        """Add a finding."""
        self._changes[finding.change] += 1
        if finding.extractor:
            self._extractors[finding.extractor] += 1
        for kind, names in (("changed", finding.fields), ("won", finding.won), ("lost", finding.lost)):
            for name in names:
                self._fields.setdefault(name, Counter())[kind] += 1
        before, after = finding.words
        self._counts["longer_count"] += after > before
        self._counts["shorter_count"] += after < before
        self._counts["words_won"] += max(0, after - before)
        self._counts["words_lost"] += max(0, before - after)
        if finding.change is Change.WITHDRAWN:
            self._reasons[finding.reasons[0].partition(":")[0]] += 1
        if finding.change is Change.UNREADABLE:
            self._unreadable += finding.reasons
        if finding.unopened:
            self._unopened[finding.unopened] += 1
        if finding.change in WRITTEN and len(self._examples) < EXAMPLE_COUNT:
            self._examples.append(_as_example(finding))

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence for each unreadable file (or store) and for each other unreadable capture.

        If there are many of those captures, the others are only counted.
        """
        files = [
            f"{what} cannot be read ({why}): {_count(count, 'capture')} not read"
            for (what, why), count in self._unopened.items()
        ]
        further_count = len(self._unreadable) - PROBLEM_COUNT
        further = [f"{_count(further_count, 'more capture')} cannot be read"] if further_count > 0 else []
        return (*files, *self._unreadable[:PROBLEM_COUNT], *further)

    def make_report(self) -> ReprocessReport:
        """Return the totals as a report."""
        fields = {name: FieldCount(**counts) for name, counts in sorted(self._fields.items())}
        return ReprocessReport(
            since=self._wanted.since,
            until=self._wanted.until,
            site=self._wanted.site,
            applied=self._applied,
            started_at=self._started_at,
            ended_at=now(),
            read_count=sum(self._changes.values()),
            changes={change: self._changes[change] for change in Change if self._changes[change]},
            fields=fields,
            reasons=dict(sorted(self._reasons.items())),
            extractors=dict(sorted(self._extractors.items())),
            examples=tuple(self._examples),
            problems=self.problems,
            longer_count=self._counts["longer_count"],
            shorter_count=self._counts["shorter_count"],
            words_won=self._counts["words_won"],
            words_lost=self._counts["words_lost"],
        )


def _count(count: int, name: str) -> str:
    return f"{count} {name}{'s' if count > 1 else ''}"


def _as_example(finding: Finding) -> ChangedRecord:
    before, after = finding.words
    return ChangedRecord(
        id=finding.id,
        change=finding.change,
        fields=finding.fields,
        words_before=before,
        words_after=after,
        reasons=finding.reasons,
    )
