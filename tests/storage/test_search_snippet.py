"""Snippets, and the marks on the words that were found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.match import WordSequence
from storage.search.snippet import ELLIPSIS, LEAD_WORDS, SNIPPET_WORDS, cut_snippet, find_marks
from storage.search.word import list_words

LONG = " ".join(f"w{number}" for number in range(200))


def show(text: str, *phrases: str) -> str:
    """Return the text with its hits in brackets; a `*` at a phrase's end makes its last word a prefix."""
    runs = [WordSequence(tuple(phrase.rstrip("*").split()), phrase.endswith("*")) for phrase in phrases]
    for start, end in reversed(find_marks(text, runs)):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


@pytest.mark.parametrize(
    ("text", "phrases", "shown"),
    [
        ("War and WAR, wars.", ["war"], "[War] and [WAR], wars."),
        ("War and wars.", ["war*"], "[War] and [wars]."),
        ("The White House; white, blue house", ["white house"], "The [White House]; white, blue house"),
        ("white horse, white hound", ["white hou*"], "white horse, [white hound]"),
        ("long-range U.S. ’quoted’", ["long range", "u s", "quoted"], "[long-range] [U.S]. ’[quoted]’"),
        ("Ёлка, ёлки; Café", ["елка", "cafe"], "[Ёлка], ёлки; [Café]"),
        ("a b c d", ["a b", "b c"], "[a b c] d"),
        ("a a a", ["a a"], "[a a a]"),
        ("so\u00adft ½ за\u0301мок", ["soft", "2", "замок"], "[so\u00adft] [½] [за\u0301мок]"),
        ("ends with white", ["white house"], "ends with white"),
        ("", ["x"], ""),
    ],
)
def test_hits_are_marked_in_every_spelling(text: str, phrases: list[str], shown: str) -> None:
    assert show(text, *phrases) == shown


def test_a_short_text_is_shown_completely() -> None:
    snippet = cut_snippet("One paragraph.\n\nAnother war.", [WordSequence(("war",))])
    assert snippet.text == "One paragraph.  Another war."
    assert [snippet.text[start:end] for start, end in snippet.marks] == ["war"]


@pytest.mark.parametrize(
    ("words", "first"), [(["w100"], 100), (["w100", "w150", "w155"], 150), (["w3"], LEAD_WORDS), (["none"], LEAD_WORDS)]
)
def test_a_snippet_starts_some_words_before_the_densest_hits(words: list[str], first: int) -> None:
    snippet = cut_snippet(LONG, [WordSequence((word,)) for word in words])
    shown = snippet.text.strip(ELLIPSIS).split()
    assert shown == [f"w{number}" for number in range(first - LEAD_WORDS, first - LEAD_WORDS + SNIPPET_WORDS)]
    assert snippet.text.startswith(ELLIPSIS) == (first > LEAD_WORDS)
    assert snippet.text.endswith(ELLIPSIS)


@given(
    text=st.lists(st.sampled_from(["war", "War’s", "peace", "Ёж", "—", "\n\n", "½", "\u200b", "talks."]), max_size=90),
    runs=st.lists(
        st.sampled_from(
            [
                WordSequence(("war",)),
                WordSequence(("peace", "talks")),
                WordSequence(("еж",)),
                WordSequence(("pea",), is_prefix=True),
            ]
        )
    ),
)
def test_marks_cover_the_hits(text: list[str], runs: list[WordSequence]) -> None:
    snippet = cut_snippet(" ".join(text), runs)
    assert len(list_words(snippet.text)) <= SNIPPET_WORDS + 1
    first_words = {run.words[0][:3] for run in runs}
    for start, end in snippet.marks:
        assert list_words(snippet.text[start:end])[0][:3] in first_words
    ends = [place for mark in snippet.marks for place in mark]
    assert ends == sorted(ends)
