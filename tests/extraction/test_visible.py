"""Hidden parts of a page are not text; visible ones are."""

import pytest

import sites
from extraction.page import read_page
from schemas.article import Draft
from tests.extraction.pages import URL, make_block, make_capture, make_page

FIRST = "The first paragraph of the text has a sentence."
LAST = "The last paragraph of the text has one, too."


def _read(inner: str) -> tuple[str, str | None]:
    page = make_page(make_block(f"<p>{FIRST}</p>{inner}<p>{LAST}</p>"))
    draft = read_page(make_capture(page), sites.find_site(URL))
    assert isinstance(draft, Draft)
    return draft.body, draft.sources.get("body")


@pytest.mark.parametrize(
    "attribute",
    ["hidden", 'hidden=""', 'style="display:none"', 'style="color: red; DISPLAY : None"', 'aria-hidden="true"'],
)
@pytest.mark.parametrize("tag", ["p", "div", "blockquote"])
def test_a_hidden_paragraph_is_not_text(tag: str, attribute: str) -> None:
    body, source = _read(f"<{tag} {attribute}>Nobody is to read this sentence.</{tag}>")
    assert (body, source) == (f"{FIRST}\n\n{LAST}", "trafilatura")


@pytest.mark.parametrize("hidden", ["<p hidden>Nobody is to read this sentence of it.</p>", "<s>crossed out</s>"])
def test_hidden_elements_are_not_text_without_a_content_element(hidden: str) -> None:
    text = "".join(f"<p>{FIRST} It is the one with number {number}.</p>" for number in range(12))
    page = f"<html><body><h1>A Headline</h1><main>{text}{hidden}<p>{LAST}</p></main></body></html>"
    draft = read_page(make_capture(page), sites.find_site(URL))
    assert isinstance(draft, Draft)
    assert LAST in draft.body
    assert not {"Nobody", "crossed"} & {*draft.body.replace("\n", " ").split()}


@pytest.mark.parametrize("attribute", ['hidden="until-found"', 'style="display:block"', 'aria-hidden="false"'])
def test_a_paragraph_that_is_not_hidden_is_text(attribute: str) -> None:
    assert "Everybody" in _read(f"<p {attribute}>Everybody is to read this sentence.</p>")[0]


def test_text_shown_by_a_script_is_text() -> None:
    inner = f'<div style="display:none">{"<p>This paragraph is shown by a script.</p>" * 3}</div>'
    assert "shown by a script" in _read(inner)[0]


@pytest.mark.parametrize(
    ("inner", "line"),
    [
        ("It was <q>never open</q> he said.", "It was “never open” he said."),
        ("It was <q>never <b>open</b></q>, he said.", "It was “never open”, he said."),
        ("He said: <q>It is <q>open</q> now</q>.", "He said: “It is ‘open’ now”."),
        ("It was <q>“never open”</q> he said.", "It was “never open” he said."),
        ("It has <s>five</s> <ins>six</ins> rooms.", "It has six rooms."),
        ("It has <del>five</del> six <strike>small</strike> rooms.", "It has six rooms."),
        ("It has <span hidden>no</span> rooms.", "It has rooms."),
    ],
)
def test_a_line_reads_as_it_is_seen(inner: str, line: str) -> None:
    assert _read(f"<p>{inner}</p>") == (f"{FIRST}\n\n{line}\n\n{LAST}", "trafilatura")
