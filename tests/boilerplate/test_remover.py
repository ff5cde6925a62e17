"""The publisher's boilerplate, complete and cut, and text that merely resembles it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boilerplate.remover import Furniture, squeeze
from sites.moscow_times.boilerplate import BOILERPLATE, FURNITURE

OWN = (
    "The ministry said on Thursday that talks would continue.",
    "Nobody in Homs believed it, residents told a reporter.",
)
DONATIONS = [item for item in FURNITURE if item.name.startswith("donation")]
LINES = [line for item in FURNITURE for line in item.lines if not line.endswith("…")]
LATEST = next(item for item in FURNITURE if item.name == "donation-2024-07")
MESSAGE = [LATEST.lines[0], "Dear readers,", *LATEST.lines[1:]]


def _clean(*paragraphs: str) -> tuple[str, ...]:
    return BOILERPLATE.remove(paragraphs).paragraphs


@pytest.mark.parametrize("line", LINES)
def test_a_complete_line_is_boilerplate_in_every_spelling(line: str) -> None:
    curly = line.replace("'", "’").replace(' "', " “").replace('"', "”")
    for spelling in (line, curly, line.replace(" ", "\u00a0"), line.upper(), line.replace("$", ""), f"  {line} "):
        assert _clean(OWN[0], spelling, OWN[1]) == OWN


@pytest.mark.parametrize("item", DONATIONS, ids=lambda item: item.name)
def test_a_donation_message_without_line_breaks_is_boilerplate(item: Furniture) -> None:
    lines = [line for line in item.lines if not line.endswith("…")]
    assert _clean(*OWN, " ".join(lines)) == OWN
    assert _clean(*OWN, "".join(lines)) == OWN


@pytest.mark.parametrize("item", DONATIONS, ids=lambda item: item.name)
def test_a_removed_message_is_reported_by_name(item: Furniture) -> None:
    lines = [line for line in item.lines if not line.endswith("…")]
    assert item.name in BOILERPLATE.remove([*OWN, *lines]).names


@given(st.integers(len(MESSAGE[0]), 2000))
def test_a_message_cut_at_its_end_is_boilerplate(length: int) -> None:
    text = "\n".join(MESSAGE)[:length]
    assert _clean(*OWN, *(line for line in text.split("\n") if line.strip())) == OWN


@given(st.integers(60, 2000))
def test_a_message_in_one_line_cut_at_its_end_is_boilerplate(length: int) -> None:
    assert _clean(*OWN, " ".join(MESSAGE)[:length]) == OWN


@given(st.integers(0, len("\n".join(MESSAGE[:-2]))))
def test_a_message_cut_at_its_beginning_is_boilerplate(start: int) -> None:
    text = "\n".join(MESSAGE)[start:]
    assert _clean(*(line for line in text.split("\n") if squeeze(line).isalnum()), *OWN) == OWN


def test_a_message_glued_to_a_paragraph_is_removed_from_it() -> None:
    message = " ".join(MESSAGE)
    assert _clean(f"{OWN[0]} {message}") == OWN[:1]
    assert _clean(f"{message} {OWN[0]}") == OWN[:1]
    assert _clean(f"{OWN[0]} {message} {OWN[1]}") == OWN
    assert _clean(f"{OWN[0]} × {message}") == OWN[:1]
    assert _clean(f'She said: "Go." {message}') == ('She said: "Go."',)


@pytest.mark.parametrize(
    "paragraph",
    [
        f"The newsroom answered: “{MESSAGE[4]} {MESSAGE[5]} {MESSAGE[6]}”",
        f'The newsroom answered: "{MESSAGE[4]} {MESSAGE[5]} {MESSAGE[6]}"',
        f"“{MESSAGE[7]}” was what its readers found that morning.",
        f"{MESSAGE[4]} That is what its editors wrote in July.",
        "Russia media is under attack, its editors wrote.",
        "The Moscow Times has been unjustly branded as a “foreign agent” by the Russian government, it said.",
        "Support for the opposition grew once more.",
        "Thank you, he said.",
        "He asked them to continue.",
    ],
)
def test_a_quotation_of_boilerplate_is_kept(paragraph: str) -> None:
    assert _clean(OWN[0], paragraph, OWN[1]) == (OWN[0], paragraph, OWN[1])
    assert not BOILERPLATE.find_leaks("\n\n".join((OWN[0], paragraph, OWN[1])))[1:]


@pytest.mark.parametrize("word", ["Once", "Continue", "Read more", "opinion", "Preview", "News"])
def test_an_ambiguous_word_is_removed_only_beside_boilerplate_or_at_an_end(word: str) -> None:
    assert _clean(OWN[0], word, OWN[1]) == (OWN[0], word, OWN[1])
    assert _clean(*OWN, word) == OWN
    assert _clean(word, *OWN) == OWN
    assert _clean(OWN[0], word, MESSAGE[2], OWN[1]) == OWN


@pytest.mark.parametrize(
    "line",
    [
        "5 Min read",
        "Read more about: Syria , Kremlin",
        ". Last Updated: 07/27/2016",
        "Some external media is not supported on this page, open the full version to see it.",
        "Our weekly newsletter contains a hand-picked selection of whatever we choose to write here next year.",
    ],
)
def test_a_line_with_a_variable_part_is_boilerplate(line: str) -> None:
    assert _clean(OWN[0], line, OWN[1]) == OWN


def test_a_related_box_is_removed_with_its_headline() -> None:
    assert _clean(OWN[0], "opinion", "What the Kremlin Wants From Homs", "Read more", OWN[1]) == OWN


def test_leaks_are_found_and_a_clean_body_has_none() -> None:
    assert BOILERPLATE.find_leaks("\n\n".join(OWN)) == []
    assert BOILERPLATE.find_leaks("\n\n".join((OWN[0], MESSAGE[2], "Once", OWN[1]))) == [MESSAGE[2], "Once"]
    assert BOILERPLATE.find_leaks("\n\n".join((OWN[0], "Read more", OWN[1]))) == ["Read more"]


@given(st.lists(st.text(max_size=60), max_size=8))
def test_cleaning_is_idempotent(paragraphs: list[str]) -> None:
    once = _clean(*paragraphs)
    assert set(once) <= set(paragraphs)
    assert _clean(*once) == once


@pytest.mark.parametrize(
    "paragraph",
    [
        "The Moscow Times needs your help more than ever, its founder said. The Kremlin spokesman denied it.",
        "Some external media is not supported on this page, but the police said so. Nobody was hurt.",
        "Read more about: how the war started, and why 300 soldiers of the 64th brigade were sent home in March.",
    ],
)
def test_a_paragraph_that_continues_after_boilerplate_is_kept(paragraph: str) -> None:
    assert BOILERPLATE.remove([paragraph]).paragraphs == (paragraph,)
