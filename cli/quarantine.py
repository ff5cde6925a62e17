"""The command `quarantine`: list, show and retry quarantined captures."""

from typing import Annotated

import typer

from cli.option import AsJson, RecordId, RowLimit, SiteName, with_archive
from cli.usage import App

quarantine_app = App(help="List, show and retry quarantined captures.", invoke_without_command=True)


@quarantine_app.callback()
def quarantine(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List, show and retry quarantined captures. Without a command: list them."""
    ctx.obj = as_json
    if ctx.invoked_subcommand is None:
        quarantine_list(ctx, as_json=as_json)


@quarantine_app.command("list")
def quarantine_list(
    ctx: typer.Context, *, site: SiteName = None, limit: RowLimit = None, as_json: AsJson = False
) -> None:
    """List quarantined captures with all their reasons, oldest first."""
    from cli.render import print_json, render_quarantine
    from pipeline.status import list_quarantine_records

    found = with_archive(lambda archive: list_quarantine_records(archive, limit, site))
    as_json = as_json or ctx.obj
    print_json([one.model_dump(mode="json") for one in found]) if as_json else render_quarantine(found)


@quarantine_app.command("show")
def quarantine_show(ctx: typer.Context, record_id: RecordId, *, as_json: AsJson = False) -> None:
    """Show one quarantined capture: its reasons, and where it is in the WARC files."""
    from cli.render import print_json, render_quarantined
    from pipeline.status import find_quarantine_record

    found = with_archive(lambda archive: find_quarantine_record(archive, record_id))
    as_json = as_json or ctx.obj
    print_json(found.model_dump(mode="json")) if as_json else render_quarantined(found)


@quarantine_app.command("retry")
def quarantine_retry(
    ctx: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Numbers from the list, record ids or URLs.")
    ] = None,
    *,
    site: SiteName = None,
    as_json: AsJson = False,
) -> None:
    """Parse quarantined captures again (all, a site's, or the named ones) with today's rules; store the valid ones."""
    if ids and site:
        raise typer.BadParameter("--site retries all of a publisher's: name no ID beside it")
    from cli.progress import showing_progress
    from cli.render_reprocess import render_reprocess
    from pipeline.reprocess.reprocess import retry_quarantine
    from schemas.settings import load_settings

    with showing_progress():
        report = retry_quarantine(load_settings(), ids or [], site)
    render_reprocess(report, as_json=as_json or ctx.obj)
