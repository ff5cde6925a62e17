"""`prefect.yaml` defines all deployments, for our commands and for Prefect's own."""

from inspect import signature
from pathlib import Path

import pytest
from prefect.client.schemas.objects import ConcurrencyLimitStrategy
from pydantic import ValidationError
from ruamel.yaml import YAML

from flows.deployment import DEFINITIONS, Deployment, DeploymentInvalid, make_deployment, read_definitions
from flows.prefect_file import FileUnwritable, write_definitions

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

WHOLE_ARCHIVE = ("reprocess", "export", "audit")


def test_every_deployment_is_defined_and_prefects_own_command_reads_the_same_file() -> None:
    assert [one.full_name for one in FOUND] == NAMES
    assert DEFINITIONS.read_bytes() == (ROOT / "prefect.yaml").read_bytes()


@pytest.mark.parametrize("one", FOUND, ids=NAMES)
def test_a_deployments_flow_can_be_imported_and_accepts_its_parameters(one: Deployment) -> None:
    flow = one.load_flow()
    required = {name for name, given in signature(flow.fn).parameters.items() if given.default is given.empty}
    missing = required - one.parameters.keys()
    assert missing <= ({"since", "until"} if flow.name == "backfill" else set())
    days = dict.fromkeys(missing, "2024-01-01")
    assert flow.validate_parameters(one.parameters | days).keys() >= one.parameters.keys()
    schema = make_deployment(one)._parameter_openapi_schema  # noqa: SLF001 - the form is built from it
    assert [name for name, field in schema.properties.items() if not field.get("description")] == []


@pytest.mark.parametrize("one", FOUND, ids=NAMES)
def test_every_flow_has_a_timeout(one: Deployment) -> None:
    assert one.load_flow().timeout_seconds


@pytest.mark.parametrize("one", FOUND, ids=NAMES)
def test_an_overlapping_run_of_a_deployment_is_cancelled_not_queued(one: Deployment) -> None:
    assert one.concurrency_limit.limit == 1
    assert one.concurrency_limit.collision_strategy is ConcurrencyLimitStrategy.CANCEL_NEW


@pytest.mark.parametrize(
    ("said", "instead", "message"),
    [
        ("37 * * * *", "97 * * * *", r"hourly \(flows.refresh.refresh\): cron: .*97"),
        (
            '"*/15 * * * *"',
            '"*/15 * * * *"\n        timezone: Europe/Mosco',
            r"latest \(flows.ingest.ingest\): timezone: ",
        ),
        ("flows.refresh.refresh", "flows.refresh.refreshh", r"hourly .*refreshh"),
        ("flows.refresh.refresh", "flows.refreshed.refresh", r"hourly .*flows.refreshed"),
        ("source: feeds", "source: feedz", r"latest .* source: Input should be 'feeds'"),
        ("tags: *keeps", "tag: *keeps", r"manual: tags: Field required"),
        ("deployments:", "deployments: [", r"prefect.yaml, line \d+: "),
        ("deployments:", "deployment:", "no list of deployments"),
    ],
)
def test_a_typo_is_reported_in_one_line(said: str, instead: str, message: str, tmp_path: Path) -> None:
    text = DEFINITIONS.read_text(encoding="utf-8")
    assert said in text
    path = tmp_path / "prefect.yaml"
    path.write_text(text.replace(said, instead), encoding="utf-8")
    with pytest.raises(DeploymentInvalid, match=message) as raised:
        read_definitions(path)
    assert "\n" not in str(raised.value)


def test_each_further_site_has_deployments_of_its_own_in_its_own_time_zone() -> None:
    found = {one.full_name: one for one in read_definitions(names=("meduza", "voa"))}
    expected = [*NAMES, *(f"{name}-voa" for name in NAMES if not name.startswith(WHOLE_ARCHIVE))]
    assert sorted(found) == sorted(expected)
    assert [found[name].parameters["site"] for name in ("ingest/latest", "ingest/latest-voa")] == ["meduza", "voa"]
    zones = [found[name].schedules[0].timezone for name in ("refresh/hourly", "refresh/hourly-voa")]
    assert zones == ["Europe/Riga", "America/New_York"]
    assert found["ingest/latest-voa"].tags == ("crawl", "voa")
    assert ("site" in found["audit/daily"].parameters, found["audit/daily"].schedules[0].timezone) == (
        False,
        "Europe/Riga",
    )


def test_an_unknown_key_is_an_error() -> None:
    given = FOUND[0].model_dump()
    with pytest.raises(ValidationError, match="scheduels"):
        Deployment.model_validate(given | {"scheduels": []})
    with pytest.raises(ValidationError, match="entrypoint"):
        Deployment.model_validate(given | {"entrypoint": "flows/ingest.py:ingest"})


def test_the_file_for_prefects_own_command_has_every_site_in_its_time_zone(tmp_path: Path) -> None:
    expected = read_definitions(names=("moscow-times", "meduza"))
    path = tmp_path / "all.yaml"
    write_definitions(expected, path)
    assert read_definitions(path) == expected
    found = {one["name"]: one for one in YAML(typ="safe").load(path)["deployments"]}
    assert found["latest-meduza"]["parameters"]["site"] == "meduza"
    assert found["sweep-meduza"]["schedules"] == [{"cron": "7 4 * * *", "timezone": "Europe/Riga"}]
    assert found["sweep"]["schedules"] == [{"cron": "7 4 * * *", "timezone": "Europe/Moscow"}]
    assert "site" not in found["weekly"]["parameters"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileUnwritable, match=r"none/all\.yaml cannot be written"):
        write_definitions(FOUND, tmp_path / "none" / "all.yaml")


def test_another_first_site_takes_over_the_plain_names_alone() -> None:
    before, after = (read_definitions(names=names) for names in (("meduza", "voa"), ("voa", "meduza")))
    assert {one.full_name for one in before} - {one.full_name for one in after} == {
        f"{flow}/{name}-voa"
        for flow, name in (
            *(("ingest", "latest"), ("ingest", "sweep"), ("refresh", "hourly")),
            ("backfill", "manual"),
        )
    }
    for definitions in (before, after):
        sites = [one.parameters["site"] for one in definitions if one.full_name.startswith("ingest/latest")]
        assert sorted(sites) == ["meduza", "voa"]
