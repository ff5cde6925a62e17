"""Notices that pages are read otherwise than before: fields that come from elsewhere, bodies of other lengths.

A shift fails every run while the newest pages differ from those before them; once the new state has lasted as long as
what it is compared with, it is what is usual, and quiet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.quality.provenance import AGREEMENT, ARTICLE, LENGTH, LENGTHS, MISSING, RESULT
from schemas.model import Count, Record
from schemas.report import KindReading

WINDOW_PAGES = 20
"""Pages of a kind that say something: a scheduled run has few, so those of the runs right before it count with its own.
A share of a half is uncertain by 0.11 among them."""

BASELINE_RUNS = 20
"""Runs before those, with pages of the kind: some days of them, so that what was accepted is soon the usual."""

BASELINE_PAGES = 40
"""Of fewer nobody knows what is usual: further runs are taken to them, and without them nothing is compared."""

LENGTH_FACTOR = 2.5
"""Between two medians of body lengths. Among 20 articles a median is uncertain by a fifth, and a page of which only the
first block is read, or the furniture with the text, changes by more than this."""

CAPTION_WORDS = 20
"""Fewer are a gallery's or a video's one line: as good as no body."""

AGREEMENT_CEILING = 0.2
"""Of the pages of a kind on which two readings of the body agree: nearly all do, so four of 20 that do not are news."""

TOLD_SHARE = 0.05
"""A source whose share moved by less is not worth a word in the sentence."""


class Move(Record):
    """One field, or the length of bodies, that is not as it was."""

    field: str
    source: str
    """Where more of it comes from now: of the pages that show it, this run has one."""
    text: str


class Shift(Record):
    """A kind of page that is read otherwise than before."""

    kind: str
    moves: tuple[Move, ...]
    page_count: Count
    """The newest pages of the kind …"""
    baseline_count: Count
    """… and those that they are compared with."""

    @property
    def sentence(self) -> str:
        """Which fields moved from where to where."""
        moved = "; ".join(move.text for move in self.moves)
        return f"drift: {self.kind}: {moved} ({self.page_count} pages against {self.baseline_count})"


def find_shifts(
    own: Mapping[str, KindReading], past: Sequence[Mapping[str, KindReading]], ceiling: float
) -> Iterator[Shift]:
    """The kinds of pages that a run read otherwise than the runs before it (the newest first) did.

    `ceiling` is the share of the pages by which a source of a field may grow or shrink.
    """
    for kind, reading in own.items():
        window, baseline = _divide(reading, (found[kind] for found in past if kind in found))
        if window.page_count < WINDOW_PAGES or baseline.page_count < BASELINE_PAGES:
            continue
        if moves := tuple(_find_moves(reading, window, baseline, ceiling)):
            yield Shift(kind=kind, moves=moves, page_count=window.page_count, baseline_count=baseline.page_count)


def _divide(own: KindReading, past: Iterable[KindReading]) -> tuple[KindReading, KindReading]:
    """The newest pages, and what they are compared with."""
    window, baseline, baseline_runs = own, KindReading(), 0
    for reading in past:
        if window.page_count < WINDOW_PAGES:
            window += reading
        elif baseline_runs < BASELINE_RUNS or baseline.page_count < BASELINE_PAGES:
            baseline += reading
            baseline_runs += 1
    return window, baseline


def _find_moves(own: KindReading, window: KindReading, baseline: KindReading, ceiling: float) -> Iterator[Move]:
    # A field that was not looked for then is not compared.
    for name in [name for name in window.sources if baseline.sources.get(name)]:
        before, after = _list_shares(baseline.sources[name]), _list_shares(window.sources[name])
        growth = {source: after.get(source, 0) - before.get(source, 0) for source in before | after}
        grown = max(growth, key=lambda source: growth[source])
        limit = min(ceiling, AGREEMENT_CEILING) if name == AGREEMENT else ceiling
        if max(map(abs, growth.values())) > limit and own.sources.get(name, {}).get(grown):
            yield Move(field=name, source=grown, text=_tell(name, before, after))
    old, new = find_median(baseline.lengths), find_median(window.lengths)
    if (length := _find_length(own, old, new)) is not None:
        yield Move(field=LENGTH, source=length, text=f"median body {old:.0f} -> {new:.0f} words")


def _list_shares(counts: Mapping[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {source: count / total for source, count in counts.items()}


def _tell(name: str, before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """Most lost first: `headline from json-ld 98 % -> 20 %, from page 2 % -> 80 %`."""
    moved = [(source, before.get(source, 0), after.get(source, 0)) for source in {**before, **after}]
    told = sorted((new - old, source, old, new) for source, old, new in moved if abs(new - old) >= TOLD_SHARE)
    parts = (f"{_word(name, source)} {100 * old:.0f} % -> {100 * new:.0f} %" for _, source, old, new in told)
    return f"{name} {', '.join(parts)}"


def _word(name: str, source: str) -> str:
    if name == AGREEMENT:
        return source
    if name == RESULT:
        return source if source == ARTICLE else f"quarantined for {source}"
    return source if source == MISSING else f"from {source}"


def find_median(lengths: Mapping[str, int]) -> float:
    """The median body length in words, as the classes let it be known; 0 without pages."""
    half, passed = sum(lengths.values()) / 2, 0
    for fewest in sorted(map(int, lengths)):
        count = lengths[str(fewest)]
        if passed + count >= half and count:
            most = next((other for other in LENGTHS if other > fewest), fewest) if fewest else 0
            return fewest + (most - fewest) * (half - passed) / count
        passed += count
    return 0.0


def _find_length(own: KindReading, before: float, after: float) -> str | None:
    """A class of lengths with pages of this run that shows the move of the median; None where there is none."""
    low, high = max(before, CAPTION_WORDS), max(after, CAPTION_WORDS)
    if max(low, high) <= LENGTH_FACTOR * min(low, high):
        return None
    found = [int(length) for length, count in own.lengths.items() if count]
    moved = [length for length in found if abs(length - after) < abs(length - before)]
    return str(min(moved, key=lambda length: abs(length - after))) if moved else None
