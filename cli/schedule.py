"""The commands `schedule` and `deploy`: what runs by itself."""

from pathlib import Path
from typing import Annotated

import typer

from cli.option import AsJson
from schemas.printing import print_line

Definitions = Annotated[
    Path | None,
    typer.Option(
        "--file", help="What runs when, in place of the prefect.yaml that comes with Broadsheet.", metavar="FILE"
    ),
]


def schedule(file: Definitions = None) -> None:
    """Run all that is scheduled, here, until it is ended; with a Prefect server of its own where none is named."""
    from flows.environment import set_prefect_defaults
    from pipeline.archive import check_version
    from schemas.settings import load_settings

    settings = load_settings()  # before Prefect starts a server: what is wrong is said at once
    check_version(settings)
    set_prefect_defaults()
    from flows.deployment import DEFINITIONS, read_definitions
    from flows.schedule import check_alarms, check_crawls, describe_ui_access, exclusive_schedule, serve, using_server

    definitions = read_definitions(file or DEFINITIONS)
    check_alarms(settings)
    check_crawls(settings, definitions)
    with exclusive_schedule(settings), using_server(settings) as server:
        print_line(f"broadsheet: scheduled; Prefect's pages are at {describe_ui_access(server)}; Ctrl-C ends it")
        serve(definitions)


def deploy(file: Definitions = None, as_json: AsJson = False) -> None:
    """Register all that is scheduled with the Prefect server that PREFECT_API_URL names, for its workers."""
    from cli.render import print_json
    from flows.environment import set_prefect_defaults
    from schemas.settings import load_settings

    settings = load_settings()
    set_prefect_defaults()
    from flows.deployment import DEFINITIONS, read_definitions
    from flows.schedule import check_alarms
    from flows.schedule import deploy as register

    definitions = read_definitions(file or DEFINITIONS)
    check_alarms(settings)
    done = register(definitions)
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    print_line(f"broadsheet: {', '.join(done.deployments)} are known to {done.server_url}")
    if done.removed:
        print_line(f"broadsheet: {', '.join(done.removed)} are no more, for prefect.yaml has them no more")
    print_line(f"broadsheet: start workers with `prefect worker start --pool {done.work_pool} --type process`")
