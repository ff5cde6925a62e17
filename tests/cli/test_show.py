"""`broadsheet show` for a record with revisions."""

import json
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.show import Citation, parse_revision_range
from pipeline.archive import open_archive
from schemas.outcome import Outcome
from schemas.settings import Settings
from storage.ledger.outcome import store_outcomes
from tests.storage.sample import at, identify, miss, read

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]

ID = identify(1).key
KEPT = "\n\n".join(f"Paragraph {number} stays as it is." for number in range(5))
FIRST = f"Some 12 people were [hurt] on Monday, the ministry said.\n\n{KEPT}\n\nThis goes."
SECOND = f"Some 21 people were [hurt] on Monday, the ministry said.\n\n{KEPT}"


@pytest.fixture
def changed(data_dir: Path) -> str:
    """Create an archive of an article that changed twice, and one that did not."""
    outcomes: list[Outcome] = [
        read(1, 1, FIRST, headline="A Headline"),
        read(2, 1, SECOND, hours=1, headline="A Headline"),
        read(3, 1, SECOND, hours=2, headline="Another Headline"),
        read(4, 2, "Never changed."),
        miss(5, 1, hours=3),
        miss(6, 1, hours=30),
    ]
    with open_archive(Settings(data_dir=data_dir), writable=True) as archive, archive.database.begin() as session:
        store_outcomes(session, outcomes, run_id=None, now=at(0) + timedelta(hours=40))
    return ID


def show_json(broadsheet: Broadsheet, *arguments: str) -> Any:
    ended = broadsheet("show", *arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_a_part_of_an_id_is_enough_if_it_is_unambiguous(broadsheet: Broadsheet, changed: str) -> None:
    assert show_json(broadsheet, "A1")["id"] == changed


@pytest.mark.usefixtures("changed")
def test_show_prints_the_text_first_and_no_value_is_cut(broadsheet: Broadsheet) -> None:
    shown = broadsheet("show", identify(2).key, COLUMNS="80").stdout.splitlines()
    assert shown[0] == "A headline"
    assert shown[1] == "By Ann Author, Bo Writer (AFP) · 1 October 2026, 12:00 MSK (09:00 UTC) · news"
    text_line = shown.index("Never changed.")
    assert all(len(line) <= 80 for line in shown[: text_line + 1])
    assert f"{'url':<16}{identify(2).url}" in shown[text_line:]
    assert f"{'authors':<16}Ann Author  (byline)" in shown
    assert f"{'':<16}Bo Writer" in shown


@pytest.mark.parametrize("style", Citation)
def test_a_citation_is_printed_in_every_style(broadsheet: Broadsheet, changed: str, style: Citation) -> None:
    cited = broadsheet("show", changed, "--cite", style)
    assert (cited.returncode, cited.stderr) == (0, "")
    assert "Another Headline" in cited.stdout
    refused = broadsheet("show", changed, "--cite", style, "--json")
    assert refused.returncode == 2


def test_show_lists_the_revisions_of_a_changed_record(broadsheet: Broadsheet, changed: str) -> None:
    found = show_json(broadsheet, changed)
    names = [(one["number"], one["revision_class"]) for one in found["revisions"]]
    assert names == [(1, None), (2, "substantive"), (3, "headline"), (4, "removed")]
    assert [one["capture"]["offset"] for one in found["revisions"]] == [1, 2, 3, 3]
    assert found["revisions"][3]["removed_capture"]["offset"] == 6
    assert (found["headline"], found["revision"], found["flags"]) == ("Another Headline", 4, ["removed"])
    shown = broadsheet("show", changed, COLUMNS="200").stdout
    assert "substantive" in shown
    assert "revisions" not in broadsheet("show", identify(2).key, COLUMNS="200").stdout
    assert len(show_json(broadsheet, identify(2).key)["revisions"]) == 1


def test_a_difference_marks_words_and_collapses_unchanged_paragraphs(broadsheet: Broadsheet, changed: str) -> None:
    shown = broadsheet("show", changed, "--diff", "1..2", COLUMNS="60").stdout
    assert "Some [-12-] {+21+} people were [hurt] on Monday, the ministry said." in shown
    assert "… 5 paragraphs unchanged" in shown
    assert "[-This goes.-]" in shown
    assert "Paragraph 3" not in shown
    headline = broadsheet("show", "--diff", changed, "3").stdout
    assert "headline: [-A Headline-] {+Another Headline+}" in headline
    assert "the page is gone: a.warc.gz at 6" in broadsheet("show", changed, "--diff").stdout


def test_a_json_difference_has_fields_paragraphs_and_both_captures(broadsheet: Broadsheet, changed: str) -> None:
    found = show_json(broadsheet, changed, "--diff", "1..3")
    assert found["fields"] == {"headline": {"from": "A Headline", "to": "Another Headline"}}
    assert [one["op"] for one in found["paragraphs"]] == ["changed", *["same"] * 5, "removed"]
    assert found["paragraphs"][0]["from"].startswith("Some 12")
    assert found["paragraphs"][0]["words"][1:3] == [{"op": "removed", "text": "12"}, {"op": "added", "text": "21"}]
    assert (found["from"]["capture"]["offset"], found["to"]["capture"]["offset"]) == (1, 3)
    assert found["to"]["revision_class"] == "headline"


@pytest.mark.parametrize(
    "arguments",
    [
        [ID, "--diff", "1..9"],
        [ID, "--diff", "1"],
        [ID, "--diff", "0..1"],
        [ID, "--diff", ".."],
        [ID, "--diff", "a..b"],
        [ID, "--diff", "99999999999..1"],
        [ID, "1..2"],
        [ID, "--diff", "1..1"],
        [identify(2).key, "--diff", "1..1"],
    ],
    ids=" ".join,
)
def test_invalid_revision_numbers_are_one_line_and_status_2(
    broadsheet: Broadsheet, changed: str, arguments: list[str]
) -> None:
    assert changed
    ended = broadsheet("show", *arguments)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)


def test_a_record_that_never_changed_says_so_in_one_line(broadsheet: Broadsheet, changed: str) -> None:
    assert changed
    unchanged = identify(2).key
    ended = broadsheet("show", unchanged, "--diff")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{unchanged} has never changed\n", "")
    found = show_json(broadsheet, unchanged, "--diff")
    assert (found["from"], found["fields"]) == (found["to"], {})
    assert {one["op"] for one in found["paragraphs"]} == {"same"}


def test_a_difference_backwards_says_so(broadsheet: Broadsheet, changed: str) -> None:
    shown = broadsheet("show", changed, "--diff", "2..1", COLUMNS="60").stdout
    assert shown.startswith(f"{ID} · backwards, revision 2 to 1\n")
    assert "Some [-21-] {+12+} people" in shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", (None, None)), ("1..2", (1, 2)), ("2..", (2, None)), ("..2", (None, 2)), ("2", (None, 2))],
)
def test_either_revision_number_may_be_omitted(text: str, expected: tuple[int | None, int | None]) -> None:
    assert parse_revision_range(text) == expected


@pytest.mark.parametrize(
    ("environment", "marks_words"),
    [({"FORCE_COLOR": "1"}, False), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True), ({}, True)],
    ids=["a terminal", "a terminal without colours", "a pipe"],
)
def test_a_difference_is_coloured_and_wrapped_on_a_terminal_alone(
    broadsheet: Broadsheet,
    changed: str,
    environment: dict[str, str],
    marks_words: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    shown = broadsheet("show", changed, "--diff", "1..2", COLUMNS="40", TERM="xterm-256color", **environment).stdout
    assert ("[-12-] {+21+}" in shown) is marks_words
    assert ("\x1b[32m" in shown) is not marks_words
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert (max(map(len, plain.splitlines())) <= 40) is bool(environment)
