"""Scheduled flows: run by this process (`serve`), or by the workers of a server (`deploy`)."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate, WorkPoolCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectAlreadyExists
from prefect.runner import Runner
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from flows.deployment import ENTRYPOINT, Deployment, make_deployment
from flows.run_watcher import RunWatcher
from flows.schedule_log import Report
from flows.server import LocalServer, local_server, require_server
from pipeline.alert import is_alert_configured, open_service
from pipeline.archive import RunInProgress, make_folders, open_lock, try_lock
from pipeline.ingest import check_ingest
from schemas.masking import mask_secrets
from schemas.model import NonEmpty, Record
from schemas.settings import Settings

POOL_TYPE = "process"

ACTIVE_STATES = (StateType.PENDING, StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING)

RUNNER_TASK = "broadsheet schedule"

PAGE_SIZE = 200
"""Maximum that the server returns in one request; we have only a handful of limits and deployments."""


class Deployed(Record):
    """The result of registering the deployments with a server."""

    server_url: NonEmpty
    work_pool: NonEmpty
    deployments: tuple[NonEmpty, ...]
    """Registered deployments, as `FLOW/NAME`."""
    removed: tuple[NonEmpty, ...] = ()
    """Deployments removed from the server because the file no longer has them."""


def check_alarms(settings: Settings) -> None:
    """Check the notification URL, which would otherwise fail at the first alarm.

    Raises:
        NotificationUnsent: see `pipeline.alert`.
    """
    if is_alert_configured(settings):
        open_service(settings)


def check_crawls(settings: Settings, definitions: Sequence[Deployment]) -> None:
    """Check that the scheduled crawls can run with these settings.

    Raises:
        What `pipeline.ingest.check_ingest` raises.
    """
    for site in sorted({one.parameters["site"] for one in definitions if one.parameters.get("site")}):
        check_ingest(settings, site)


@contextmanager
def exclusive_schedule(settings: Settings) -> Iterator[None]:
    """Within the block, no other `broadsheet schedule` uses this data folder: servers cannot share its database.

    Raises:
        RunInProgress: another one does.
        DataDirUnusable: the folder cannot be created or written to.
    """
    make_folders(settings)
    with open_lock(settings, "schedule.lock") as lock:
        if not try_lock(lock):
            raise RunInProgress(f"`broadsheet schedule` is already running in {settings.data_dir}")
        yield


def deploy(definitions: Sequence[Deployment]) -> Deployed:
    """Register every deployment with the configured server; create the work pool if it is missing.

    Idempotent: registering again only applies changes of the file.

    Raises:
        ServerMissing: see `flows.server`.
    """
    url = require_server()
    pools = {one.work_pool.name for one in definitions}
    with get_client(sync_client=True) as client:
        for name in sorted(pools):
            with suppress(ObjectAlreadyExists):
                client.create_work_pool(WorkPoolCreate(name=name, type=POOL_TYPE))
        release_orphaned_slots(client)
        removed = remove_obsolete_deployments(client, definitions)
    made = [make_deployment(one, work_pool=one.work_pool.name) for one in definitions]
    for one in made:
        one.apply(work_pool_name=one.work_pool_name)
    names = tuple(one.full_name for one in made)
    return Deployed(
        server_url=mask_secrets(url), work_pool=", ".join(sorted(pools)), deployments=names, removed=removed
    )


def remove_obsolete_deployments(client: SyncPrefectClient, definitions: Sequence[Deployment]) -> tuple[str, ...]:
    """Remove deployments of our flows that the file no longer has, as they would keep running; return their names."""
    pools = {one.work_pool.name for one in definitions} | {None}
    names = {one.full_name for one in definitions}
    removed: list[str] = []
    for found in client.read_deployments(limit=PAGE_SIZE):
        if found.work_pool_name in pools and re.fullmatch(ENTRYPOINT, found.entrypoint or ""):
            name = f"{client.read_flow(found.flow_id).name}/{found.name}"
            if name not in names:
                client.delete_deployment(found.id)
                removed.append(name)
    return tuple(removed)


def release_orphaned_slots(client: SyncPrefectClient) -> None:
    """Release concurrency slots of dead runs, which a server that lost their leases would keep forever.

    Does nothing while a run of any flow is active.
    """
    is_under_way = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(ACTIVE_STATES)))
    if client.read_flow_runs(flow_run_filter=FlowRunFilter(state=is_under_way), limit=1):
        return
    for limit in client.read_global_concurrency_limits(limit=PAGE_SIZE):
        if limit.active_slots:
            client.update_global_concurrency_limit(limit.name, GlobalConcurrencyLimitUpdate(active_slots=0))


@contextmanager
def using_server(settings: Settings) -> Iterator[LocalServer | str]:
    """Yield the URL of the configured server; if there is none, run a local server within the block.

    Raises:
        ServerMissing: see `flows.server`.
    """
    if PREFECT_API_URL.value():
        yield require_server()
        return
    with local_server(settings) as server:
        login = {PREFECT_API_URL: server.url, PREFECT_API_AUTH_STRING: server.auth_string}
        with temporary_settings(updates=login):
            yield server


def describe_ui_access(server: LocalServer | str) -> str:
    """Return the URL of Prefect's UI, and where its password is."""
    if isinstance(server, str):
        return mask_secrets(server).removesuffix("/api")
    return f"{server.url.removesuffix('/api')} (password in {server.auth_path})"


def serve(definitions: Sequence[Deployment], report: Report) -> None:
    """Run every deployment in processes on this machine when it is due, until this process is stopped.

    Report when each is due next, and how each run ended.
    """
    # Schedules are not paused on shutdown, as a killed process could not do that either. Runs that were due meanwhile
    # are dropped when the schedules are registered again. The limit lets every deployment run at once: the concurrency
    # limits decide which runs wait.
    runner = InterruptibleRunner(name="broadsheet", pause_on_shutdown=False, limit=len(definitions))
    with get_client(sync_client=True) as client:
        release_orphaned_slots(client)
        for name in remove_obsolete_deployments(client, definitions):
            report(f"{name} was removed, because prefect.yaml no longer has it")
    names: dict[UUID, str] = {}
    for one in definitions:
        added = runner.add_deployment(make_deployment(one))
        assert isinstance(added, UUID)  # noqa: S101 - for mypy: a coroutine only in a coroutine
        names[added] = one.full_name
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_start(runner, RunWatcher(names, report)))


async def _start(runner: Runner, watcher: RunWatcher) -> None:
    watching = asyncio.create_task(watcher.watch())
    try:
        await asyncio.create_task(runner.start(), name=RUNNER_TASK)
    finally:
        watching.cancel()


class InterruptibleRunner(Runner):
    """A runner that handles SIGTERM like Ctrl-C: Prefect's own handler does not finish its cleanup."""

    def handle_sigterm(self, *_args: Any, **_options: Any) -> None:
        """Cancel the runner's task. Called in the main thread, possibly in the middle of the event loop's work."""
        loop = asyncio.get_running_loop()
        for task in asyncio.all_tasks(loop):
            if task.get_name() == RUNNER_TASK:
                loop.call_soon_threadsafe(task.cancel)
