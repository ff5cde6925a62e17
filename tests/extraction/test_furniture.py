"""The publisher's furniture on its pages: what is removed, and what belongs to the article."""

import pytest

from extraction.page import read_page
from schemas.article import Draft
from sites.moscow_times import MOSCOW_TIMES
from tests.extraction.pages import make_block, make_capture, make_page

FIRST = "The first paragraph of the text says what happened on Thursday."
LAST = "The last paragraph of the text says what will happen."
SENTENCE = "Your support, no matter how small, makes a world of difference."
THANKS = "Thank you for standing with us."


def _read(content: str) -> list[str]:
    draft = read_page(make_capture(make_page(content)), MOSCOW_TIMES)
    assert isinstance(draft, Draft)
    return draft.body.split("\n\n")


def _paragraphs(*texts: str) -> str:
    return make_block("".join(f"<p>{text}</p>" for text in texts))


@pytest.mark.parametrize("word", ["Monthly", "Opinion", "Climate", "Once", "Read more", "Live", "Support us"])
def test_a_word_at_the_edge_of_the_text_is_kept(word: str) -> None:
    assert _read(_paragraphs(word, FIRST, LAST)) == [word, FIRST, LAST]
    assert _read(_paragraphs(FIRST, LAST, word)) == [FIRST, LAST, word]
    assert _read(make_block(f"<h2>{word}</h2><p>{FIRST}</p>")) == [word, FIRST]
    assert _read(make_block(f"<p>{FIRST}</p><ul><li>Daily</li><li>{word}</li></ul>"))[-1].endswith(word)


def test_a_subhead_beside_a_notice_stays() -> None:
    notice = "Some external media is not supported on this page, open the full version to see it."
    assert _read(_paragraphs(FIRST, notice, "Climate", LAST)) == [FIRST, "Climate", LAST]


def test_a_forms_labels_are_removed_with_its_message() -> None:
    message = ("A Message from The Moscow Times:", "Dear readers,", SENTENCE, "Once", "Monthly", "Remind me later.")
    assert _read(_paragraphs(FIRST, *message, LAST)) == [FIRST, LAST]
    assert _read(_paragraphs(FIRST, LAST, *message[:-1])) == [FIRST, LAST]


@pytest.mark.parametrize("quoted", [f"“{SENTENCE}”", f'"{SENTENCE}"', f"«{SENTENCE}»", f"‘{SENTENCE}’"])
def test_a_quoted_sentence_stays_a_separate_paragraph(quoted: str) -> None:
    assert _read(_paragraphs(FIRST, quoted, LAST)) == [FIRST, quoted, LAST]


def test_a_single_removed_sentence_of_an_appeal_is_flagged() -> None:
    draft = read_page(make_capture(make_page(_paragraphs(FIRST, LAST, SENTENCE))), MOSCOW_TIMES)
    assert isinstance(draft, Draft)
    assert (draft.body.split("\n\n"), "appeal-removed" in draft.flags) == ([FIRST, LAST], True)
    message = ("A Message from The Moscow Times:", "Dear readers,", SENTENCE, "Once", "Monthly", "Remind me later.")
    for texts in ((FIRST, LAST, *message), (FIRST, SENTENCE, LAST), (FIRST, LAST)):
        draft = read_page(make_capture(make_page(_paragraphs(*texts))), MOSCOW_TIMES)
        assert isinstance(draft, Draft)
        assert "appeal-removed" not in draft.flags


def test_a_sentence_in_a_block_quotation_stays() -> None:
    for quotation in (
        f"<blockquote>{SENTENCE}</blockquote>",
        f"<blockquote><p>Dear readers,</p><p>{SENTENCE}</p></blockquote>",
        f'<blockquote class="article__quote">{SENTENCE} <b>So.</b></blockquote>',
    ):
        read = _read(make_block(f"<p>{FIRST}</p>{quotation}<p>{LAST}</p>"))
        assert (read[0], read[-1]) == (FIRST, LAST)
        assert any(SENTENCE in paragraph for paragraph in read)
    quote = make_block(f"<blockquote>{SENTENCE}</blockquote>", "quote")
    assert _read(make_block(f"<p>{FIRST}</p>") + quote) == [FIRST, SENTENCE]


def test_boilerplate_is_removed_from_a_fully_indented_text() -> None:
    indented = make_block(
        f"<blockquote><p>{FIRST}</p><p>Dear readers,</p><p>{SENTENCE} {THANKS}</p><p>{LAST}</p></blockquote>"
    )
    assert _read(indented) == [FIRST, LAST]


@pytest.mark.parametrize(
    "headline",
    ["What the Kremlin Wants From Homs", "Putin Said No.", "They Call It “Peace”", 'A "Special Operation"'],
)
def test_a_related_box_is_removed_whatever_its_headline_ends_with(headline: str) -> None:
    assert _read(_paragraphs(FIRST, "opinion", headline, "Read more", LAST)) == [FIRST, LAST]


@pytest.mark.parametrize(
    "glued",
    [
        "The views expressed in opinion pieces do not necessarily reflect the position of The Moscow Times.",
        "Now is the time to support independent reporting from Russia!",
        "Russia media is under attack. Support independent reporting from Russia. Contribute today Maybe later",
        "Sign up for our free weekly newsletter",
        ". Last Updated: 07/27/2016",
        "Last Updated: 07/27/2016",
        "5 Min read",
        "Read more about: Syria , Kremlin",
        "© The Moscow Times, all rights reserved.",
    ],
)
def test_a_short_line_is_removed_after_the_sentence_that_it_is_joined_to(glued: str) -> None:
    assert _read(_paragraphs(FIRST, f"{LAST} {glued}")) == [FIRST, LAST]
    assert _read(_paragraphs(f"{FIRST} {glued}", LAST)) == [FIRST, LAST]
    assert _read(_paragraphs(FIRST, f"{LAST}<br>{glued}")) == [FIRST, LAST]
    if not glued.startswith("."):
        assert _read(_paragraphs(FIRST, f"{LAST}{glued}")) == [FIRST, LAST]
