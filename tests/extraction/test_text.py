"""Plain text as stored by other crawlers."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction.text import read_text, split_plain_text
from schemas.article import Draft, Unreadable
from tests.extraction.pages import make_capture

LONG = "The ministry said on Thursday that the talks would go on for as long as both of the sides wanted them to."


def _read(text: str | bytes) -> Draft:
    draft = read_text(make_capture(text, None, ()))
    assert isinstance(draft, Draft)
    return draft


def test_line_breaks_separate_paragraphs_if_there_are_no_blank_lines() -> None:
    assert split_plain_text(f"{LONG}\n{LONG}\r\n{LONG}".replace("\r\n", "\n")) == [LONG] * 3


def test_hard_wrapped_lines_are_one_paragraph() -> None:
    text = (
        "The ministry said on Thursday that the talks would go on for as long\nas both of the sides wanted.\n\nHe left."
    )
    assert split_plain_text(text) == [
        "The ministry said on Thursday that the talks would go on for as long as both of the sides wanted.",
        "He left.",
    ]


def test_long_lines_are_paragraphs_even_beside_blank_lines() -> None:
    assert split_plain_text(f"{LONG}\n{LONG}\n\n{LONG}") == [LONG] * 3


def test_odd_spaces_become_plain_and_letters_are_composed() -> None:
    assert _read(f"Zoe\u0308\u00a0\u2009said\u00ad so\u200b.\n{LONG}").body.split("\n\n")[0] == "Zoë said so."


@pytest.mark.parametrize("first", ["He said so.", "He said: “So.”", "And then;", LONG])
def test_a_first_line_that_is_a_sentence_or_long_is_not_a_headline(first: str) -> None:
    draft = _read(f"{first}\n\n{LONG}")
    assert draft.headline is None
    assert draft.body == f"{first}\n\n{LONG}"


def test_a_single_line_is_text_and_not_a_headline() -> None:
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


def test_a_closing_parenthesis_without_an_agency_is_kept() -> None:
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
def test_binary_data_has_a_reason(body: bytes, reason: str) -> None:
    found = read_text(make_capture(body, None, ()))
    assert isinstance(found, Unreadable)
    assert found.reason == reason


def test_a_text_that_is_too_large_has_that_reason() -> None:
    found = read_text(make_capture(b"", None, (), too_large=True))
    assert isinstance(found, Unreadable)
    assert found.reason == "too-large"


def test_text_in_a_windows_code_page_is_decoded() -> None:
    assert _read(f"Caf\u00e9 \u201cX\u201d\n{LONG}".encode("cp1252")).headline == "Café “X”"


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_give_a_draft_or_a_reason(body: bytes) -> None:
    found = read_text(make_capture(body, None, ()))
    assert found.reason if isinstance(found, Unreadable) else found.body or found.images


HEADLINE = "Russia Opposes a Humanitarian Resolution on Syria at the UN"
SHORT = ("He said that the talks would go on in Geneva on Monday morning.", "The other side was silent.", "“No.”")
WRAPPED = textwrap.wrap(f"{LONG} Nobody believed it. {LONG}", 72)


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("\n".join(SHORT) + "\n\nThen he left.", [*SHORT, "Then he left."]),
        ("\n".join(SHORT), list(SHORT)),
        (f"{HEADLINE}\n{SHORT[0]}\n\n{SHORT[1]}", [HEADLINE, *SHORT[:2]]),
        (f"{HEADLINE}\n{SHORT[0]}\n{SHORT[1]}", [HEADLINE, *SHORT[:2]]),
        (f"{HEADLINE}\n{LONG}\n\n{LONG}", [HEADLINE, LONG, LONG]),
        ("\n".join([HEADLINE, *WRAPPED]) + "\n\nHe left.", [HEADLINE, " ".join(WRAPPED), "He left."]),
        ("\n".join(WRAPPED) + "\n\n" + "\n".join(WRAPPED), [" ".join(WRAPPED)] * 2),
        ("\n".join(WRAPPED), [" ".join(WRAPPED)]),
        ("A city in the north with a harbour and a railway station\nAnother city\n\nHe left.", 3),
    ],
)
def test_only_hard_wrapped_lines_are_joined(text: str, paragraphs: list[str] | int) -> None:
    found = split_plain_text(text)
    assert (len(found) if isinstance(paragraphs, int) else found) == paragraphs


@pytest.mark.parametrize(
    "first",
    [
        "Everybody asked the same on Thursday. What comes next, Vladimir Putin",
        "It was a new book by J. K. Rowling",
        "The talks were called by the U.S. State Department",
        "Nobody knew who would win. It was a close race. Real Madrid",
        "He moved to St. Petersburg State University",
        "“We will win.” Vladimir Putin",
        "Who will win in the end? Real Madrid",
    ],
)
def test_a_first_paragraph_that_ends_in_a_name_is_text(first: str) -> None:
    draft = _read(f"A Headline\n\n{first}\n\n{LONG}")
    assert (draft.images, draft.body) == ((), f"{first}\n\n{LONG}")


def test_without_a_headline_the_first_paragraph_is_text() -> None:
    assert not _read(f"He met an old friend in Amman that day. Muhammad Hamed\n\n{LONG}").images


@pytest.mark.parametrize(
    ("byline", "authors", "agencies"),
    [
        ("By Jane Doe for AFP", ("Jane Doe",), ("AFP",)),
        ("By Ludwig van der Berg and J. R. Roe", ("Ludwig van der Berg", "J. R. Roe"), ()),
        ("By Reuters", (), ("Reuters",)),
    ],
)
def test_a_byline_names_persons_and_agencies(byline: str, authors: tuple[str, ...], agencies: tuple[str, ...]) -> None:
    for text in (f"A Headline\n\n{byline}\n\n{LONG}", f"A Headline\n{byline}\n{LONG}", f"{byline}\n\n{LONG}"):
        draft = _read(text)
        assert (draft.authors, draft.agencies, draft.body) == (authors, agencies, LONG)


@pytest.mark.parametrize("line", ["By " + "A" * 400, "By the Sea", "By Monday It Will All Be Over"])
def test_a_line_that_only_begins_like_a_byline_is_not_one(line: str) -> None:
    assert _read(f"{line}\n\n{LONG}").authors == ()


@pytest.mark.parametrize("stump", ["A Message from The", "Support The Moscow", "The need for honest"])
def test_a_message_truncated_in_its_first_line_is_neither_headline_nor_text(stump: str) -> None:
    text = f"A Headline\n\n{LONG}"
    for cut in (f"{stump}\n\n{text}", f"{text}\n\n{stump}", f"{text} {stump}"):
        draft = _read(cut)
        assert (draft.headline, draft.body) == ("A Headline", LONG)
    assert _read(f"{stump}\n{LONG}\n{LONG}").headline is None


def test_a_wrapped_message_is_removed_from_a_wrapped_text() -> None:
    message = textwrap.wrap(
        "A Message from The Moscow Times: Dear readers, We are facing unprecedented challenges. Russia's Prosecutor "
        'General\'s Office has designated The Moscow Times as an "undesirable" organization, criminalizing our work '
        "and putting our staff at risk of prosecution.",
        72,
    )
    for parting in ("\n", "\n\n"):
        assert _read(parting.join(("\n".join(WRAPPED), "\n".join(message)))).body == " ".join(WRAPPED)
