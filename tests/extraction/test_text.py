"""Plain text as crawlers leave it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction.text import part_paragraphs, read_text
from schemas.article import Draft, Unreadable
from tests.extraction.pages import make_capture

LONG = "The ministry said on Thursday that the talks would go on for as long as both of the sides wanted them to."


def _read(text: str | bytes) -> Draft:
    draft = read_text(make_capture(text, None, ()))
    assert isinstance(draft, Draft)
    return draft


def test_line_breaks_part_paragraphs_where_there_are_no_blank_lines() -> None:
    assert part_paragraphs(f"{LONG}\n{LONG}\r\n{LONG}".replace("\r\n", "\n")) == [LONG] * 3


def test_lines_wrapped_by_hand_are_one_paragraph() -> None:
    text = (
        "The ministry said on Thursday that the talks would go on for as long\nas both of the sides wanted.\n\nHe left."
    )
    assert part_paragraphs(text) == [
        "The ministry said on Thursday that the talks would go on for as long as both of the sides wanted.",
        "He left.",
    ]


def test_long_lines_are_paragraphs_even_beside_blank_lines() -> None:
    assert part_paragraphs(f"{LONG}\n{LONG}\n\n{LONG}") == [LONG] * 3


def test_odd_spaces_become_plain_and_letters_are_composed() -> None:
    assert _read(f"Zoe\u0308\u00a0\u2009said\u00ad so\u200b.\n{LONG}").body.split("\n\n")[0] == "Zoë said so."


@pytest.mark.parametrize("first", ["He said so.", "He said: “So.”", "And then;", LONG])
def test_a_first_line_that_ends_a_sentence_or_is_long_is_no_headline(first: str) -> None:
    draft = _read(f"{first}\n\n{LONG}")
    assert draft.headline is None
    assert draft.body == f"{first}\n\n{LONG}"


def test_a_single_line_is_a_text_and_no_headline() -> None:
    assert _read("Russia Opposes a Resolution").headline is None


def test_a_question_may_be_a_headline() -> None:
    assert _read(f"What Does the Kremlin Want?\n\n{LONG}").headline == "What Does the Kremlin Want?"


def test_a_byline_below_the_headline_names_its_authors() -> None:
    draft = _read(f"A Headline\n\nBy Jane Doe, John Roe and AFP\n\n{LONG}")
    assert (draft.authors, draft.agencies, draft.body) == (("Jane Doe", "John Roe"), ("AFP",), LONG)


def test_a_credit_alone_is_the_lead_picture() -> None:
    draft = _read(f"A Headline\n\nYevgenia Albats / The New Times\n\n{LONG}")
    assert [(image.caption, image.credit) for image in draft.images] == [(None, "Yevgenia Albats / The New Times")]
    assert draft.body == LONG


def test_a_closing_bracket_that_names_no_agency_stays() -> None:
    assert _read(f"{LONG}\n\n{LONG}\n\n(He never returned)").body.endswith("(He never returned)")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty-page"),
        (b" \n\n ", "empty-page"),
        (b"\xef\xbb\xbf", "empty-page"),
        (b"Support The Moscow Times!\n\nRead more\n", "empty-page"),
        (bytes(range(256)) * 20, "not-text"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, "not-text"),
    ],
)
def test_what_is_no_text_has_a_reason(body: bytes, reason: str) -> None:
    found = read_text(make_capture(body, None, ()))
    assert isinstance(found, Unreadable)
    assert found.reason == reason


def test_a_text_that_is_too_large_is_said_to_be() -> None:
    found = read_text(make_capture(b"", None, (), too_large=True))
    assert isinstance(found, Unreadable)
    assert found.reason == "too-large"


def test_text_in_a_windows_code_page_is_decoded() -> None:
    assert _read(f"Caf\u00e9 \u201cX\u201d\n{LONG}".encode("cp1252")).headline == "Café “X”"


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_a_draft_or_have_a_reason(body: bytes) -> None:
    found = read_text(make_capture(body, None, ()))
    assert found.reason if isinstance(found, Unreadable) else found.body or found.images
