"""No regular expression of ours takes more than linear time for what a stranger may send."""

import re
from datetime import UTC, datetime

import pytest

from sites.feed import read_xml_source
from sites.source_page import SourceUnreadable
from tests.pumping import Named, find_patterns, measure


def test_no_pattern_takes_more_than_linear_time() -> None:
    assert [found for named in find_patterns() if (found := measure(named))] == []


def test_all_patterns_of_the_modules_are_found() -> None:
    names = {named.name.partition(":")[0].partition(".")[0] for named in find_patterns()}
    assert {"boilerplate", "sites", "extraction", "storage", "pipeline"} <= names


@pytest.mark.parametrize(
    "pattern", [r"(?:a+)+$", r"(?:\s|<!--.*?-->)*<x", r"\s*=", r"(?:a|a)*b", r"^\s*\s*x", r"(\w+\s?)*!"]
)
def test_the_fuzzer_finds_patterns_that_blow_up(pattern: str) -> None:
    assert measure(Named("bad", re.compile(pattern, re.DOTALL), frozenset()))


@pytest.mark.parametrize("pattern", [r"a+$", r"(?>a+)b", r"(?<!\s)\s*+=", r"[a-z]{1,9}\d"])
def test_the_fuzzer_lets_linear_patterns_pass(pattern: str) -> None:
    assert measure(Named("good", re.compile(pattern), frozenset({"match"}))) is None


@pytest.mark.parametrize("piece", ["<!-- -->", "<!---->\n", "<?x?>", "<!-- a --> b -->"])
def test_comments_before_the_root_are_read_at_once(piece: str) -> None:
    feed = piece * 5000 + '<rss version="2.0"><channel><title>x</title></channel></rss>'
    try:
        assert read_xml_source(feed.encode(), "https://x.example/feed", "", datetime.now(UTC)).sightings == ()
    except SourceUnreadable as error:
        assert "HTML" not in str(error)  # noqa: PT017 - either is an answer
