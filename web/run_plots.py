"""Plots of the runs over time: durations, outcomes, agreement and drift. By day, if there are many runs."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from pipeline.quality.drift import list_findings
from pipeline.quality.provenance import AGREED, AGREEMENT, ANY_PAGE, ARTICLE, MISSING, RESULT
from storage.reports.run_history import RunSummary
from web.plot import Plot, Series, Shape

MAX_RUNS = 60
"""The most points with a run each."""

OUTCOMES = ("stored", "quarantined", "duplicate", "revised", "missing", "unchanged", "failed")
DRIFT_FIELDS = ("headline", "authors", "published_at", "section", "tags", "body")
"""Fields that nearly every article has: if more of their values are missing, the publisher's pages have changed."""

Group = Sequence[RunSummary]


def make_run_plots(runs: Sequence[RunSummary]) -> dict[str, Plot]:
    """Return name -> plot of these runs, which are in the order of time."""
    by_day = len(runs) > MAX_RUNS
    unit = "day" if by_day else "run"
    groups: dict[str, list[RunSummary]] = {}
    for run in runs:
        label = f"{run.started_at:%Y-%m-%d}" if by_day else f"{run.started_at:%Y-%m-%d %H:%M:%S}"
        groups.setdefault(label, []).append(run)
    plots = [
        _plot_durations(groups, unit),
        _plot("outcomes", f"Outcomes by {unit}", unit, groups, _list_outcomes(runs), Shape.BARS),
        _plot("agreement", f"How pages were read, by {unit}", unit, groups, READING, Shape.LINES, "%"),
        _plot("drift", f"Fields without a value, by {unit}", unit, groups, FIELDS, Shape.LINES, "%"),
        _plot("findings", f"Findings of drift by {unit}", unit, groups, FINDINGS, Shape.BARS),
    ]
    return {plot.name: plot for plot in plots}


def _plot(
    name: str,
    title: str,
    unit: str,
    groups: Mapping[str, Group],
    lines: Mapping[str, Callable[[Group], float | None]],
    shape: Shape,
    value_unit: str = "",
) -> Plot:
    series = [Series(label, [measure(group) for group in groups.values()]) for label, measure in lines.items()]
    return Plot(name, title, unit, list(groups), series, shape, value_unit)


def _plot_durations(groups: Mapping[str, Group], unit: str) -> Plot:
    kinds = sorted({run.kind for group in groups.values() for run in group})
    lines = {kind: _measure_minutes(kind) for kind in kinds}
    title = f"Longest run by {unit}" if unit == "day" else "Duration of each run"
    return _plot("durations", title, unit, groups, lines, Shape.LINES, "min")


def _measure_minutes(kind: str) -> Callable[[Group], float | None]:
    def measure(group: Group) -> float | None:
        found = [run.seconds for run in group if run.kind == kind]
        return round(max(found) / 60, 2) if found else None

    return measure


def _list_outcomes(runs: Iterable[RunSummary]) -> dict[str, Callable[[Group], float | None]]:
    found = {name for run in runs for name, count in run.outcomes.items() if count}
    return {name: _count_outcome(name) for name in OUTCOMES if name in found or name == OUTCOMES[0]}


def _count_outcome(name: str) -> Callable[[Group], float | None]:
    return lambda group: sum(run.outcomes.get(name, 0) for run in group)


def _measure_share(field: str, source: str, *, of_articles: bool) -> Callable[[Group], float | None]:
    """Return a function that measures the share (%) of pages on which a field has this source."""

    def measure(group: Group) -> float | None:
        found: Counter[str] = Counter()
        for run in group:
            for kind, reading in run.reading.items():
                if (kind != ANY_PAGE) == of_articles:
                    found.update(reading.sources.get(field, {}))
        return round(100 * found[source] / found.total(), 2) if found.total() else None

    return measure


def _measure_leaks(group: Group) -> float | None:
    found = [run.leak_rate for run in group if run.leak_rate is not None]
    return round(100 * found[-1], 2) if found else None


def _count_findings(group: Group) -> float | None:
    return len(list_findings(problem for run in group for problem in run.problems))


READING = {
    "both readings of the text agree": _measure_share(AGREEMENT, AGREED, of_articles=True),
    "known boilerplate left": _measure_leaks,
    "pages that are articles": _measure_share(RESULT, ARTICLE, of_articles=False),
}
FIELDS = {
    name.replace("published_at", "date"): _measure_share(name, MISSING, of_articles=True) for name in DRIFT_FIELDS
}
FINDINGS = {"drift or unknown boilerplate": _count_findings}
