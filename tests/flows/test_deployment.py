"""`prefect.yaml` is the one place that says what runs when: read by our commands and by Prefect's own."""

from inspect import signature
from pathlib import Path

import pytest
from prefect.client.schemas.objects import ConcurrencyLimitStrategy
from pydantic import ValidationError

from flows.deployment import DEFINITIONS, Deployment, make_deployment, read_definitions

ROOT = Path(__file__).parents[2]
FOUND = read_definitions()
NAMES = [
    "ingest/latest",
    "ingest/sweep",
    "refresh/hourly",
    "backfill/manual",
    "reprocess/manual",
    "export/weekly",
    "audit/daily",
]


def test_every_deployment_is_there_and_prefects_own_command_reads_the_same_file() -> None:
    assert [one.full_name for one in FOUND] == NAMES
    assert DEFINITIONS.read_bytes() == (ROOT / "prefect.yaml").read_bytes()


@pytest.mark.parametrize("one", FOUND, ids=NAMES)
def test_a_deployments_flow_can_be_imported_and_takes_its_parameters(one: Deployment) -> None:
    flow = one.load_flow()
    required = {name for name, given in signature(flow.fn).parameters.items() if given.default is given.empty}
    missing = required - one.parameters.keys()
    assert missing <= ({"since", "until"} if flow.name == "backfill" else set())
    days = dict.fromkeys(missing, "2024-01-01")
    assert flow.validate_parameters(one.parameters | days).keys() >= one.parameters.keys()
    schema = make_deployment(one)._parameter_openapi_schema  # noqa: SLF001 - what the form is made of
    assert [name for name, field in schema.properties.items() if not field.get("description")] == []


@pytest.mark.parametrize("one", FOUND, ids=NAMES)
def test_a_run_that_overlaps_another_of_its_deployment_is_cancelled_not_queued(one: Deployment) -> None:
    assert one.concurrency_limit.limit == 1
    assert one.concurrency_limit.collision_strategy is ConcurrencyLimitStrategy.CANCEL_NEW


def test_what_nobody_reads_is_an_error() -> None:
    given = FOUND[0].model_dump()
    with pytest.raises(ValidationError, match="scheduels"):
        Deployment.model_validate(given | {"scheduels": []})
    with pytest.raises(ValidationError, match="entrypoint"):
        Deployment.model_validate(given | {"entrypoint": "flows/ingest.py:ingest"})
