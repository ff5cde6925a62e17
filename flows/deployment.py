"""What runs when, as `prefect.yaml` says it: read once, for this machine's schedule and for a server's workers.

The file lies at the root of the project, where Prefect's own command looks for it, and is packed beside this module.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.types.entrypoint import EntrypointType
from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from schemas.model import NonEmpty

DEFINITIONS = Path(__file__).with_name("deployment.yaml")


class Definition(BaseModel):
    """Part of the file. What it has and nobody reads is an error: a slip of the pen would go unnoticed for weeks."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WorkPool(Definition):
    """Where a server's runs go."""

    name: NonEmpty


class Schedule(Definition):
    """When it runs by itself."""

    cron: NonEmpty
    timezone: NonEmpty


class Deployment(Definition):
    """One way of running a flow."""

    name: NonEmpty
    entrypoint: Annotated[str, Field(pattern=r"^flows\.\w+\.\w+$")]
    """Module and flow, never a path: by a path, the module would be loaded a second time."""
    description: NonEmpty
    tags: tuple[NonEmpty, ...]
    work_pool: WorkPool
    concurrency_limit: ConcurrencyLimitConfig
    parameters: dict[str, Any]
    schedules: tuple[Schedule, ...]

    def load_flow(self) -> Flow[..., Any]:
        """The flow itself; one that cannot be imported is an error, not a placeholder."""
        return load_flow_from_entrypoint(self.entrypoint, use_placeholder_flow=False)

    @property
    def full_name(self) -> str:
        """`FLOW/NAME`, as Prefect has it."""
        return f"{self.load_flow().name}/{self.name}"


def read_definitions(path: Path = DEFINITIONS) -> tuple[Deployment, ...]:
    """The deployments of the file, in its order."""
    with path.open("rb") as file:
        found: dict[str, Any] = YAML(typ="safe").load(file)
    return tuple(Deployment.model_validate(one) for one in found["deployments"])


def make_deployment(one: Deployment, *, work_pool: str | None = None) -> RunnerDeployment:
    """As it is registered: for the workers of a pool, or without one for the process that serves it."""
    schedules = [
        DeploymentScheduleCreate(schedule=CronSchedule(cron=each.cron, timezone=each.timezone), active=True)
        for each in one.schedules
    ]
    return RunnerDeployment.from_flow(
        one.load_flow(),
        one.name,
        schedules=schedules,
        concurrency_limit=one.concurrency_limit,
        parameters=dict(one.parameters),
        description=one.description,
        tags=list(one.tags),
        version=version("broadsheet"),
        work_pool_name=work_pool,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
