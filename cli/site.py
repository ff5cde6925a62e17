"""The command `site`: list the publishers, begin another one's folder, check how its pages read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failure import EXIT_RUN_FAILED
from cli.option import AsJson
from cli.usage import App
from schemas.printing import print_line

if TYPE_CHECKING:
    from pipeline.site_check import SiteCheck

site_app = App(help="List publishers, begin another one's folder, check how its pages read.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The site's name.")]


SHOWN_COUNT = 5
"""Paragraphs of a page that are shown: enough to see whether they are text."""


@site_app.command("list")
def site_list(*, as_json: AsJson = False) -> None:
    """List the publishers: name, title, editions, time zone; the first of the settings is marked."""
    import sites
    from cli.render import print_json, print_lines
    from pipeline.site_choice import list_chosen
    from schemas.settings import load_settings

    chosen = list_chosen(load_settings())
    found = [
        {
            "name": one.name,
            "title": one.title,
            "editions": list(one.editions),
            "hosts": sorted(one.hosts),
            "time_zone": str(one.time_zone),
            "is_scheduled": one.name in chosen,
        }
        for one in sorted(sites.PUBLISHERS.list_own(), key=lambda one: one.name)
    ]
    if as_json:
        print_json(found)
        return
    columns = ("", "name", "title", "editions", "time zone")
    rows = [
        ("*" if one.name in chosen else "", one.name, one.title or "", ", ".join(one.editions), str(one.time_zone))
        for one in sorted(sites.PUBLISHERS.list_own(), key=lambda one: one.name)
    ]
    print_lines(columns, rows)


@site_app.command("new")
def site_new(
    name: Name,
    url: Annotated[list[str], typer.Option(metavar="URL", help="An article; of several, page rules are guessed.")],
    page: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="That article, saved: then nothing is fetched."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Look at an article, its feeds and sitemaps; write the publisher's folder, and say what was not found."""
    from cli.progress import showing_progress
    from cli.render import print_json
    from pipeline.site_folder import MARK, make_site_folder
    from schemas.settings import load_settings

    if page and len(page) != len(url):
        raise typer.BadParameter(f"{len(page)} --page for {len(url)} --url: give one file for each URL")
    files: list[Path | None] = [*page] if page else [None] * len(url)
    (first, saved), *others = zip(url, files, strict=True)
    with showing_progress():
        done = make_site_folder(load_settings(), name, first, saved, dict(others))
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    print_line(f"{done.folder} written")
    for one in done.found:
        print_line(f"found: {one}")
    for one in done.missing:
        print_line(f"{MARK}: {one}")


@site_app.command("check")
def site_check(
    name: Name,
    urls: Annotated[
        list[str] | None, typer.Argument(metavar="URL", help="Articles; by default, a few that the sources name.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Fetch a few of a publisher's articles, and say field by field how they read. Nothing is stored."""
    import sites
    from cli.progress import showing_progress
    from cli.render import print_json
    from pipeline.site_check import check_site
    from schemas.settings import load_settings

    with showing_progress():
        found = check_site(load_settings(), sites.get_site(name), urls or [])
    print_json(found.model_dump(mode="json")) if as_json else _render_check(found)
    if not found.is_good:
        raise typer.Exit(EXIT_RUN_FAILED)


def _render_check(found: "SiteCheck") -> None:
    from cli.render import print_lines

    rows = [
        (
            one.field,
            f"{one.found_count} of {found.page_count}",
            ", ".join(f"{source} {count}" for source, count in one.sources.items()),
            one.example,
        )
        for one in found.fields
    ]
    print_lines(("field", "found", "from", "example"), rows)
    for change in found.changes:
        counts = f"paragraphs: {len(change.lost)} less, {len(change.won)} more"
        print_line(f"rules: {change.url}: {counts} than without page rules and boilerplate texts")
        for sign, paragraphs in (("-", change.lost), ("+", change.won)):
            for paragraph in paragraphs[:SHOWN_COUNT]:
                print_line(f"  {sign} {paragraph}")
    for flag, count in found.flags.items():
        print_line(f"flag: {flag} on {count}")
    for problem in found.problems:
        print_line(f"problem: {problem}")
