"""Everything that runs by itself: in this process (`serve`), or by the workers of a server (`deploy`)."""

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate, WorkPoolCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectAlreadyExists
from prefect.runner import Runner
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from flows.deployment import ENTRYPOINT, Deployment, make_deployment
from flows.server import OwnServer, own_server, require_server
from pipeline.alert import is_alert_configured, open_service
from pipeline.archive import RunInProgress, make_folders, open_lock, try_lock
from pipeline.ingest import check_ingest
from schemas.masking import mask_secrets
from schemas.model import NonEmpty, Record
from schemas.settings import Settings

POOL_TYPE = "process"

UNDER_WAY = (StateType.PENDING, StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING)

RUNNER_TASK = "broadsheet schedule"

PAGE_COUNT = 200
"""The server's concurrency limits, or deployments, that are looked at, and as many as it gives: a handful are ours."""

logger = logging.getLogger(__name__)


class Deployed(Record):
    """What a server knows of now."""

    server_url: NonEmpty
    work_pool: NonEmpty
    deployments: tuple[NonEmpty, ...]
    """`FLOW/NAME`."""
    removed: tuple[NonEmpty, ...] = ()
    """Those that it knew of, and that the file does not have any more."""


def check_alarms(settings: Settings) -> None:
    """Raise what would only be met later: a URL for alarms that is none.

    Raises:
        NotificationUnsent: see `pipeline.alert`.
    """
    if is_alert_configured(settings):
        open_service(settings)


def check_crawls(settings: Settings, definitions: Sequence[Deployment]) -> None:
    """Raise what would stop each crawl that is scheduled, where it runs with these settings.

    Raises:
        What `pipeline.ingest.check_ingest` raises.
    """
    for site in sorted({one.parameters["site"] for one in definitions if "site" in one.parameters}):
        check_ingest(settings, site)


@contextmanager
def scheduling_alone(settings: Settings) -> Iterator[None]:
    """Within the block, nobody else schedules anything from this data folder: a server's memory there is one server's.

    Raises:
        RunInProgress: somebody does.
        DataDirUnusable: the folder cannot be made or written to.
    """
    make_folders(settings)
    with open_lock(settings, "schedule.lock") as lock:
        if not try_lock(lock):
            raise RunInProgress(f"`broadsheet schedule` is under way already in {settings.data_dir}")
        yield


def deploy(definitions: Sequence[Deployment]) -> Deployed:
    """Register every deployment with the server that is named; the work pool is made where there is none.

    Done again, it changes nothing but what the file says otherwise than before.

    Raises:
        ServerMissing: see `flows.server`.
    """
    url = require_server()
    pools = {one.work_pool.name for one in definitions}
    with get_client(sync_client=True) as client:
        for name in sorted(pools):
            with suppress(ObjectAlreadyExists):
                client.create_work_pool(WorkPoolCreate(name=name, type=POOL_TYPE))
        free_orphans(client)
        removed = remove_former(client, definitions)
    made = [make_deployment(one, work_pool=one.work_pool.name) for one in definitions]
    for one in made:
        one.apply(work_pool_name=one.work_pool_name)
    names = tuple(one.full_name for one in made)
    return Deployed(
        server_url=mask_secrets(url), work_pool=", ".join(sorted(pools)), deployments=names, removed=removed
    )


def remove_former(client: SyncPrefectClient, definitions: Sequence[Deployment]) -> tuple[str, ...]:
    """Remove deployments of our flows that the file does not have any more, and name them: else they would run on."""
    pools = {one.work_pool.name for one in definitions} | {None}
    names = {one.full_name for one in definitions}
    removed: list[str] = []
    for found in client.read_deployments(limit=PAGE_COUNT):
        if found.work_pool_name in pools and re.fullmatch(ENTRYPOINT, found.entrypoint or ""):
            name = f"{client.read_flow(found.flow_id).name}/{found.name}"
            if name not in names:
                client.delete_deployment(found.id)
                removed.append(name)
    return tuple(removed)


def free_orphans(client: SyncPrefectClient) -> None:
    """Free the slots of runs that nobody will ever end: a server that forgot their leases would keep them for ever.

    Only where no run of any flow is under way.
    """
    is_under_way = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(UNDER_WAY)))
    if client.read_flow_runs(flow_run_filter=FlowRunFilter(state=is_under_way), limit=1):
        return
    for limit in client.read_global_concurrency_limits(limit=PAGE_COUNT):
        if limit.active_slots:
            client.update_global_concurrency_limit(limit.name, GlobalConcurrencyLimitUpdate(active_slots=0))


@contextmanager
def reaching_server(settings: Settings) -> Iterator[OwnServer | str]:
    """The URL of the server that is named, or where none is one of our own, as long as the block lasts.

    Raises:
        ServerMissing: see `flows.server`.
    """
    if PREFECT_API_URL.value():
        yield require_server()
        return
    with own_server(settings) as server:
        login = {PREFECT_API_URL: server.url, PREFECT_API_AUTH_STRING: server.auth_string}
        with temporary_settings(updates=login):
            yield server


def describe_ui_access(server: OwnServer | str) -> str:
    """Where Prefect's pages are, and where it stands what they ask for."""
    if isinstance(server, str):
        return mask_secrets(server).removesuffix("/api")
    return f"{server.url.removesuffix('/api')} (they ask for what stands in {server.auth_path})"


def serve(definitions: Sequence[Deployment]) -> None:
    """Run every deployment in processes of this machine when it is due, until this process is told to end."""
    # Schedules are not paused at the end: a process that is killed could not do that either. What was due meanwhile is
    # dropped when they are registered again. None waits for another's process: what must wait, waits for its limits.
    runner = EndableRunner(name="broadsheet", pause_on_shutdown=False, limit=len(definitions))
    with get_client(sync_client=True) as client:
        free_orphans(client)
        for name in remove_former(client, definitions):
            logger.info("%s is not in prefect.yaml any more, and was removed", name)
    for one in definitions:
        runner.add_deployment(make_deployment(one))
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_start(runner))


async def _start(runner: Runner) -> None:
    await asyncio.create_task(runner.start(), name=RUNNER_TASK)


class EndableRunner(Runner):
    """A runner that SIGTERM ends as Ctrl-C does: its own way leaves what it has begun to end unfinished."""

    def handle_sigterm(self, *_args: Any, **_options: Any) -> None:
        """Called in the main thread, whatever the loop does there now."""
        loop = asyncio.get_running_loop()
        for task in asyncio.all_tasks(loop):
            if task.get_name() == RUNNER_TASK:
                loop.call_soon_threadsafe(task.cancel)
