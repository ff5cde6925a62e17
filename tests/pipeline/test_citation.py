"""Citations of a record in every style."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.citation import CitationStyle, render_citation
from schemas.article import ArticleRecord
from tests.storage.sample import START, identify, see, write

LATE = datetime(2024, 1, 31, 22, 30, tzinfo=UTC)
"""The next day in Moscow."""


def make_record(**special: Any) -> ArticleRecord:
    identity = identify(85656)
    article = write(identity, see(1, identity.url), "A body.", published_at=LATE, **special)
    return ArticleRecord(**article.model_dump(), first_seen_at=START)


def test_bibtex_names_author_title_day_and_url() -> None:
    record = make_record(headline="Rubles & {Sense}: 100% of_it", authors=("Ann Author", "The Moscow Times"))
    assert render_citation(record, CitationStyle.BIBTEX).splitlines() == [
        "@article{moscow-times-en-85656,",
        "  author = {Ann Author and {The Moscow Times}},",
        r"  title = {{Rubles \& \{Sense\}: 100\% of\_it}},",
        "  journal = {The Moscow Times},",
        "  year = {2024},",
        "  date = {2024-02-01},",
        f"  url = {{{record.url}}},",
        f"  urldate = {{{START:%Y-%m-%d}}},",
        "  langid = {english},",
        "}",
    ]


def test_ris_has_a_line_for_each_author_and_tag() -> None:
    record = make_record(headline="A headline\nER  - broken", tags=("Oil", "Gas"))
    lines = render_citation(record, CitationStyle.RIS).splitlines()
    assert lines[0] == "TY  - NEWS"
    assert lines[-1] == "ER  - "
    assert [line for line in lines if line.startswith("AU")] == ["AU  - Ann Author", "AU  - Bo Writer"]
    assert [line for line in lines if line.startswith("KW")] == ["KW  - Oil", "KW  - Gas"]
    assert "DA  - 2024/02/01/" in lines
    assert "TI  - A headline ER - broken" in lines


def test_csl_is_a_list_with_one_item() -> None:
    record = make_record(authors=(), agencies=("AFP",))
    [item] = json.loads(render_citation(record, CitationStyle.CSL))
    assert (item["type"], item["container-title"]) == ("article-newspaper", "The Moscow Times")
    assert item["author"] == [{"literal": "AFP"}]
    assert item["issued"] == {"date-parts": [[2024, 2, 1]]}
    assert item["URL"] == record.url


@pytest.mark.parametrize("style", CitationStyle)
def test_what_is_unknown_is_left_out(style: CitationStyle) -> None:
    bare = make_record(headline=None, authors=(), agencies=(), section=None, tags=(), language=None)
    text = render_citation(bare.model_copy(update={"url": None, "published_at": None}), style)
    assert "None" not in text
    assert "null" not in text


def test_an_unknown_publishers_article_is_cited_with_the_day_at_its_pages_offset() -> None:
    record = make_record(site="generic", published_offset="+05:30")
    assert "DA  - 2024/02/01/" in render_citation(record, CitationStyle.RIS).splitlines()
    record = make_record(site="generic")
    assert "DA  - 2024/01/31/" in render_citation(record, CitationStyle.RIS).splitlines()
