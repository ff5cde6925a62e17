"""The command `compliance`: the evidence of how a run treated its hosts."""

from typing import Annotated

import typer

from cli.failure import EXIT_RUN_FAILED
from cli.option import AsJson, with_archive


def compliance(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN", help="A run's id, or the end of it; by default, the last that fetched.", show_default=False
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show, from what is stored, how a run kept to the rules of its hosts; exit with 1 if one was broken."""
    from cli.render import print_json
    from cli.render_compliance import render_compliance
    from pipeline.compliance import make_compliance_report

    found = with_archive(lambda archive: make_compliance_report(archive, run))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        render_compliance(found)
    if not found.is_sound:
        raise typer.Exit(EXIT_RUN_FAILED)
