"""The commands `schedule` and `deploy`: run the scheduled flows here, or register them with a server."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.metrics import serving_metrics
from cli.option import AsJson
from schemas.printing import print_line

Definitions = Annotated[
    Path | None,
    typer.Option(
        "--file", help="Deployments to use instead of the prefect.yaml shipped with Broadsheet.", metavar="FILE"
    ),
]


def schedule(file: Definitions = None) -> None:
    """Run the scheduled flows on this machine until stopped; without PREFECT_API_URL, with a local Prefect server."""
    if sys.stderr.isatty():  # Prefect takes seconds to import, and its server more
        print_line("broadsheet: starting the schedule …")
    from flows.environment import set_prefect_defaults
    from pipeline.archive import check_version
    from schemas.settings import load_settings

    settings = load_settings()  # fail fast, before Prefect starts a server
    check_version(settings)
    set_prefect_defaults()
    from flows.deployment import DEFINITIONS, read_definitions
    from flows.schedule import check_alarms, check_crawls, describe_ui_access, exclusive_schedule, serve, using_server
    from flows.schedule_log import logging_schedule

    definitions = read_definitions(file or DEFINITIONS, settings.sites)
    check_alarms(settings)
    check_crawls(settings, definitions)
    with (
        exclusive_schedule(settings),
        logging_schedule(settings) as report,
        serving_metrics(settings) as metrics_url,
        using_server(settings) as server,
    ):
        report(f"scheduled; Prefect's UI is at {describe_ui_access(server)}; Ctrl-C stops it")
        if metrics_url:
            report(f"metrics are at {metrics_url}")
        serve(definitions, report)


def deploy(
    file: Definitions = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Register nothing; write a file for `prefect deploy --all`.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register the deployments with the Prefect server at PREFECT_API_URL, for its workers to run."""
    from cli.render import print_json
    from flows.environment import set_prefect_defaults
    from schemas.settings import load_settings

    settings = load_settings()
    set_prefect_defaults()
    from flows.deployment import DEFINITIONS, read_definitions
    from flows.schedule import check_alarms
    from flows.schedule import deploy as register

    definitions = read_definitions(file or DEFINITIONS, settings.sites)
    if out:
        from flows.prefect_file import write_definitions

        write_definitions(definitions, out)
        names = [one.full_name for one in definitions]
        print_json({"path": str(out), "deployments": names}) if as_json else print_line(
            f"broadsheet: wrote {len(names)} deployments: prefect deploy --all --prefect-file {out}"
        )
        return
    check_alarms(settings)
    done = register(definitions)
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    print_line(f"broadsheet: registered {', '.join(done.deployments)} with {done.server_url}")
    if done.removed:
        print_line(f"broadsheet: removed {', '.join(done.removed)}: no longer in prefect.yaml")
    print_line(f"broadsheet: start workers with `prefect worker start --pool {done.work_pool} --type process`")
