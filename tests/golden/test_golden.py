"""Every page under `seeds/pages/`, one test for each of its fields."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from replica.furniture import DONATIONS
from replica.golden import list_goldens, write_golden
from schemas.article import Kind
from tests.golden.folder import FOLDERS, PAGES_DIR, read_bytes, read_golden, read_json
from tests.golden.score import measure_site, token_f1

FLOORS = tomllib.loads((Path(__file__).parent / "floors.toml").read_text(encoding="utf-8"))
REASONS = {"soft-404", "block-page", "empty-page", "other-article", "not-html"}


def _list_fields() -> Iterator[object]:
    for name in FOLDERS:
        for field in read_json(name, "expected.json"):
            if field != "checked":
                yield pytest.param(name, field, id=f"{name}-{field}")


@pytest.mark.parametrize(("name", "field"), list(_list_fields()))
def test_a_page_has_the_expected_value(name: str, field: str) -> None:
    read, expected = read_golden(name), read_json(name, "expected.json")
    if field == "body" and name.startswith("generic/"):
        # trafilatura's judgement, whose layout of lists and tables is its own.
        assert token_f1(read.get("body", ""), expected["body"]) >= FLOORS["generic"]["body_f1_min"], read.get("body")
    else:
        assert read.get(field) == expected[field]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_person_has_checked_the_expected_record(name: str) -> None:
    assert read_json(name, "expected.json")["checked"] is True, f"compare {name}/expected.json with the page"


@pytest.mark.parametrize("site", sorted(FLOORS))
@pytest.mark.parametrize("figure", sorted(FLOORS["generic"]))
def test_no_figure_is_below_its_floor(site: str, figure: str) -> None:
    reached, floor = measure_site(site)[figure], FLOORS[site][figure]
    assert reached <= floor if figure == "leaked_lines" else reached >= floor


def test_every_kind_and_every_wrong_page_has_a_page() -> None:
    expected = [read_json(name, "expected.json") for name in FOLDERS if name.startswith("moscow-times/")]
    assert {one.get("kind") for one in expected} >= {kind.value for kind in Kind}
    assert {one.get("unreadable") for one in expected} >= REASONS - {"not-html"}
    assert {one.get("edition") for one in expected} >= {"en", "ru"}
    assert any(one.get("id", "").startswith("moscow-times:en:archive/") for one in expected)


@pytest.mark.parametrize("period", sorted(DONATIONS))
def test_every_furniture_period_has_a_page_that_carries_its_message(period: int) -> None:
    page = read_bytes(f"moscow-times/article-period-{period}", "page.html.gz").decode()
    first = DONATIONS[period][0]
    assert first.split("'")[0] in page
    assert first not in read_golden(f"moscow-times/article-period-{period}")["body"]


def test_the_replicas_pages_can_be_made_again(tmp_path: Path) -> None:
    for golden in list_goldens():
        write_golden(golden, tmp_path / golden.slug)
        name = f"moscow-times/{golden.slug}"
        for path in (tmp_path / golden.slug).iterdir():
            if path.suffix == ".gz":  # compression differs between versions of zlib
                assert read_bytes(name, path.name).decode() in {golden.page, *golden.companions.values()}
            else:
                assert path.read_text(encoding="utf-8") == (PAGES_DIR / name / path.name).read_text(encoding="utf-8")
