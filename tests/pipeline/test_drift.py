"""A run detects that pages are read differently, reports which field changed, and saves the first such page."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipeline.ingest import ingest_once
from pipeline.quality.drift import BASELINE_PAGES, BASELINE_RUNS, WINDOW_PAGES, find_median, find_shifts
from pipeline.quality.findings import NEIGHBOR_DAYS, list_neighbors
from pipeline.quality.provenance import Reading, count_reading
from pipeline.report import render_markdown
from replica.answer import Answer
from replica.handler import Asked
from replica.route import find_answer
from replica.server import running
from replica.site import Site
from schemas.outcome import Outcome
from schemas.report import KindReading, RunReport
from schemas.settings import Settings
from storage.reports.history import EarlierReading
from tests.storage.sample import at, quarantine, read, read_text

CEILING = 0.5
SITE = Site(72, kinds=("article",), bad_pages=False, duplicate_share=0, moved_share=0)


def reading(count: int, /, words: int = 512, **sources: Mapping[str, int]) -> dict[str, KindReading]:
    given = {name: dict(found) for name, found in sources.items()}
    return {"article": KindReading(page_count=count, sources=given, lengths={str(words): count})}


def headline(json_ld: int, page: int, *, words: int = 512) -> dict[str, KindReading]:
    return reading(json_ld + page, words, headline={"json-ld": json_ld, "page": page})


def sentences(own: dict[str, KindReading], *past: dict[str, KindReading], ceiling: float = CEILING) -> list[str]:
    return [shift.sentence for shift in find_shifts(own, past, ceiling)]


def test_the_sentence_names_the_field_and_its_sources_before_and_after() -> None:
    assert sentences(headline(4, 16), headline(98, 2)) == [
        "drift: article: headline from json-ld 98 % -> 20 %, from page 2 % -> 80 % (20 pages against 100)"
    ]


@pytest.mark.parametrize(
    ("own", "past", "is_drift"),
    [
        (headline(9, 11), headline(100, 0), True),
        (headline(10, 10), headline(100, 0), False),
        (headline(0, WINDOW_PAGES), headline(BASELINE_PAGES, 0), True),
        (headline(0, WINDOW_PAGES - 1), headline(BASELINE_PAGES, 0), False),
        (headline(0, WINDOW_PAGES), headline(BASELINE_PAGES - 1, 0), False),
    ],
    ids=["above the ceiling", "at the ceiling", "enough pages", "too few new pages", "too few pages to compare with"],
)
def test_a_shift_needs_a_share_above_the_ceiling_and_enough_pages(
    own: dict[str, KindReading], past: dict[str, KindReading], *, is_drift: bool
) -> None:
    assert bool(sentences(own, past)) == is_drift


def test_a_field_that_goes_missing_is_a_shift() -> None:
    before, after = reading(100, tags={"json-ld": 90, "missing": 10}), reading(20, tags={"missing": 20})
    assert sentences(after, before) == [
        "drift: article: tags from json-ld 90 % -> 0 %, missing 10 % -> 100 % (20 pages against 100)"
    ]


def test_a_field_that_was_not_looked_for_before_is_not_compared() -> None:
    assert sentences(reading(20, cover={"meta": 20}), reading(100, headline={"json-ld": 100})) == []


def test_quarantined_pages_are_a_shift_too() -> None:
    before = {"page": KindReading(page_count=50, sources={"result": {"article": 49, "body": 1}})}
    after = {"page": KindReading(page_count=20, sources={"result": {"article": 5, "body": 15}})}
    assert sentences(after, before) == [
        "drift: page: result article 98 % -> 25 %, quarantined for body 2 % -> 75 % (20 pages against 50)"
    ]


@pytest.mark.parametrize(("words", "is_drift"), [(181, True), (256, False), (1024, False), (1449, True), (0, True)])
def test_bodies_of_a_different_length_are_a_shift(words: int, *, is_drift: bool) -> None:
    found = sentences(headline(20, 0, words=words), headline(100, 0))
    assert bool(found) == is_drift
    assert all("median body 618 -> " in sentence for sentence in found)


def test_one_more_line_in_a_gallery_is_not_a_shift() -> None:
    assert sentences(headline(20, 0, words=12), headline(100, 0, words=0)) == []
    assert sentences(headline(20, 0, words=91), headline(100, 0, words=0))


def test_small_runs_add_up_to_a_window() -> None:
    past, found = [headline(5, 0)] * 30, []
    for _ in range(4):
        found.append(sentences(headline(0, 5), *past))
        past = [headline(0, 5), *past]
    assert [bool(one) for one in found] == [False, False, True, True]
    assert "(20 pages against 100)" in found[-1][0]


def test_a_run_without_such_a_page_does_not_fail_for_earlier_runs() -> None:
    assert sentences(headline(3, 0), headline(0, 20), headline(100, 0)) == []


def test_a_lasting_change_becomes_the_baseline() -> None:
    past: list[dict[str, KindReading]] = [headline(20, 0)] * (2 * BASELINE_RUNS)
    found = []
    for _ in range(BASELINE_RUNS):
        found.append(bool(sentences(headline(0, 20), *past)))
        past = [headline(0, 20), *past]
    assert found == sorted(found, reverse=True)
    assert (found[0], found[-1]) == (True, False)


def test_a_backfill_is_compared_with_the_months_around_it() -> None:
    months = [date(2024, 3, 1), date(2023, 12, 1), date(2012, 5, 1), None]
    past = [EarlierReading(since=since, reading={}) for since in months]
    assert [one.since for one in list_neighbors(past, date(2023, 11, 1))] == months[:2]
    assert [one.since for one in list_neighbors(past, None)] == months
    assert NEIGHBOR_DAYS.days == 366


def test_readings_of_batches_add_up() -> None:
    outcomes: list[Outcome] = [read(1, 1, "word " * 500), read(2, 2, "word " * 520)]
    outcomes += [quarantine(3, 3, "body: empty"), read_text(4, "A text without a URL.")]
    whole, parts = count_reading(outcomes), Reading()
    for outcome in outcomes:
        parts += count_reading([outcome])
    assert parts == whole
    assert whole.kinds["page"].sources == {"result": {"article": 2, "body": 1}}
    article = whole.kinds["article"]
    assert (article.page_count, article.word_count, article.lengths) == (2, 1020, {"363": 1, "512": 1})
    assert (article.sources["headline"], article.sources["tags"]) == ({"json-ld": 2}, {"missing": 2})
    assert whole.first["page", "result", "body"].offset == 3


@pytest.mark.parametrize(
    ("source", "flags", "told"),
    [
        ("trafilatura", (), "agreed"),
        ("blocks", ("authors-missing", "trafilatura-lost-paragraph"), "lost-paragraph"),
        ("blocks", ("page-overgrown",), "unchecked"),
        ("trafilatura", ("container-missing",), "unchecked"),
    ],
)
def test_the_agreement_of_the_two_readings_is_counted(source: str, flags: tuple[str, ...], told: str) -> None:
    found = count_reading([read(1, 1, sources={"body": source}, flags=flags)])
    assert found.kinds["article"].sources["agreement"] == {told: 1}
    assert f"| agreement | {told} 100 % |" in render_markdown(make_report(found))


def test_without_known_blocks_agreement_is_not_counted() -> None:
    found = count_reading([read(1, 1, sources={"body": "trafilatura"}, site="generic"), read(2, 2, "")])
    assert "agreement" not in found.kinds["article"].sources


def test_a_drop_in_agreement_is_a_shift_long_before_other_fields_change() -> None:
    before, after = reading(100, agreement={"agreed": 100}), reading(20, agreement={"agreed": 15, "lost-paragraph": 5})
    assert sentences(after, before) == [
        "drift: article: agreement agreed 100 % -> 75 %, lost-paragraph 0 % -> 25 % (20 pages against 100)"
    ]
    assert sentences(reading(20, agreement={"agreed": 17, "lost-paragraph": 3}), before) == []


def make_report(found: Reading) -> RunReport:
    return RunReport(
        run_id="1",
        kind="ingest",
        site="moscow-times",
        started_at=at(0),
        ended_at=at(1),
        outcomes={},
        advertised_count=0,
        advertised_new_count=0,
        request_count=0,
        page_count=0,
        ledger={},
        reading=found.kinds,
    )


@pytest.mark.parametrize(
    ("lengths", "median"),
    [({}, 0), ({"0": 4}, 0), ({"512": 10}, 618.5), ({"256": 10, "512": 30}, 583), ({"0": 9, "512": 1}, 0)],
)
def test_a_median_is_found_within_its_class(lengths: dict[str, int], median: float) -> None:
    assert find_median(lengths) == pytest.approx(median, abs=0.5)


def strip_linked_data(asked: Asked) -> Answer | None:
    """Return pages as they would be without JSON-LD."""
    if not re.search(r"-a\d+$", asked.path):
        return None
    found = find_answer(SITE, asked.origin, asked.path)
    body = re.sub(rb"<script type=.application/ld\+json.>.*?</script>", b"", found.body, flags=re.DOTALL)
    return replace(found, body=body)


def test_pages_that_lost_their_linked_data_fail_the_run_and_the_first_is_saved(
    make_settings: Callable[..., Settings],
) -> None:
    with running(SITE) as server:
        before = ingest_once(make_settings(origins=dict(server.origins)), "moscow-times", "sitemaps", limit=46)
    assert before.problems == ()
    with running(SITE, fault=strip_linked_data) as server:
        settings = make_settings(origins=dict(server.origins))
        report = ingest_once(settings, "moscow-times", "sitemaps")
    (problem,) = report.problems
    assert problem.startswith("drift: article: headline from json-ld 100 % -> 0 %, from page 0 % -> 100 %; ")
    assert "published_at from json-ld 100 % -> 0 %" in problem
    folder = Path(problem.rpartition(" ")[2])
    assert folder.parent == settings.data_dir / "candidates" / "moscow-times"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert expected["checked"] is False
    assert expected["id"] in {article.id for article in SITE.articles}
    assert (
        f"| article | {report.reading['article'].page_count} | section, published_at | meta 100 % |"
        in render_markdown(report)
    )
