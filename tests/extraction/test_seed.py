"""The seed texts, imported."""

from pathlib import Path

import pytest

from extraction.text import read_text
from schemas.article import Draft, Image
from tests.extraction.pages import make_capture

NAMES = (
    "000_98b7d4558cb2de2a",
    "001_de411161290c8784",
    "002_a9a384ffa0bbdb83",
    "003_0bc1210c81a1c881",
    "004_5a03bb40cc777efc",
)


@pytest.fixture
def drafts(seeds: Path) -> dict[str, Draft]:
    found = {}
    for name in NAMES:
        draft = read_text(make_capture((seeds / f"{name}.txt").read_bytes(), None, ()))
        assert isinstance(draft, Draft)
        found[name[:3]] = draft
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_seeds_body_is_exactly_the_expected_one(name: str, drafts: dict[str, Draft], seeds: Path) -> None:
    assert drafts[name[:3]].body == (seeds / "expected" / f"{name}.txt").read_text().rstrip("\n")


def test_headlines_are_found_and_never_guessed(drafts: dict[str, Draft]) -> None:
    assert {number: draft.headline for number, draft in drafts.items()} == {
        "000": None,
        "001": "Putin Defends Syria Stance, But Calls for End to Violence",
        "002": "Russia Opposes a Humanitarian Resolution on Syria",
        "003": "U.S., Russia Disagree on Syria Strategy",
        "004": None,
    }
    assert {number for number, draft in drafts.items() if "headline-missing" in draft.flags} == {"000", "004"}


def test_a_caption_and_its_credit_are_an_image(drafts: dict[str, Draft]) -> None:
    (image,) = drafts["003"].images
    assert image == Image(
        caption="Syrians stepping on a Russian flag at a rally Saturday in Amman against Russia’s backing of "
        "Syria’s regime.",
        credit="Muhammad Hamed",
    )
    assert not any(draft.images for number, draft in drafts.items() if number != "003")


def test_a_closing_credit_names_the_agencies(drafts: dict[str, Draft]) -> None:
    assert drafts["003"].agencies == ("AP", "Reuters")
    assert drafts["003"].sources["agencies"] == "text"


def test_the_publisher_is_recognized_by_its_boilerplate_alone(drafts: dict[str, Draft]) -> None:
    assert {number: (draft.site, draft.edition, draft.language) for number, draft in drafts.items()} == {
        **dict.fromkeys(("000", "001", "002", "003"), ("moscow-times", "en", "en")),
        "004": ("generic", None, None),
    }


def test_missing_values_of_seeds_stay_unknown(drafts: dict[str, Draft]) -> None:
    for draft in drafts.values():
        assert (draft.url, draft.published_at, draft.modified_at, draft.authors) == (None, None, None, ())
        assert "published-at-missing" in draft.flags
