"""`broadsheet search`, as users and scripts run it, and `broadsheet migrate`."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive import open_archive
from schemas.settings import Settings
from storage.engine import WRITES
from storage.ledger.outcome import store_outcomes
from storage.schema import migration
from tests.storage.sample import at, identify, read

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]

BODY = "The talks on [peace] go on.\n\nRussia’s sanctions were named by Vladimir Putin."


@pytest.fixture
def archive(data_dir: Path) -> Path:
    """Create an archive of three articles, the third with the second one's text."""
    outcomes = [
        read(1, 1, BODY, headline="Peace Talks", section="Ukraine War", published_at=datetime(2026, 10, 1, tzinfo=UTC)),
        read(2, 2, "Sanctions alone.", headline="Banks", published_at=datetime(2026, 10, 2, tzinfo=UTC)),
        read(3, 3, "Sanctions alone.", headline="Banks", published_at=datetime(2026, 10, 3, tzinfo=UTC)),
    ]
    with open_archive(Settings(data_dir=data_dir), writable=True) as opened, opened.database.begin() as session:
        store_outcomes(session, outcomes, run_id=None, now=at(1))
    return data_dir


def find(broadsheet: Broadsheet, *arguments: str) -> list[dict[str, Any]]:
    ended = broadsheet("search", *arguments, "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    found: list[dict[str, Any]] = json.loads(ended.stdout)
    return found


@pytest.mark.usefixtures("archive")
def test_json_hits_have_the_positions_of_matches(broadsheet: Broadsheet) -> None:
    (hit,) = find(broadsheet, 'peace "vladimir putin" sanction')
    assert hit == {
        "id": identify(1).key,
        "url": identify(1).url,
        "kind": "article",
        "headline": "Peace Talks",
        "headline_marks": [[0, 5]],
        "subtitle": None,
        "subtitle_marks": [],
        "authors": ["Ann Author", "Bo Writer"],
        "section": "Ukraine War",
        "published_at": "2026-10-01T00:00:00Z",
        "published_on": "2026-10-01",
        "duplicate_of": None,
        "found_in": None,
        "snippet": BODY.replace("\n", " "),
        "snippet_marks": [[14, 19], [38, 47], [62, 76]],
    }


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        (["sanctions"], [2, 1]),
        (["sanctions", "--include-duplicates"], [3, 2, 1]),
        (["sanctions", "--limit", "1"], [2]),
        (["sanctions", "-peace"], [2]),
        (["-peace sanctions"], [2]),
        (["sanctions", "-the"], [2]),
        (["sanctions", "--to", "2026-10-01"], [1]),
        (["sanctions", "--from", "2026-10-02", "--to", "2026-10-02"], [2]),
        (["sanctions", "--section", "ukraine war"], [1]),
        (["--author", "Ann Author", "sanctions -peace"], [2]),
        (["", "--author", "writer"], [2, 1]),
        (["nothing"], []),
    ],
)
def test_options_and_words_narrow_a_search(broadsheet: Broadsheet, arguments: list[str], numbers: list[int]) -> None:
    assert [hit["id"] for hit in find(broadsheet, *arguments)] == [identify(number).key for number in numbers]


@pytest.mark.usefixtures("archive")
def test_a_search_on_a_terminal_shows_headlines_facts_and_snippets(broadsheet: Broadsheet) -> None:
    shown = broadsheet("search", "peace", COLUMNS="100").stdout
    facts = f"{identify(1).key} · 2026-10-01 · Ukraine War · Ann Author, Bo Writer"
    assert shown.splitlines()[:2] == ["Peace Talks", facts]
    assert "talks on [peace] go" in shown
    coloured = broadsheet("search", "peace", COLUMNS="100", FORCE_COLOR="1", TERM="xterm").stdout
    assert "\x1b[1;31mpeace\x1b[0m" in coloured
    assert shown.endswith("\n1 found\n")
    first = broadsheet("search", "sanctions", "--limit", "1", "--sort", "oldest").stdout
    assert first.startswith("Peace Talks\n")
    assert first.endswith("\n1 to 1 of 2; --offset 1 shows more\n")
    assert broadsheet("search", "sanctions", "--offset", "9").stdout == "none from 10 on, of 2\n"
    assert broadsheet("search", "nothing").stdout == "nothing found\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([""], "no word to look for"),
        (["-war"], "only says what is not wanted"),
        (["?", "--author", "!"], "the author has no word"),
        (["war", "--from", "2024-02-01", "--to", "2024-01-01"], "is after"),
        (["war", "--limit", "0"], "--limit"),
        (["war", "--limt", "5"], "No such option: --limt"),
        ([], "Missing argument"),
    ],
)
def test_an_invalid_search_is_one_line_and_status_2(
    broadsheet: Broadsheet, archive: Path, arguments: list[str], says: str
) -> None:
    assert archive.exists()
    ended = broadsheet("search", *arguments)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert says in ended.stderr


def test_an_older_database_is_searchable_after_migration(broadsheet: Broadsheet, archive: Path) -> None:
    with open_archive(Settings(data_dir=archive), writable=True) as opened:
        engine = opened.database.engine.execution_options(**{WRITES: True})
        with engine.begin() as connection:
            migration.downgrade(connection, "0001")
    refused = broadsheet("search", "peace")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "broadsheet migrate" in refused.stderr
    assert (broadsheet("migrate").stderr, broadsheet("migrate").returncode) == ("migrated\n", 0)
    assert broadsheet("migrate").stderr == "nothing to do: the database is up to date\n"
    assert [hit["id"] for hit in find(broadsheet, "peace")] == [identify(1).key]


def test_nothing_is_migrated_if_nothing_is_stored(broadsheet: Broadsheet, data_dir: Path) -> None:
    ended = broadsheet("migrate")
    assert (ended.returncode, ended.stderr.count("\n"), data_dir.exists()) == (2, 1, False)


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--section", "Ukrane", "no article has the section 'Ukrane'; did you mean Ukraine War?"),
        ("--author", "Autor", "no article has the author 'Autor'; did you mean Ann Author?"),
        ("--language", "eng", "no article has the language 'eng'; did you mean en?"),
        ("--site", "moscow", "no article has the site 'moscow'; did you mean moscow-times?"),
        ("--kind", "gallery", "no article has the kind 'gallery'; there is article"),
        ("--author", "ann author", None),
        ("--section", "war", None),
    ],
)
def test_a_filter_that_no_article_passes_is_answered_with_the_nearest_values(
    broadsheet: Broadsheet, option: str, value: str, says: str | None
) -> None:
    ended = broadsheet("search", "zebra", option, value)
    assert (ended.returncode, ended.stdout) == (0, "nothing found\n")
    assert ended.stderr == (f"broadsheet: {says}\n" if says else "")
