"""The `broadsheet` command.

Heavy libraries are imported inside the commands that need them, which keeps `--help` fast.
"""

import re
import sys
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.compliance import compliance
from cli.copy import copy
from cli.export import export
from cli.failure import EXIT_INTERRUPTED, EXIT_RUN_FAILED, EXIT_USAGE, explain_failure
from cli.metrics import metrics
from cli.migrate import migrate
from cli.option import (
    NO_SHORT_OPTIONS,
    AsJson,
    CrawledSite,
    FromDay,
    PageLimit,
    RecordId,
    RowLimit,
    SiteName,
    ToDay,
    between,
    day_of,
    read_day,
    with_archive,
)
from cli.plan import plan
from cli.progress import announce_prefect, showing_progress
from cli.publish import publish
from cli.quarantine import quarantine_app
from cli.redact import redact
from cli.release import release, verify
from cli.report import report
from cli.schedule import deploy, schedule
from cli.search import search
from cli.serve import serve
from cli.show import show
from cli.signals import handling_signals
from cli.site import site_app
from cli.usage import App, QueryCommand
from schemas.printing import print_line
from schemas.process import prepare_process

if TYPE_CHECKING:
    from schemas.report import RunReport

app = App(
    name="broadsheet",
    help="Keep a complete, clean and explainable archive of a newspaper.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(site_app, name="site")
app.command()(show)
app.command(cls=QueryCommand, context_settings=NO_SHORT_OPTIONS)(export)
app.command(cls=QueryCommand, context_settings=NO_SHORT_OPTIONS)(search)
app.command()(report)
app.command(cls=QueryCommand, context_settings=NO_SHORT_OPTIONS)(release)
app.command(cls=QueryCommand, context_settings=NO_SHORT_OPTIONS)(publish)
app.command()(verify)
app.command()(redact)
app.command()(plan)
app.command()(compliance)
app.command()(migrate)
app.command()(copy)
app.command()(metrics)
app.command()(serve)
app.command()(schedule)
app.command()(deploy)


class SourceChoice(StrEnum):
    """Where to look for articles."""

    FEEDS = "feeds"
    SITEMAPS = "sitemaps"
    LISTINGS = "listings"
    ALL = "all"


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("broadsheet"))
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keep a complete, clean and explainable archive of a newspaper."""


@app.command()
def ingest(
    site: CrawledSite = None,
    source: Annotated[
        SourceChoice, typer.Option(metavar="SOURCE", help=f"Where to look for articles: {', '.join(SourceChoice)}.")
    ] = SourceChoice.FEEDS,
    limit: PageLimit = None,
    cdx: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Also read the index of a web archive: the URL of a CDX query."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Discover articles, fetch what is due, parse, validate, deduplicate and store; print the run's report."""
    with showing_progress():
        from pipeline.ingest import check_ingest
        from pipeline.site_choice import choose_site
        from schemas.settings import load_settings

        settings = load_settings()
        name = choose_site(settings, site)
        check_ingest(settings, name, cdx)  # fail fast, before Prefect starts a server
        announce_prefect()
        from flows.ingest import run_ingest

        report = run_ingest(name, source.value, limit, cdx)
    _report(report, as_json=as_json)


@app.command()
def backfill(
    from_day: Annotated[
        datetime, typer.Option("--from", metavar="DAY", parser=read_day, help="First publication day.")
    ],
    to_day: Annotated[datetime, typer.Option("--to", metavar="DAY", parser=read_day, help="Last publication day.")],
    site: CrawledSite = None,
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be fetched; fetch nothing.")] = False,
    limit: PageLimit = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the missing articles of a range of publication days, newest first. To resume, run it again."""
    since, until = from_day.date(), to_day.date()
    if plan:
        _plan_backfill(site, since, until, limit, as_json=as_json)
        return
    with showing_progress():
        from pipeline.backfill_plan import check_span
        from pipeline.ingest import check_ingest
        from pipeline.site_choice import choose_site
        from schemas.settings import load_settings

        check_span(since, until)
        settings = load_settings()
        name = choose_site(settings, site)
        check_ingest(settings, name)
        announce_prefect()
        from flows.backfill import run_backfill

        report = run_backfill(name, since, until, limit)
    from cli.render import print_json, render_backfill

    print_json(report.model_dump(mode="json")) if as_json else render_backfill(report)
    if report.problems:
        raise typer.Exit(EXIT_RUN_FAILED)


def _plan_backfill(site: str | None, since: date, until: date, limit: int | None, *, as_json: bool) -> None:
    from cli.render import print_json, render_plan
    from pipeline.backfill_plan import check_span, plan_backfill
    from pipeline.site_choice import choose_site
    from schemas.settings import load_settings

    check_span(since, until)
    settings = load_settings()
    found = plan_backfill(settings, choose_site(settings, site), since, until, limit)
    print_json(found.model_dump(mode="json")) if as_json else render_plan(found)


@app.command("import")
def import_files(
    paths: Annotated[
        list[Path],
        # The import itself reports unreadable paths, in one line each.
        typer.Argument(
            metavar="PATH",
            help="Texts, .html, .warc(.gz), .csv, .jsonl, .parquet or .cdx files, lists of URLs, or folders.",
            readable=False,
        ),
    ],
    *,
    on: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Read WARC files on the workers of a Dask cluster: dask://HOST:8786."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import files: parse, validate and deduplicate them as if they had been fetched."""
    with showing_progress():
        from pipeline.archive import open_archive
        from pipeline.file_import import import_paths
        from schemas.settings import load_settings

        with open_archive(load_settings(), writable=True) as archive:
            report = import_paths(archive, paths, on)
    for sentence in report.unusable:
        print_line(f"broadsheet: {sentence}")
    _report(report, as_json=as_json)
    if report.unusable:
        raise typer.Exit(EXIT_USAGE)


@app.command()
def status(  # noqa: PLR0913 - an option each
    *,
    months: Annotated[bool, typer.Option("--months", help="Completeness of every month, with reasons.")] = False,
    runs: Annotated[bool, typer.Option("--runs", help="The last ten runs (or N), with all their problems.")] = False,
    reading: Annotated[bool, typer.Option("--reading", help="Where fields are read; boilerplate.")] = False,
    missing: Annotated[bool, typer.Option("--missing", help="List the URLs of missing articles.")] = False,
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="Only this publication month.")] = None,
    site: SiteName = None,
    limit: RowLimit = None,
    as_json: AsJson = False,
) -> None:
    """Show the archive's state on one screen: the ledger, the newest months, the last runs; or a part in full."""
    from cli.render import print_json, render_missing
    from cli.render_status import render_months, render_reading, render_runs, render_status
    from pipeline.status import list_last_runs, list_missing_urls, read_status

    if month and not re.fullmatch(r"\d{4}-(?:0[1-9]|1[0-2])|unknown", month, re.ASCII):
        raise typer.BadParameter(f"--month {month} is neither YYYY-MM nor `unknown`")
    if limit is not None and not (missing or month or runs):
        raise typer.BadParameter("--limit needs --missing or --runs")
    if missing or month:
        absent = with_archive(lambda archive: list_missing_urls(archive, month, limit, site))
        print_json([one.model_dump(mode="json") for one in absent]) if as_json else render_missing(absent)
        return
    found = with_archive(lambda archive: read_status(archive, site))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    if not (months or runs or reading):
        render_status(found)
    if months:
        render_months(found)
    if runs:
        render_runs(with_archive(lambda archive: list_last_runs(archive, limit, site)))
    if reading:
        render_reading(found)


@app.command()
def identify(
    urls: Annotated[list[str], typer.Argument(metavar="URL", help="URLs to look up.")],
    as_json: AsJson = False,
) -> None:
    """Show each URL's record id and whether it is known, or the rule that excludes it."""
    from cli.render import print_json, render_identities
    from pipeline.status import identify_urls
    from schemas.settings import load_settings

    found = identify_urls(load_settings(), urls)
    print_json([one.model_dump(mode="json") for one in found]) if as_json else render_identities(found)


@app.command()
def reprocess(
    from_day: FromDay = None,
    to_day: ToDay = None,
    site: SiteName = None,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Store the changes as revisions.")] = False,
    processes: Annotated[
        int | None,
        typer.Option(metavar="COUNT", callback=between(1), help="Number of processes; by default one per core."),
    ] = None,
    on: Annotated[
        str | None, typer.Option(metavar="URL", help="Read on the workers of a Dask cluster: dask://HOST:8786.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Parse every capture again with the current rules, offline; show what changes, and store it with --apply."""
    since, until = day_of(from_day), day_of(to_day)
    if on is not None and processes:
        raise typer.BadParameter("--on and --processes exclude each other: the workers of a cluster read one page each")
    with showing_progress():
        from pipeline.reprocess.reprocess import reprocess as reread_captures
        from schemas.settings import load_settings

        settings = load_settings()
        report = reread_captures(
            settings, since=since, until=until, site=site, apply=apply, process_count=processes, on=on
        )
    from cli.render_reprocess import render_reprocess

    render_reprocess(report, as_json=as_json)


@app.command()
def doctor(
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Repair what can be repaired from the WARC files.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Skip the WARC files.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Skip the WARC files; check that the live sites have the expected structure.")
    ] = False,
    site: SiteName = None,
    as_json: AsJson = False,
) -> None:
    """Check the settings, database, disk, Prefect and the integrity of the archive; or the live sites."""
    if repair and quick:
        raise typer.BadParameter("--repair reads the WARC files, --quick skips them")
    if site and not live:
        raise typer.BadParameter("--site needs --live")
    if repair and live:
        raise typer.BadParameter("--repair reads the WARC files, --live skips them")
    with showing_progress():
        from pipeline.integrity.doctor import repair_archive, run_checks
        from pipeline.integrity.live_sites import audit_live_sites
        from pipeline.site_choice import choose_sites
        from schemas.settings import load_settings

        settings = load_settings()
        seen = audit_live_sites(settings, choose_sites(settings, site)) if live else []
        checks = repair_archive(settings) if repair else run_checks(settings, is_quick=quick or live)
    from cli.render import print_json
    from cli.render_doctor import render_checks, render_live

    if as_json:
        print_json([check.model_dump(mode="json") for check in (*checks, *seen)])
    else:
        render_checks(checks)
        render_live(seen)
    if not all(check.ok for check in (*checks, *seen)):
        raise typer.Exit(EXIT_RUN_FAILED)


@app.command()
def record(
    record_id: RecordId,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder of the test cases.")] = Path("seeds/pages"),
    *,
    as_json: AsJson = False,
) -> None:
    """Save a captured page as a test case; check its expected record by hand."""
    from cli.render import print_json
    from pipeline.recording import record_page

    folder = with_archive(lambda archive: record_page(archive, record_id, out))
    if as_json:
        print_json({"path": str(folder)})
    else:
        print_line(f"{folder}: compare expected.json with the page, then set checked to true")


def _report(report: "RunReport", *, as_json: bool) -> None:
    from cli.render import print_json, render_report

    print_json(report.model_dump(mode="json")) if as_json else render_report(report)
    if report.problems:
        raise typer.Exit(EXIT_RUN_FAILED)


def run() -> None:
    """Run the command, with all its modules loaded (`cli.start` comes first)."""
    prepare_process()
    try:
        with handling_signals():
            status = app(args=sys.argv[1:] or ["--help"], standalone_mode=False)
    except Exception as error:
        explained = explain_failure(error)
        if explained is None:
            raise
        message, status = explained
        print_line(f"broadsheet: {message}")
    if status == EXIT_INTERRUPTED:  # from Typer, which has only ended the line of the echoed ^C
        print_line("broadsheet: interrupted")
    sys.exit(status or 0)
