"""Renders a run's report for people."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.quality.drift import find_median
from pipeline.step_time import describe_waits
from schemas.report import BackfillReport, KindReading, RecurringParagraph, RunReport
from storage.ledger.quarantine import QuarantineRecord
from storage.reports.completeness import MonthCount

TEXT_CHARS = 120
"""Characters of a recurring paragraph in a table: two lines of a terminal. The report has the full text."""

MONTHS_SHOWN = 12
"""The newest months of an archive, where new problems show."""

QUARANTINE_SHOWN = 20
"""Captures that a report names individually: a screenful."""

OUTCOME_MEANINGS = {
    "stored": "new articles",
    "unchanged": "reread or imported again, the same as before",
    "revised": "reread, changed",
    "restored": "available again, the same as before it was removed",
    "annotated": "reread, the same; only the recorded sources of its values, or its rights, differ",
    "withdrawn": "stored, but invalid by the current rules: quarantined, its revisions kept",
    "cured": "was quarantined or missing, and is valid by the current rules",
    "duplicate": "the same text as another article",
    "quarantined": "quarantined: not valid",
    "missing": "not found; checked a second time later",
    "removed": "stored, but no longer on the site, as a second check confirmed; the text is kept",
    "gone": "not found at the second check either",
    "failed": "no usable response; retried later",
    "forbidden": "not fetched: robots.txt, or a private network",
    "redirected": "moved to another URL",
    "source-read": "feeds, sitemaps and listings read",
    "source-broken": "feeds, sitemaps and listings that could not be read",
    "not-modified": "304: the same as last time",
    "robots": "robots.txt read",
    "tdm-file": "tdmrep.json requested: the host's reservation of text and data mining",
    "passed-over": "skipped records of imported WARC files that have no page: revisits, conversions",
    "refused": "rows of tables that cannot be read",
    "not-newer": "rows of tables with another text than the stored one, not known to be later; it is kept",
    "redacted": "captures of articles that were taken down; nothing of them is stored",
    "kept": "other responses, kept: redirects of sources",
}


STATE_MEANINGS = {
    "pending": "not requested yet, or to be checked a second time",
    "captured": "its page is in a WARC file, but was not read yet",
    "stored": "its article is stored",
    "duplicate": "its article is stored, and has the same text as another one",
    "quarantined": "it responded, but without a valid article",
    "failed": "it did not respond; retried",
    "blocked": "robots.txt forbids it",
    "gone": "not found, checked twice",
    "excluded": "not an article, by a rule",
}
"""Every state that a URL can be in."""


_MARKUP = re.compile(r"[\\`*\[\]!|~#>]|(?<!\w)_|_(?!\w)")
"""Characters with a meaning in Markdown."""


def render_markdown(
    report: RunReport, months: Sequence[MonthCount] = (), quarantined: Sequence[QuarantineRecord] = ()
) -> str:
    """Return the report as Markdown, as shown in the Prefect artifact.

    `months` are the archive's newest months; `quarantined` is what this run quarantined.
    """
    return "\n".join((*_lines(report), *_list_months(months), *_list_quarantined(quarantined)))


def render_backfill_markdown(report: BackfillReport) -> str:
    """Return a backfill's report as Markdown, with a line for each month."""
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
        f"{report.request_count} responses archived ({report.page_count} of them pages) in {seconds:.0f} s; "
        f"{report.advertised_count} URLs advertised so far, {report.advertised_new_count} of them new."
    )
    if waits := describe_waits(report.waited_seconds):
        yield from ("", f"Waited for: {waits}.")
    yield from _list("Problems", report.problems)
    yield from _list("Notes", report.notes)
    yield from _table("Outcomes of this run", report.outcomes, OUTCOME_MEANINGS)
    yield from _table("The ledger", report.ledger, STATE_MEANINGS)
    yield from _list_findings(report)


def _list_findings(report: RunReport) -> Iterator[str]:
    if report.recurring:
        yield from ("", "## Recurring unlisted paragraphs", "| articles | share | text |", "|--:|--:|---|")
        rows = (list_recurring_row(one) for one in report.recurring)
        yield from (f"| {count} | {share} | {escape_markdown(text)} |" for count, share, text, _ in rows)
    if report.leak_rate is not None:
        yield from ("", f"Known boilerplate in {report.leak_rate:.2%} of the newest articles.")
    if report.reading:
        yield from ("", "## How the pages were read", "| kind | pages | fields | from |", "|---|--:|---|---|")
        yield from (f"| {' | '.join(row)} |" for row in list_reading_rows(report.reading))
    yield from _list_slowest(report)


def _list_slowest(report: RunReport) -> Iterator[str]:
    if report.slowest:
        yield from ("", "## The slowest pages", "| seconds | page |", "|--:|---|")
        yield from (f"| {page.seconds:.2f} | {escape_markdown(page.url)} |" for page in report.slowest)


def _list_months(months: Sequence[MonthCount]) -> Iterator[str]:
    if months:
        yield from ("", "## Completeness", "| month | advertised | kept | missing | share |", "|---|--:|--:|--:|--:|")
        yield from (f"| {' | '.join(row)} |" for row in list_month_rows(months))
        yield from ("", "`broadsheet status --missing` lists what is missing.")


def list_month_rows(months: Iterable[MonthCount]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield month, advertised URLs, those with an article, those without, and the share of obtainable ones."""
    for one in months:
        kept = one.stored_count + one.duplicate_count
        share = f"{kept / (kept + one.missing_count):.1%}" if kept + one.missing_count else "-"
        yield one.month or "unknown", str(one.advertised_count), str(kept), str(one.missing_count), share


def _list_quarantined(quarantined: Sequence[QuarantineRecord]) -> Iterator[str]:
    if not quarantined:
        return
    yield from ("", f"## Quarantined: {len(quarantined)}", "| URL | reasons | to inspect it |", "|---|---|---|")
    for one in quarantined[:QUARANTINE_SHOWN]:
        reasons = escape_markdown("; ".join(one.reasons))
        yield f"| {escape_markdown(one.key or one.url or '-')} | {reasons} | `broadsheet quarantine show {one.id}` |"
    if len(quarantined) > QUARANTINE_SHOWN:
        yield from ("", "`broadsheet quarantine` lists the others.")


def escape_markdown(text: str) -> str:
    """Escape a publisher's text for Markdown, in one line: no link, image, tag or table cell."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split())).replace("&", "&amp;").replace("<", "&lt;")


def list_recurring_row(found: RecurringParagraph) -> tuple[str, str, str, str]:
    """Return number of articles, share, beginning of the text, examples."""
    text = found.text if len(found.text) <= TEXT_CHARS else f"{found.text[:TEXT_CHARS]}…"
    return str(found.article_count), f"{found.share:.1%}", text, " ".join(found.example_ids)


def list_reading_rows(reading: Mapping[str, KindReading]) -> Iterator[tuple[str, str, str, str]]:
    """Yield kind, pages, fields, sources: one row for all fields of a kind with the same sources."""
    for kind, found in reading.items():
        fields: defaultdict[str, list[str]] = defaultdict(list)
        for name, sources in found.sources.items():
            fields[_describe_shares(sources)].append(name)
        yield from ((kind, str(found.page_count), ", ".join(names), shares) for shares, names in fields.items())
        if found.lengths:
            mean, median = found.word_count / found.page_count, find_median(found.lengths)
            yield kind, str(found.page_count), "words", f"{mean:.0f} on average, half of the bodies below {median:.0f}"


def _describe_shares(sources: Mapping[str, int]) -> str:
    """Return shares, largest first: `json-ld 98 %, page 2 %`."""
    total = sum(sources.values())
    ordered = sorted(sources.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{source} {100 * count / total:.0f} %" for source, count in ordered)


def _list(title: str, sentences: tuple[str, ...]) -> Iterator[str]:
    if sentences:
        yield from ("", f"## {title}", *(f"- {escape_markdown(sentence)}" for sentence in sentences))


def _table(title: str, counts: Mapping[str, int], meanings: Mapping[str, str]) -> Iterator[str]:
    yield from ("", f"## {title}", "| what | count | meaning |", "|---|--:|---|")
    yield from (f"| {name} | {count} | {meanings.get(name, '')} |" for name, count in counts.items())
