"""Finding a record's text again in the text nodes of a page."""

from itertools import pairwise

import pytest

from extraction.tracing import trace_text

SENTENCE = "The ministry said on Monday that the bridge will be closed until the end of the year."
OTHER = "Drivers have to take the ferry, which leaves every hour from the old harbour at the river."


def find(nodes: list[str], *paragraphs: str) -> list[str]:
    return [nodes[mark.node][mark.start : mark.end] for mark in trace_text(nodes, paragraphs).marks]


@pytest.mark.parametrize(
    ("nodes", "paragraphs", "found"),
    [
        ([SENTENCE], [SENTENCE], [SENTENCE]),
        (["News", SENTENCE, "Share", OTHER], [SENTENCE, OTHER], [SENTENCE, OTHER]),
        (["T", SENTENCE[1:]], [SENTENCE], ["T", SENTENCE[1:]]),
        ([f"  “{SENTENCE}”\n (Reuters)"], [f"“{SENTENCE}”"], [f"“{SENTENCE}”"]),
        ([f"{SENTENCE} Donate to us today, please! {OTHER}"], [f"{SENTENCE} {OTHER}"], [SENTENCE, OTHER]),
        ([SENTENCE.replace(" ", "\n\xa0 ")], [SENTENCE], [SENTENCE.replace(" ", "\n\xa0 ")]),
        ([SENTENCE.replace("Monday", "Mon\u00adday")], [SENTENCE], [SENTENCE.replace("Monday", "Mon\u00adday")]),
        ([f"{SENTENCE} “Yes.”", "“Yes.”"], [SENTENCE, "“Yes.”"], [SENTENCE, "“Yes.”"]),
        (["Yes.", OTHER], ["No.", OTHER], [OTHER]),
        ([OTHER], [SENTENCE], []),
        ([], [SENTENCE], []),
        ([SENTENCE], [], []),
        (["", " ", "…"], ["…"], []),
        ([OTHER, SENTENCE], [SENTENCE, OTHER], [OTHER, SENTENCE]),
    ],
)
def test_text_is_found_and_nothing_else(nodes: list[str], paragraphs: list[str], found: list[str]) -> None:
    assert find(nodes, *paragraphs) == found


@pytest.mark.parametrize(
    ("page", "record"),
    [
        (
            "Мэр Москвы и\u0306 сказал, что ё и е — одно и то же в этом тексте",
            "Мэр Москвы й сказал, что ё и е — одно и то же в этом тексте",
        ),
        (
            "Die STRASSE nach Bogotá ist seit Montag für alle gesperrt",
            "Die Straße nach Bogotá ist seit Montag für alle gesperrt",
        ),
    ],
)
def test_letters_are_compared_however_they_are_encoded(page: str, record: str) -> None:
    trace = trace_text([page], [record])
    assert trace.found_count >= trace.word_count - 1
    assert [(mark.start, mark.end) for mark in trace.marks] == [(0, len(page))]


def test_a_changed_word_is_left_out() -> None:
    trace = trace_text([SENTENCE.replace("closed", "reopened")], [SENTENCE])
    assert (trace.word_count, trace.found_count) == (17, 16)


def test_the_text_is_found_where_it_follows_not_where_it_is_quoted() -> None:
    nodes = [f"Related: {OTHER[:40]}", SENTENCE, OTHER, f"Read also: {OTHER[:40]}"]
    assert [mark.node for mark in trace_text(nodes, [SENTENCE, OTHER]).marks] == [1, 2]


def test_marks_never_overlap() -> None:
    nodes = [f"{SENTENCE[:-1]}—“{OTHER}”"]
    marks = trace_text(nodes, [SENTENCE, f"“{OTHER}”"]).marks
    assert len(marks) == 2
    assert all(one.end <= other.start for one, other in pairwise(marks))


def test_a_page_that_repeats_one_sentence_takes_no_more_than_linear_time() -> None:
    trace = trace_text([SENTENCE] * 5_000, [SENTENCE] * 1_000)
    assert trace.found_count == trace.word_count


def test_a_long_text_in_many_short_pieces_takes_no_more_than_linear_time() -> None:
    page = f"{SENTENCE} Page. " * 8_000
    trace = trace_text([page], [f"{SENTENCE} Text. " * 8_000])
    assert trace.found_count == trace.word_count - 8_000
