"""`pipeline.plan`: what it reckons with agrees with a real archive, and the sums are right."""

from pathlib import Path

import pytest

from benchmarks import archive
from pipeline.plan import MAX_CANDIDATES, Machine, count_candidates, make_plan
from schemas.plan import Plan, PlannedStep
from storage.articles.terms import add_terms
from storage.engine import open_database
from storage.ledger.outcome import store_outcomes
from storage.near_duplicates import lsh_index

ARTICLE_COUNT = 2_000
BATCH_COUNT = 500
FACTOR = 1.25
"""Pages of a small database are filled unevenly."""
DATABASE_STEPS = ("store", "search index", "near-duplicates")
SMALL = Machine("sqlite", core_count=2, memory_bytes=8_000_000_000, delay_seconds=2.0)


def find(steps: tuple[PlannedStep, ...], name: str) -> PlannedStep:
    return next(step for step in steps if step.name == name)


def reckon(article_count: int, database: str = "sqlite") -> Plan:
    return make_plan(article_count, SMALL._replace(database=database))


def test_the_planned_bytes_agree_with_a_stored_archive(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    database = open_database(f"sqlite:///{path}")
    empty = path.stat().st_size
    for start in range(0, ARTICLE_COUNT, BATCH_COUNT):
        outcomes = [add_terms(archive.make_outcome(start + number), "sqlite") for number in range(BATCH_COUNT)]
        with database.begin() as session:
            store_outcomes(session, outcomes, run_id=None, now=archive.AT)
    database.close()  # what is in the journal is written into the file
    planned = sum(find(reckon(ARTICLE_COUNT).build, name).disk_bytes for name in DATABASE_STEPS)
    assert planned / FACTOR < path.stat().st_size - empty < planned * FACTOR


def test_the_publisher_sets_the_pace() -> None:
    planned = reckon(100_000)
    assert find(planned.build, "fetch").seconds == 200_000
    assert find(planned.build, "discover").request_count == 200
    assert planned.seconds == 200_400


def test_without_a_delay_the_processors_set_it() -> None:
    slow, fast = (make_plan(100_000, SMALL._replace(delay_seconds=0.0, core_count=cores)) for cores in (1, 4))
    assert slow.seconds == pytest.approx(sum(step.processor_seconds for step in slow.build))
    assert slow.seconds / 4 <= fast.seconds < slow.seconds


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_no_number_of_cores_is_faster_than_the_one_process_that_stores(database: str) -> None:
    machine = SMALL._replace(database=database, delay_seconds=0.0, core_count=1_000)
    planned = make_plan(100_000_000, machine)
    stored = sum(find(planned.build, name).seconds for name in DATABASE_STEPS)
    assert planned.seconds >= stored > find(planned.build, "store").seconds


def test_more_cores_shorten_reading_alone() -> None:
    one, four = (make_plan(100_000, SMALL._replace(core_count=cores)) for cores in (1, 4))
    assert find(four.use, "reprocess").seconds == find(one.use, "reprocess").seconds / 4
    assert find(four.build, "store").seconds == find(one.build, "store").seconds


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_one_machine_is_enough_for_a_newspaper_and_not_for_ten_million(database: str) -> None:
    assert reckon(100_000, database).limits == ()
    said = " ".join(reckon(10_000_000, database).limits)
    assert "The near-duplicate index takes" in said
    assert "the publisher sets the pace" in said


def test_comparisons_grow_with_the_archive_up_to_their_limit() -> None:
    assert MAX_CANDIDATES == lsh_index.MAX_CANDIDATES
    assert count_candidates(1_000_000) == pytest.approx(3.0)
    assert MAX_CANDIDATES - 1 < count_candidates(1_000_000_000) < MAX_CANDIDATES
