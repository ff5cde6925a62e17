"""The command `redact`: take an article down, list what was taken down, or undo it."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failure import EXIT_RUN_FAILED
from cli.option import AsJson

if TYPE_CHECKING:
    from schemas.redaction import RedactionReport


NO_REASON = "no reason given"
"""Stands for the reason in a dry run, which needs none."""


def redact(  # noqa: PLR0913 - an option each
    record_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="A record id, or any URL of the article.", show_default=False)
    ] = None,
    *,
    reason: Annotated[str | None, typer.Option(metavar="REASON", help="Why; public, as releases have it.")] = None,
    erase: Annotated[bool, typer.Option("--erase", help="Also overwrite its WARC records; cannot be undone.")] = False,
    with_duplicates: Annotated[
        bool, typer.Option("--with-duplicates", help="Also the other articles that have its text.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Let it in again, unless it was erased.")] = False,
    list_all: Annotated[bool, typer.Option("--list", help="List the redacted articles.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take an article down: remove its text, keep it out from now on, and leave a tombstone with the reason."""
    changes = (reason is not None, erase, with_duplicates, dry_run, yes)
    if list_all and (record_id is not None or undo or any(changes)):
        raise typer.BadParameter("--list goes with --json only")
    if list_all:
        _list(as_json=as_json)
        return
    if record_id is None:
        raise typer.BadParameter("name the article to redact, or give --list")
    if reason is not None and not reason.strip():
        raise typer.BadParameter("--reason is empty")
    if undo and any(changes):
        raise typer.BadParameter("--undo goes with --json only")
    if undo:
        _undo(record_id, as_json=as_json)
        return
    flags = {"with_duplicates": with_duplicates, "erase": erase, "is_dry_run": dry_run, "is_confirmed": yes}
    _redact(record_id, " ".join(reason.split()) if reason else None, **flags, as_json=as_json)


def _list(*, as_json: bool) -> None:
    from cli.render import print_json
    from cli.render_redaction import render_tombstones
    from pipeline.redaction import list_redactions
    from schemas.settings import load_settings

    found = list_redactions(load_settings())
    print_json([one.model_dump(mode="json") for one in found]) if as_json else render_tombstones(found)


def _undo(record_id: str, *, as_json: bool) -> None:
    from cli.progress import showing_progress
    from cli.render import print_json
    from pipeline.redaction import undo_redaction
    from schemas.printing import print_line
    from schemas.settings import load_settings

    with showing_progress():
        undone = undo_redaction(load_settings(), record_id)
    if as_json:
        print_json({"undone": undone.model_dump(mode="json")})
    else:
        print_line(
            f"{undone.id} is no longer redacted: an article in its captures is stored again, and its page is due"
        )


def _redact(
    record_id: str,
    reason: str | None,
    *,
    with_duplicates: bool,
    erase: bool,
    is_dry_run: bool,
    is_confirmed: bool,
    as_json: bool,
) -> None:
    from cli.progress import showing_progress
    from cli.render import print_json
    from cli.render_redaction import render_redaction
    from pipeline.redaction import plan_redaction, redact
    from schemas.settings import load_settings

    settings = load_settings()
    is_asked = sys.stdin.isatty() and not is_confirmed and not is_dry_run
    if is_dry_run or is_asked:
        report = plan_redaction(
            settings,
            record_id,
            reason or NO_REASON if is_dry_run else reason,
            with_duplicates=with_duplicates,
            erase=erase,
        )
        if is_asked:
            _confirm(report, erase=erase)
    if not is_dry_run:
        with showing_progress():
            report = redact(settings, record_id, reason, with_duplicates=with_duplicates, erase=erase)
    print_json(report.model_dump(mode="json")) if as_json else render_redaction(report, is_erased=erase)
    if report.problems:
        raise typer.Exit(EXIT_RUN_FAILED)


def _confirm(report: "RedactionReport", *, erase: bool) -> None:
    names = ", ".join(one.tombstone.id for one in report.removals)
    how = "redacted, and erased from the WARC files, which cannot be undone" if erase else "redacted"
    if not typer.confirm(f"{names} will be {how}. Go on?", err=True):
        raise typer.Exit(EXIT_RUN_FAILED)
