"""The deployments of `prefect.yaml`, for the local schedule and for a server's workers.

The file is at the root of the project, where Prefect's own command looks for it, and is packaged beside this module.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Self, get_type_hints

from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import MissingFlowError
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.types.entrypoint import EntrypointType
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

import sites
from schemas.failure import UsageFailure
from schemas.model import NonEmpty

ENTRYPOINT = r"^flows\.\w+\.\w+$"
"""The entry point of a flow in this package."""

DEFINITIONS = Path(__file__).with_name("deployment.yaml")
"""The file shipped with the package."""

WHOLE_ARCHIVE = frozenset({"audit", "reprocess"})
"""Flows that mean the whole archive unless they are given a site: one deployment serves all sites."""


class DeploymentInvalid(UsageFailure):
    """The file is invalid; the message says where, in one line."""


class Definition(BaseModel):
    """Base class for parts of the file. Unknown keys are errors, because a typo would go unnoticed for weeks."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WorkPool(Definition):
    """The work pool that a server submits runs to."""

    name: NonEmpty


class Schedule(Definition):
    """A schedule of a deployment."""

    cron: NonEmpty
    timezone: str = ""
    """By default, that of the deployment's site."""


class Deployment(Definition):
    """A deployment of a flow."""

    name: NonEmpty
    entrypoint: Annotated[str, Field(pattern=ENTRYPOINT)]
    """`MODULE.FLOW`, never a path: a path would load the module a second time."""
    description: NonEmpty
    tags: tuple[NonEmpty, ...]
    work_pool: WorkPool
    concurrency_limit: ConcurrencyLimitConfig
    parameters: dict[str, Any]
    schedules: tuple[Schedule, ...]

    def load_flow(self) -> Flow[..., Any]:
        """Import and return the flow; raise if it cannot be imported, instead of returning a placeholder."""
        return load_flow_from_entrypoint(self.entrypoint, use_placeholder_flow=False)

    def at_zone(self, site: str) -> Self:
        """Return it with the site's time zone for schedules that name none."""
        zone = str(sites.find_time_zone(site))
        schedules = tuple(Schedule(cron=each.cron, timezone=each.timezone or zone) for each in self.schedules)
        return self.model_copy(update={"schedules": schedules})

    @property
    def full_name(self) -> str:
        """`FLOW/NAME`, Prefect's full name of a deployment."""
        return f"{self.load_flow().name}/{self.name}"


def read_definitions(path: Path = DEFINITIONS, names: Sequence[str] = ()) -> tuple[Deployment, ...]:
    """Read and validate the deployments of the file, in order; those that work on a site, for each of these.

    Raises:
        UnknownSite, SiteUnnamed: see `sites.Publishers.choose`.
        DeploymentInvalid: the file cannot be read, or a deployment could not be registered or run.
    """
    try:
        with path.open("rb") as file:
            found: dict[str, Any] = YAML(typ="safe").load(file)
        deployments = [_read_one(one) for one in found["deployments"]]
    except OSError as error:
        raise DeploymentInvalid(f"{path}: {error.strerror}") from None
    except DeploymentInvalid as error:
        raise DeploymentInvalid(f"{path.name}: {error}") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise DeploymentInvalid(f"{path.name}, line {line}: {error.problem}") from None
    except (KeyError, TypeError):
        raise DeploymentInvalid(f"{path.name}: it has no list of deployments") from None
    chosen = sites.PUBLISHERS.choose(names)
    return tuple(expanded for one in deployments for expanded in _expand(one, chosen))


def _expand(one: Deployment, names: Sequence[str]) -> Iterator[Deployment]:
    """Yield the deployment for each site: the first site's has its plain name, another's ends in the site's name."""
    flow = one.load_flow()
    if "site" not in get_type_hints(flow.fn) or flow.name in WHOLE_ARCHIVE or "site" in one.parameters:
        yield one.at_zone(one.parameters.get("site") or names[0])
        return
    for name in names:
        changes = {
            "name": one.name if name == names[0] else f"{one.name}-{name}",
            "parameters": {"site": name} | one.parameters,
            "tags": (*one.tags, name),
        }
        yield one.model_copy(update=changes).at_zone(name)


def _read_one(found: object) -> Deployment:
    name = found.get("name") if isinstance(found, dict) else found
    with _locating_errors(name):
        one = Deployment.model_validate(found)
    name = f"{name} ({one.entrypoint})"
    with _locating_errors(name):
        hints = get_type_hints(one.load_flow().fn, include_extras=True)
    for parameter, value in one.parameters.items():
        if parameter not in hints:
            raise DeploymentInvalid(f"{name}: the flow has no parameter {parameter}")
        with _locating_errors(name, parameter):
            TypeAdapter(hints[parameter]).validate_python(value)
    for each in one.schedules:
        with _locating_errors(name):
            CronSchedule(cron=each.cron, timezone=each.timezone or None)
    return one


@contextmanager
def _locating_errors(*location: object) -> Iterator[None]:
    """Turn an error within the block into `DeploymentInvalid`, in one line, with its location in the file."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        where = ": ".join(map(str, (*location, *first["loc"])))
        raise DeploymentInvalid(f"{where}: {first['msg']}, not {first['input']!r}") from None
    except (MissingFlowError, ImportError) as error:
        where = ": ".join(map(str, location))
        raise DeploymentInvalid(f"{where}: {' '.join(str(error).split())}") from None


def make_deployment(one: Deployment, *, work_pool: str | None = None) -> RunnerDeployment:
    """Return the deployment to register: for the workers of a pool, or without one for the process that serves it."""
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
