"""How queries are parsed. The only invalid input is a query without a positive term."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.search import SearchPart, Term
from storage.search.query import MAX_QUERY_LETTERS, QueryEmpty, find_unknown_fields, read_query
from storage.search.word import TYPOGRAPHIC, Spelling, fold, list_stems, list_words


def show(term: Term) -> str:
    """Render a term as `headline:two words*`, with `=` before exact ones."""
    part = f"{term.part}:" if term.part else ""
    return f"{part}{'=' if term.is_exact else ''}{' '.join(term.words)}{'*' if term.is_prefix else ''}"


@pytest.mark.parametrize(
    ("text", "wanted", "excluded"),
    [
        ("Putin war", ["putin", "war"], []),
        ('"Vladimir Putin" war', ["=vladimir putin", "war"], []),
        ("“Новая газета” «один два» „drei“", ["=новая газета", "=один два", "=drei"], []),
        ('putin -war -"peace talks"', ["putin"], ["war", "=peace talks"]),
        ("putin NOT war", ["putin"], ["war"]),
        ("putin AND war", ["putin", "war"], []),
        ("putin OR war peace", ["putin | war", "peace"], []),
        ("a OR b OR c", ["a | b | c"], []),
        ("OR putin OR", ["putin"], []),
        ("putin OR -war", ["putin"], ["war"]),
        ("putin or war", ["putin", "or", "war"], []),
        ("(putin OR war) peace", ["putin | war", "peace"], []),
        ('headline:war author:"Ann Author" section:News tag:kremlin subtitle:x', None, []),
        ("Title:war authors:ann", ["headline:war", "author:=ann"], []),
        ("-headline:war x", ["x"], ["headline:war"]),
        ("author: ann", ["author", "ann"], []),
        ('author:"Ann', ["author:=ann"], []),
        ("site:moscow http://x.org/a-b", ["=site moscow", "=http x org a b"], []),
        ("sanction* (missil*)", ["=sanction*", "=missil*"], []),
        ('"white hou*" "white hou"*', ["=white hou*", "=white hou*"], []),
        ("in* * **", ["in"], []),
        ("long-range U.S. 10.5 10:30", ["=long range", "=u s", "=10 5", "=10 30"], []),
        ("Putin's Putin’s, don't", ["putin", "putin", "=don t"], []),
        ('"Putin\'s"', ["=putin s"], []),
        ('"unclosed one', ["unclosed", "one"], []),
        ('one "" - -- "-" :', ["one"], []),
        ("x\x00y ' ; DROP TABLE", ["=x y", "drop", "table"], []),
        ("Ёлка café ＣＡＰＳ а́збука", ["елка", "cafe", "caps", "азбука"], []),
    ],
)
def test_a_query_is_parsed(text: str, wanted: list[str] | None, excluded: list[str]) -> None:
    query = read_query(text)
    found = [" | ".join(map(show, group)) for group in query.wanted]
    assert found == (wanted or ["headline:war", "author:=ann author", "section:=news", "tag:kremlin", "subtitle:x"])
    assert [show(term) for term in query.excluded] == excluded


@pytest.mark.parametrize(
    ("text", "says"),
    [
        *((text, "no word") for text in ("", " \t", '"" * -', "???", "OR AND")),
        *((text, "not wanted") for text in ("-war", "NOT war", '-"a b" -c')),
    ],
)
def test_a_query_without_a_positive_term_is_empty(text: str, says: str) -> None:
    with pytest.raises(QueryEmpty, match=says) as raised:
        read_query(text)
    assert "\n" not in str(raised.value)


def test_an_author_or_a_section_is_a_sufficient_query() -> None:
    query = read_query("-war", author="Ann  Author", section="In-depth")
    assert [show(term) for (term,) in query.wanted] == ["author:=ann author", "section:=in depth"]
    with pytest.raises(QueryEmpty, match="author"):
        read_query("war", author="?")


def test_a_tag_is_a_sufficient_query() -> None:
    query = read_query("", tag="Kremlin")
    assert [show(term) for (term,) in query.wanted] == ["tag:=kremlin"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("titel:war", ["titel"]),
        ('-writer:"Ann Author" war', ["writer"]),
        ("Headline:war title:war tags:x", []),
        ("https://example.org/x 12:30 putin: war", []),
    ],
)
def test_an_unknown_field_is_noticed(text: str, names: list[str]) -> None:
    assert find_unknown_fields(text) == names


@given(st.text(alphabet=st.sampled_from("ab-*\":ORNT ()«’'\u0301§\ud800"), max_size=30) | st.text())
def test_any_input_becomes_only_words(text: str) -> None:
    try:
        query = read_query(text)
    except QueryEmpty:
        return
    for term in [term for group in (*query.wanted, query.excluded) for term in group]:
        assert all(word.isalnum() for word in term.words)
        assert term.part is None or isinstance(term.part, SearchPart)


def test_a_query_is_truncated() -> None:
    assert len(read_query("ab " * MAX_QUERY_LETTERS).wanted) == MAX_QUERY_LETTERS // 3 + 1


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("PUTIN", "putin"),
        ("Ёжик Йод чай", "ежик йод чай"),
        ("Ye\u0308 Е\u0308лка и\u0306", "ye елка й"),
        ("Київ Ўзбек", "київ ўзбек"),
        ("Café Škoda ångström Łódź", "cafe skoda angstrom łodz"),
        ("ﬁne ² Straße İ", "fine 2 strasse i"),
        ("за\u0301мок so\u00adft", "замок soft"),
    ],
)
def test_case_and_accents_make_no_difference_but_letters_do(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(alphabet=st.sampled_from("aЙ½\u0301\u200b .-ﬁ_")) | st.text())
def test_each_word_of_a_text_is_located(text: str) -> None:
    spelling = Spelling(text)
    if not spelling.words:
        return
    places = spelling.locate(0, len(spelling.words) - 1)
    for number, (word, (start, end)) in enumerate(zip(spelling.words, places, strict=True)):
        assert word in list_words(text[start:end])
        assert spelling.locate(number, number) == [(start, end)]


@given(st.text(alphabet=st.sampled_from(f"aZ9_ .-é½\u0301\u200b{TYPOGRAPHIC}")))
def test_typographic_quotes_and_dashes_separate_words(text: str) -> None:
    others = text.translate(dict.fromkeys(map(ord, TYPOGRAPHIC), "‽"))
    assert list_words(text) == list_words(others)
    spelling, other = Spelling(text), Spelling(others)
    assert spelling.words == other.words
    if spelling.words:
        last = len(spelling.words) - 1
        assert spelling.locate(0, last) == other.locate(0, last)


def test_forms_of_a_word_share_a_stem_and_numbers_have_none() -> None:
    words = ["sanction", "sanctions", "sanctioned", "санкции", "санкций", "санкциями"]
    stems = {word: stem for stem, word in list_stems([*words, "2024", "b52", "от", "of"])}
    assert set(stems) == set(words)
    assert len(set(stems.values())) == 2
