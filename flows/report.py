"""A run's report, for people."""

from collections.abc import Iterator, Mapping

from schemas.report import BackfillReport, RunReport

OUTCOME_MEANINGS = {
    "stored": "new articles",
    "unchanged": "read again or imported again, the same as before",
    "revised": "read again, changed",
    "duplicate": "the same text as another article",
    "quarantined": "set aside: not valid",
    "missing": "not there; looked at a second time later",
    "gone": "not there at the second look either",
    "failed": "no usable answer; tried again later",
    "forbidden": "not fetched: robots.txt, or a private network",
    "redirected": "moved to another address",
    "source-read": "feeds, sitemaps and listings read",
    "source-broken": "feeds, sitemaps and listings that could not be read",
    "not-modified": "the publisher says: the same as last time",
    "robots": "robots.txt read",
    "kept": "other answers, kept: redirects of sources",
}


def render_markdown(report: RunReport) -> str:
    """The report as a Markdown document, as the Prefect artifact shows it."""
    return "\n".join(_lines(report))


def render_backfill_markdown(report: BackfillReport) -> str:
    """A backfill as a Markdown document: a line for each month."""
    columns = ("pages", "stored", "duplicate", "quarantined", "missing", "failed")
    rows = (
        f"| {month.since:%Y-%m} | {month.page_count} | "
        + " | ".join(str(month.outcomes.get(name, 0)) for name in columns[1:])
        + f" | {month.run_id} |"
        for month in report.months
        if month.since
    )
    title = f"# backfill {report.site} · {report.since} to {report.until}"
    header = ("", f"| month | {' | '.join(columns)} | run |", f"|---|{'--:|' * len(columns)}---|")
    return "\n".join((title, *_list("Problems", report.problems), *header, *rows))


def _lines(report: RunReport) -> Iterator[str]:
    yield f"# {report.kind} {report.site or ''} · {report.run_id}"
    seconds = (report.ended_at - report.started_at).total_seconds()
    yield (
        f"{report.request_count} answers archived ({report.page_count} of them pages) in {seconds:.0f} s; "
        f"{report.advertised_count} addresses advertised so far, {report.advertised_new_count} of them new."
    )
    yield from _list("Problems", report.problems)
    yield from _list("Notes", report.notes)
    yield from _table("Outcomes of this run", report.outcomes, OUTCOME_MEANINGS)
    yield from _table("The ledger", report.ledger, {})


def _list(title: str, sentences: tuple[str, ...]) -> Iterator[str]:
    if sentences:
        yield from ("", f"## {title}", *(f"- {sentence}" for sentence in sentences))


def _table(title: str, counts: Mapping[str, int], meanings: Mapping[str, str]) -> Iterator[str]:
    yield from ("", f"## {title}", "| what | count | meaning |", "|---|--:|---|")
    yield from (f"| {name} | {count} | {meanings.get(name, '')} |" for name, count in counts.items())
