"""Detects drift in how pages are read: fields from other sources, bodies of other lengths.

A shift fails every run while the newest pages differ from those before them. Once the new state has lasted as long as
the baseline, it becomes the baseline, and the check passes again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.quality.provenance import AGREEMENT, ARTICLE, LENGTH, LENGTHS, MISSING, RESULT
from schemas.model import Count, Record
from schemas.report import KindReading

WINDOW_PAGES = 20
"""Fewest pages of a kind to compare. A scheduled run has few, so the pages of the runs just before it are added. With
20 pages, the uncertainty of a share of one half is 0.11."""

BASELINE_RUNS = 20
"""Runs with pages of the kind, before the window, that form the baseline: a few days, so that an accepted change soon
becomes normal."""

BASELINE_PAGES = 40
"""Fewest pages in a baseline. Earlier runs are added to reach it; if there are none, nothing is compared."""

LENGTH_FACTOR = 2.5
"""Largest ratio between two median body lengths. Among 20 articles the uncertainty of a median is a fifth; a page of
which only the first block is read, or whose boilerplate is read as text, changes by more than this."""

CAPTION_WORDS = 20
"""Shorter bodies are the one line of a gallery or video, and count as empty."""

AGREEMENT_CEILING = 0.2
"""Ceiling for pages on which the two readings of the body agree: nearly all do, so four in 20 that do not are a
signal."""

REPORTED_SHARE = 0.05
"""Smallest change of a source's share that the sentence mentions."""


FINDINGS = ("drift", "recurring")
"""How the sentences begin that say what a run noticed about its own reading."""


class FieldShift(Record):
    """A change in one field, or in the length of bodies."""

    field: str
    source: str
    """The source that gained most; this run has at least one page that shows it."""
    text: str


class Shift(Record):
    """A kind of page that is read differently than before."""

    kind: str
    field_shifts: tuple[FieldShift, ...]
    page_count: Count
    """Pages in the window."""
    baseline_count: Count
    """Pages in the baseline."""

    @property
    def sentence(self) -> str:
        """The fields that changed, and between which sources."""
        changed = "; ".join(field_shift.text for field_shift in self.field_shifts)
        return f"drift: {self.kind}: {changed} ({self.page_count} pages against {self.baseline_count})"


def find_shifts(
    current: Mapping[str, KindReading], earlier: Sequence[Mapping[str, KindReading]], ceiling: float
) -> Iterator[Shift]:
    """Yield the kinds of pages that a run read differently than earlier runs (newest first).

    `ceiling` is the share of pages by which a field's source may grow or shrink.
    """
    for kind, reading in current.items():
        window, baseline = _divide(reading, (found[kind] for found in earlier if kind in found))
        if window.page_count < WINDOW_PAGES or baseline.page_count < BASELINE_PAGES:
            continue
        if field_shifts := tuple(_find_field_shifts(reading, window, baseline, ceiling)):
            yield Shift(
                kind=kind, field_shifts=field_shifts, page_count=window.page_count, baseline_count=baseline.page_count
            )


def list_findings(problems: Iterable[str], names: Sequence[str] = FINDINGS) -> list[str]:
    """Return the problems of runs that are findings of these names, without repetitions."""
    beginnings = tuple(f"{name}:" for name in names)
    return list(dict.fromkeys(problem for problem in problems if problem.startswith(beginnings)))


def _divide(current: KindReading, earlier: Iterable[KindReading]) -> tuple[KindReading, KindReading]:
    """Return the window and the baseline."""
    window, baseline, baseline_runs = current, KindReading(), 0
    for reading in earlier:
        if window.page_count < WINDOW_PAGES:
            window += reading
        elif baseline_runs < BASELINE_RUNS or baseline.page_count < BASELINE_PAGES:
            baseline += reading
            baseline_runs += 1
    return window, baseline


def _find_field_shifts(
    current: KindReading, window: KindReading, baseline: KindReading, ceiling: float
) -> Iterator[FieldShift]:
    # A field that the baseline never looked for is not compared.
    for name in [name for name in window.sources if baseline.sources.get(name)]:
        before, after = _list_shares(baseline.sources[name]), _list_shares(window.sources[name])
        growth = {source: after.get(source, 0) - before.get(source, 0) for source in before | after}
        grown = max(growth, key=lambda source: growth[source])
        limit = min(ceiling, AGREEMENT_CEILING) if name == AGREEMENT else ceiling
        if max(map(abs, growth.values())) > limit and current.sources.get(name, {}).get(grown):
            yield FieldShift(field=name, source=grown, text=_describe_shares(name, before, after))
    old, new = find_median(baseline.lengths), find_median(window.lengths)
    if (length := _find_length(current, old, new)) is not None:
        yield FieldShift(field=LENGTH, source=length, text=f"median body {old:.0f} -> {new:.0f} words")


def _list_shares(counts: Mapping[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {source: count / total for source, count in counts.items()}


def _describe_shares(name: str, before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """Return the changed shares, largest loss first: `headline from json-ld 98 % -> 20 %, from page 2 % -> 80 %`."""
    changed = [(source, before.get(source, 0), after.get(source, 0)) for source in {**before, **after}]
    reported = sorted((new - old, source, old, new) for source, old, new in changed if abs(new - old) >= REPORTED_SHARE)
    parts = (
        f"{_describe_source(name, source)} {100 * old:.0f} % -> {100 * new:.0f} %" for _, source, old, new in reported
    )
    return f"{name} {', '.join(parts)}"


def _describe_source(name: str, source: str) -> str:
    if name == AGREEMENT:
        return source
    if name == RESULT:
        return source if source == ARTICLE else f"quarantined for {source}"
    return source if source == MISSING else f"from {source}"


def find_median(lengths: Mapping[str, int]) -> float:
    """Return the median body length in words, interpolated within its class; 0 without pages."""
    half, passed = sum(lengths.values()) / 2, 0
    for fewest in sorted(map(int, lengths)):
        count = lengths[str(fewest)]
        if passed + count >= half and count:
            most = next((other for other in LENGTHS if other > fewest), fewest) if fewest else 0
            return fewest + (most - fewest) * (half - passed) / count
        passed += count
    return 0.0


def _find_length(current: KindReading, before: float, after: float) -> str | None:
    """Return a length class of this run that shows the change of the median; None if it did not change."""
    low, high = max(before, CAPTION_WORDS), max(after, CAPTION_WORDS)
    if max(low, high) <= LENGTH_FACTOR * min(low, high):
        return None
    found = [int(length) for length, count in current.lengths.items() if count]
    changed = [length for length in found if abs(length - after) < abs(length - before)]
    return str(min(changed, key=lambda length: abs(length - after))) if changed else None
