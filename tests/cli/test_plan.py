"""`broadsheet plan`: needs no archive."""

import json
import subprocess
from collections.abc import Callable

import pytest

from schemas.plan import Plan

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]


def test_a_plan_is_one_json_document_without_an_archive(broadsheet: Broadsheet) -> None:
    ended = broadsheet("plan", "--articles", 1000, "--cores", 4, "--memory", 8, "--delay", 5, "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    planned = Plan.model_validate_json(json.dumps(json.loads(ended.stdout)))
    assert (planned.article_count, planned.core_count, planned.memory_bytes) == (1000, 4, 8_000_000_000)
    assert planned.seconds == 5_010


def test_a_plan_names_its_steps_and_its_limits(broadsheet: Broadsheet) -> None:
    ended = broadsheet("plan", "--articles", 10_000_000, "--database", "postgresql", "--memory", 8, "--cores", 2)
    assert (ended.returncode, ended.stderr) == (0, "")
    said = " ".join(ended.stdout.split())
    assert said.startswith("10,000,000 articles, postgresql, 2 cores, 8 GB of memory, 2 s between requests")
    assert "near-duplicates" in said
    assert "limit: Requests 2 s apart take 232 days" in said


def test_a_plan_of_one_article_on_one_core_reads_well(broadsheet: Broadsheet) -> None:
    ended = broadsheet("plan", "--articles", 1, "--cores", 1, "--memory", 8, "--delay", 0)
    said = " ".join(ended.stdout.split())
    assert said.startswith("1 article, sqlite, 1 core, 8 GB of memory, 0 s between requests")
    assert "complete in under 1 s, with under 0.1 MB on the disk" in said


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--articles", 0],
        ["--articles", 10, "--delay", -1],
        ["--articles", 10, "--delay", "nan"],
        ["--articles", 10, "--delay", "inf"],
        ["--articles", 10, "--memory", 0],
        ["--articles", 10, "--memory", "inf"],
        ["--articles", 10, "--page", "nan"],
    ],
)
def test_an_impossible_plan_is_refused(broadsheet: Broadsheet, options: list[object]) -> None:
    ended = broadsheet("plan", *options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
