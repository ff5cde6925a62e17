"""Watches the runs of a schedule's deployments at the Prefect server: when each is due next, and how each ended."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import PrefectException
from prefect.settings import PREFECT_RUNNER_POLL_FREQUENCY

from flows.schedule_log import Report

PAGE_SIZE = 200
"""Maximum that the server returns in one request: a day has fewer runs that end, and the next of each are among the
first that are due."""

DAY = timedelta(days=1)

MESSAGE_CHARS = 1_000
"""How much of a run's message a line shows; its report has everything."""


class RunWatcher:
    """Reports, for deployments (id -> name), the next run of each and one line for each run that ends."""

    def __init__(self, deployments: Mapping[UUID, str], report: Report) -> None:
        self._deployments = deployments
        self._report = report
        self._seen: set[UUID] | None = None
        self._next: dict[UUID, datetime] = {}

    async def watch(self) -> None:
        """Look as often as the runner looks for due runs, until cancelled. A server may be silent for a while."""
        async with get_client() as client:
            while True:
                try:
                    await self.look(client)
                except (httpx.HTTPError, PrefectException):
                    self._report("the Prefect server does not respond: asking again in a while")
                await asyncio.sleep(PREFECT_RUNNER_POLL_FREQUENCY.value())

    async def look(self, client: PrefectClient) -> None:
        """Report what is new since the last look."""
        upcoming = await self._find_next(client)
        ended = await self._list_ended(client)
        if self._seen is None:  # what ended before this schedule began is no news
            self._seen = {run.id for run in ended}
        for run in ended:
            if run.id not in self._seen:
                self._seen.add(run.id)
                self._report(self._describe_end(run, upcoming))
                self._next.update({id_: at for id_, at in upcoming.items() if id_ == run.deployment_id})
        for id_, at in sorted(upcoming.items(), key=lambda item: item[1]):
            if id_ not in self._next:
                self._report(f"{self._deployments[id_]}: next run at {_format(at)}")
                self._next[id_] = at

    async def _find_next(self, client: PrefectClient) -> dict[UUID, datetime]:
        wanted = self._filter([StateType.SCHEDULED])
        found = await client.read_flow_runs(
            flow_run_filter=wanted, sort=FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC, limit=PAGE_SIZE
        )
        upcoming: dict[UUID, datetime] = {}
        for run in found:
            if run.deployment_id and run.next_scheduled_start_time:
                upcoming.setdefault(run.deployment_id, run.next_scheduled_start_time)
        return upcoming

    async def _list_ended(self, client: PrefectClient) -> Sequence[FlowRun]:
        """Return the runs that ended within a day, oldest first."""
        wanted = self._filter(list(TERMINAL_STATES))
        wanted.end_time = FlowRunFilterEndTime(after_=datetime.now(UTC) - DAY)
        found = await client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.END_TIME_DESC, limit=PAGE_SIZE)
        return found[::-1]

    def _filter(self, types: list[StateType]) -> FlowRunFilter:
        return FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=list(self._deployments)),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types)),
        )

    def _describe_end(self, run: FlowRun, upcoming: Mapping[UUID, datetime]) -> str:
        return "; ".join(self._list_facts(run, upcoming))

    def _list_facts(self, run: FlowRun, upcoming: Mapping[UUID, datetime]) -> Iterator[str]:
        name = self._deployments[run.deployment_id] if run.deployment_id else run.name
        state = run.state.name if run.state and run.state.name else "ended"
        message = (run.state.message if run.state else None) or ""
        message = " ".join(message.split())
        shown = message if len(message) <= MESSAGE_CHARS else f"{message[:MESSAGE_CHARS]}…"
        yield f"{name} {state.lower()}: {shown}" if shown else f"{name} {state.lower()}"
        if run.deployment_id and run.deployment_id in upcoming:
            yield f"next run at {_format(upcoming[run.deployment_id])}"


def _format(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
