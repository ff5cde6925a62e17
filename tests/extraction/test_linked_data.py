"""JSON-LD in the forms that publishers use."""

import json
from typing import Any

import pytest

from extraction.linked_data import MAX_CHARS, list_nodes, read_article_node, read_text, read_texts, read_types

URL = "https://www.example.org/a"
ARTICLE = {"@type": "NewsArticle", "headline": "A", "author": {"name": "Jane Doe"}}


def _read(*values: Any) -> dict[str, Any]:
    return read_article_node(list(list_nodes([json.dumps(value) for value in values])), frozenset({URL}))


@pytest.mark.parametrize(
    "value",
    [
        ARTICLE,
        [ARTICLE],
        [{"@type": "WebSite"}, ARTICLE],
        {"@graph": [{"@type": "WebPage"}, ARTICLE]},
        {"@type": "WebPage", "mainEntity": ARTICLE},
        {"@type": "Thing", "mainEntityOfPage": ARTICLE},
        ARTICLE | {"@type": ["Thing", "Article"]},
        ARTICLE | {"@type": "https://schema.org/NewsArticle"},
        ARTICLE | {"@type": "schema:BlogPosting"},
    ],
)
def test_the_article_is_found_in_every_form(value: Any) -> None:
    assert _read(value)["headline"] == "A"


@pytest.mark.parametrize("key", ["url", "@id", "mainEntityOfPage"])
@pytest.mark.parametrize("address", [URL, f"{URL}/", f"{URL}?x=1", f"{URL}#article"])
def test_the_pages_own_article_is_chosen_from_several(key: str, address: str) -> None:
    other = {"@type": "NewsArticle", "headline": "Another", "url": "https://www.example.org/b"}
    assert _read([other, ARTICLE | {key: address}])["headline"] == "A"


def test_a_reference_is_resolved_to_its_node() -> None:
    graph = [
        ARTICLE | {"author": [{"@id": "#1"}, {"@id": "#2"}]},
        {"@id": "#1", "@type": "Person", "name": "Jane Doe"},
        {"@id": "#2", "@type": "Person", "name": "John Roe"},
    ]
    assert read_texts(_read({"@graph": graph})["author"]) == ["Jane Doe", "John Roe"]


def test_an_unresolved_reference_has_no_name() -> None:
    assert read_texts(_read(ARTICLE | {"author": {"@id": "#9"}})["author"]) == []


def test_two_scripts_on_one_article_complete_each_other() -> None:
    found = _read(ARTICLE, {"@type": "Article", "headline": "A", "datePublished": "2024-03-05", "author": "Else"})
    assert (found["datePublished"], read_text(found["author"])) == ("2024-03-05", "Jane Doe")


def test_another_articles_data_is_not_merged() -> None:
    assert "datePublished" not in _read(ARTICLE, {"@type": "Article", "headline": "B", "datePublished": "2024-03-05"})


def test_the_web_pages_date_is_used_if_the_article_has_none() -> None:
    found = _read({"@graph": [{"@type": "WebPage", "datePublished": "2024-03-05", "name": "Not this"}, ARTICLE]})
    assert found["datePublished"] == "2024-03-05"
    assert read_text(found["headline"]) == "A"


@pytest.mark.parametrize(
    "script",
    [
        '{"@type": "NewsArticle", "headline": "A",}',
        '{"@type": "NewsArticle", "headline": "A", "x": [1, 2, ],};',
        '<!-- {"@type": "NewsArticle", "headline": "A"} -->',
        '//<![CDATA[\n{"@type": "NewsArticle", "headline": "A"}\n//]]>',
        '{"@type": "NewsArticle", "headline": "A", "x": "a\nb"}',
    ],
)
def test_small_syntax_errors_are_repaired(script: str) -> None:
    assert read_article_node(list(list_nodes([script])))["headline"] == "A"


@pytest.mark.parametrize(
    "script",
    ["", "{", '{"@type": "NewsArticle"', "[" * 100_000, json.dumps(ARTICLE | {"x": "y" * MAX_CHARS}), '"NewsArticle"'],
    ids=["empty", "open", "cut", "deep", "large", "text"],
)
def test_unreadable_scripts_are_skipped(script: str) -> None:
    assert read_article_node(list(list_nodes([script, json.dumps(ARTICLE)])))["headline"] == "A"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("It&amp;#8217;s", "It’s"),
        ("<em>War</em> and peace", "War and peace"),
        ("a < b", "a < b"),
        (["", "First", "Second"], "First"),
        ({"name": "Named"}, "Named"),
        ({"@value": "Valued", "@language": "en"}, "Valued"),
        (5, None),
        ("  ", None),
    ],
)
def test_a_value_is_one_line_of_text(value: Any, text: str | None) -> None:
    assert read_text(value) == text


@pytest.mark.parametrize(
    "value",
    [
        ["Jane Doe", "John Roe"],
        [{"name": "Jane Doe"}, "John Roe"],
        {"@type": "Person", "name": ["Jane Doe", "John Roe"]},
        [{"name": "Jane Doe"}, {"name": "John Roe"}, {"name": "Jane Doe"}],
    ],
)
def test_author_names_are_found_in_every_form(value: Any) -> None:
    assert read_texts(value) == ["Jane Doe", "John Roe"]


def test_types_are_read_without_their_vocabulary() -> None:
    assert read_types({"@type": ["http://schema.org/Article", None, "x:y"]}) == {"Article", "y"}
