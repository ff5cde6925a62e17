"""The blocks' paragraphs against trafilatura's: where they agree, where they differ, and which flags result."""

from copy import deepcopy

import pytest
from lxml.html import HtmlElement, fragment_fromstring

from extraction.agreement import find_differences, narrow, simplify
from extraction.page import read_page
from extraction.paragraph import read_paragraphs
from extraction.tree import MAX_TRAFILATURA_ELEMENT_COUNT
from replica.site import Site
from schemas.article import Draft, Kind
from sites.moscow_times import MOSCOW_TIMES
from tests.extraction.pages import make_block, make_capture, make_companions, make_page

A, B, C = (f"The council of town {letter} met on Thursday and decided what it had put off." for letter in "ABC")
OPENING = make_block("<p>The mayor opened the meeting.</p>")


def _read(content: str) -> Draft:
    draft = read_page(make_capture(make_page(content)), MOSCOW_TIMES)
    assert isinstance(draft, Draft)
    return draft


def _parse(html: str) -> HtmlElement:
    content = fragment_fromstring(html, create_parent="div")
    simplify(content)
    return content


@pytest.mark.parametrize(
    "html",
    [
        "<p>No.</p>",
        f"<p>{A}</p><h2>The End</h2>",
        f"<p>{A}</p><ul><li>One</li><li>Two <b>bold</b><ul><li>Deep</li></ul></li></ul>",
        f"<ol><li><p>{A}</p><p>{B}</p></li><li>{C}</li></ol>",
        f"<blockquote>{A}<br>{B}</blockquote><cite>– Jane Doe</cite>",
        f"<blockquote>{A}\n<br>\n{B}</blockquote><blockquote>\n  {A}\n  {B}\n</blockquote>",
        "<pre>One line.\r\n<br>\r\nAnd another.</pre>",
        f"<p>{A}\n<br>\n{B}\n<br>\n<br>\n{C}</p>",
        f"<blockquote><p>{A}</p><p>{B}</p></blockquote><p>He wrote <cite>A Book</cite> there.</p>",
        f"Loose text<p>{A}</p>and more<br><br>{B}<hr>end",
        f"<div><div>{A}</div>{B}<div><p>{C}</p></div></div>",
        "<table><tr><th>Year</th><th>Sum</th></tr><tr><td>1998</td><td>7</td></tr></table>",
        f"<table><tr><td>{A}<p>{B}</p></td><td><img src='/1.gif'></td></tr></table>",
        f"<p><a href='/x'>{A}</a></p><p><a href='/x'>{B}</a></p><p><a href='/x'>{C}</a></p>",
        f'<p class="hidden comments teaser">{A}</p><div id="footer">{B}</div>',
        "<pre>if (a) {\n  b;\n}</pre>",
        f"<dl><dt>Term</dt><dd>{A}</dd></dl><center>{B}</center><p>\u00a0</p>",
    ],
)
def test_blocks_and_trafilatura_give_the_same_paragraphs(html: str) -> None:
    draft = _read(OPENING + make_block(html))
    assert draft.sources["body"] == "trafilatura"
    assert not [flag for flag in draft.flags if flag.startswith("trafilatura")]


def test_paragraphs_dropped_by_trafilatura_are_kept_and_flagged() -> None:
    draft = _read(make_block(f"<p>{A}</p><h2>Twitter</h2><p>{B}</p>"))
    assert draft.body.split("\n\n") == [A, "Twitter", B]
    assert draft.sources["body"] == "blocks"
    assert "trafilatura-lost-paragraph" in draft.flags


@pytest.mark.parametrize(
    "html",
    [
        f"<p>{A}</p><h2>{B}</h2><p>{B}</p>",
        f"<p>{A}</p><p>{B}</p><p>{B}</p><p>{B}</p>",
        f"<p>{A}</p><blockquote>{A}</blockquote><p>{B}</p>",
        f"<p>{A}</p><blockquote>{B}</blockquote><p>{C} {B}</p>",
    ],
)
def test_a_repeated_paragraph_is_not_a_difference(html: str) -> None:
    draft = _read(make_block(html))
    assert draft.body.count(B) == html.count(B)
    assert draft.sources["body"] == "trafilatura"


@pytest.mark.parametrize(
    ("html", "paragraphs", "names"),
    [
        (f"<p>{A}</p><p>{B}</p>", [A, B], []),
        (f"<p>{A}</p>", [A, B], ["lost"]),
        (f"<p>{A}</p><p>{B}</p>", [A], ["added"]),
        (f"<p>{A} {B}</p>", [A, B], ["glued"]),
        (f"<p>{A}</p><p>{B}</p>", [f"{A} {B}"], ["parted"]),
        (f"<p>{B}</p><p>{A}</p>", [A, B], ["moved"]),
        (f"<p>{A}</p><p>{B}</p>", [A, B.replace(" ", "", 1)], ["changed"]),
        (f"<p>{A} {B}</p>", [A, B, C], ["glued", "lost"]),
    ],
)
def test_the_flag_names_the_difference(html: str, paragraphs: list[str], names: list[str]) -> None:
    assert find_differences([_parse(html)], paragraphs) == {f"trafilatura-{name}-paragraph" for name in names}


def test_a_text_with_too_many_elements_is_not_passed_to_trafilatura() -> None:
    draft = _read(make_block("<p>x</p>" * (MAX_TRAFILATURA_ELEMENT_COUNT + 1)))
    assert (draft.sources["body"], draft.body.count("x")) == ("blocks", MAX_TRAFILATURA_ELEMENT_COUNT + 1)
    assert "page-overgrown" in draft.flags


@pytest.mark.parametrize("kind", list(Kind))
def test_blocks_and_trafilatura_agree_on_every_kind_of_page(kind: Kind) -> None:
    count = agreed = 0
    for article in Site(40, kinds=(kind.value,), furniture_period=5).articles[6:]:
        capture = make_capture(article.page_html(), article.url)
        draft = read_page(capture, MOSCOW_TIMES, make_companions(article))
        assert isinstance(draft, Draft)
        count += bool(draft.body)
        agreed += draft.sources.get("body") == "trafilatura"
    assert agreed >= 0.98 * count


def test_the_narrowed_tree_has_no_attributes_and_only_the_blocks_paragraphs() -> None:
    content = _parse(f'<div class="x" id="y"><p lang="en">{A}</p>{B}</div>')
    paragraphs = read_paragraphs([deepcopy(content)])
    tree = narrow([content])
    assert [element.tag for element in tree.iter()] == ["body", "p", "p"]
    assert not any(element.attrib for element in tree.iter())
    assert [element.text for element in tree] == paragraphs == [A, B]


def test_a_blurb_printed_twice_is_not_a_difference() -> None:
    draft = _read(f"<p>{A}</p><p>{B}</p><p>Jane Doe writes.</p><p>Jane Doe writes.</p>")
    assert (draft.body.split("\n\n"), draft.sources["body"]) == ([A, B], "trafilatura")
