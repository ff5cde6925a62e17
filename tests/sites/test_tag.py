"""Tags with too many attributes are rejected before parsing."""

import pytest

from extraction.tree import parse_fragment, parse_page
from schemas.article import Unreadable
from sites.tag import MAX_ATTRIBUTE_COUNT, has_overgrown_tag

MANY = MAX_ATTRIBUTE_COUNT + 1


def join(form: str, count: int = MANY) -> str:
    return "".join(form.replace("N", str(number)) for number in range(count))


@pytest.mark.parametrize(
    "form",
    [" aN=1", " aN", "/aN", ' aN="1"', ' aN=">"', " aN='>'", " aN=\"1\"bN=''", ' a" bN=1', " aN = 1\t", "\naN=<"],
)
def test_a_tag_with_too_many_attributes_is_found_in_any_syntax(form: str) -> None:
    for page in (
        f"<p{join(form)}>text</p>",
        f"<!-- <p title='<!-- --><P{join(form)}",
        f"<script x{join(form)}></script>",
    ):
        assert has_overgrown_tag(page.encode())


@pytest.mark.parametrize(
    "page",
    [
        f"<p{join(' aN', MAX_ATTRIBUTE_COUNT)}>",
        f"<p title='{join(' aN=1')}'>",
        f"<!--<p{join(' aN')}-->",
        f"<script>if (a<b) {{ {join(' aN')} }}</SCRIPT><p>",
        f"1 < 2 {join(' aN')}",
        "<p a=1>" * MANY,
    ],
)
def test_a_page_without_an_overgrown_tag_passes(page: str) -> None:
    assert not has_overgrown_tag(page.encode())


@pytest.mark.parametrize("beginning", ["<a b='", "<!--", "<script>", "<a ", "<a b", "<a b=\"<a b='", "<"])
def test_eight_megabytes_of_unclosed_tags_take_linear_time(beginning: str) -> None:
    # A search that backtracks would not end within the test's time limit.
    has_overgrown_tag((beginning * (8_000_000 // len(beginning))).encode())


def test_an_overgrown_page_is_unreadable_and_an_overgrown_post_is_empty() -> None:
    page = f"<html><body><p{join(' aN=1', 40_000)}>text</p></body></html>"
    found = parse_page(page.encode())
    assert isinstance(found, Unreadable)
    assert found.reason == "overgrown"
    assert "attributes" in (found.detail or "")
    assert len(parse_fragment(page)) == 0
