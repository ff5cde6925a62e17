"""`broadsheet compliance`, on runs whose requests were written by hand."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.archive import open_archive
from schemas.settings import Settings
from spiders.warc import Exchange, WarcWriter
from storage.runs.run import open_run

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]

HOST = "https://www.themoscowtimes.com"
BEGIN = datetime(2026, 6, 3, 12, tzinfo=UTC)
AGENT = "broadsheet/1 (+ops@example.org)"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
ROBOTS = b"User-agent: *\nDisallow: /secret\nLicense: https://example.org/licence.xml\nContent-Signal: ai-train=no\n"


def write_run(data_dir: Path, begin: datetime, *requests: tuple[float, str, bytes]) -> str:
    """Write a run's WARC file with these requests (seconds, path, body); return the run's id."""
    settings = Settings(data_dir=data_dir)
    with open_archive(settings, writable=True) as archive, archive.database.begin() as session:
        run_id = open_run(session, kind="ingest", site="moscow-times", started_at=begin)
    with WarcWriter(
        settings.warc_dir,
        site="moscow-times",
        run_id=run_id,
        user_agent=AGENT,
        contact="ops@example.org",
        delay_seconds=2.0,
        concurrency=1,
    ) as writer:
        for seconds, path, body in requests:
            head = f"GET {path} HTTP/1.1\r\nHost: www.themoscowtimes.com\r\nUser-Agent: {AGENT}\r\n\r\n".encode()
            at = begin + timedelta(seconds=seconds)
            writer.write_exchange(Exchange(f"{HOST}{path}", at, head, OK, body))
    return run_id


@pytest.fixture
def runs(data_dir: Path) -> tuple[str, str]:
    """Return the ids of a run that kept to the rules, and of a later one that did not."""
    good = write_run(data_dir, BEGIN, (0, "/robots.txt", ROBOTS), (2, "/a", b"a"), (5, "/b", b"b"))
    requests = ((0, "/robots.txt", ROBOTS), (0.5, "/a", b"a"), (3, "/secret", b"b"))
    return good, write_run(data_dir, BEGIN + timedelta(hours=1), *requests)


def test_the_last_run_is_shown_and_its_broken_rules_end_with_one(broadsheet: Broadsheet, runs: tuple[str, str]) -> None:
    ended = broadsheet("compliance")
    assert (ended.returncode, ended.stderr) == (1, "")
    said = " ".join(ended.stdout.split())
    assert f"ingest moscow-times {runs[1]}" in said
    assert "broken: https://www.themoscowtimes.com/a (13:00:00 UTC) was requested 0.50 s after" in said
    assert "/secret (13:00:03 UTC) was requested, and robots.txt forbids it" in said
    assert "no rule was broken" not in said


def test_a_run_that_kept_to_the_rules_is_named_by_the_end_of_its_id(
    broadsheet: Broadsheet, runs: tuple[str, str]
) -> None:
    ended = broadsheet("compliance", runs[0][-6:])
    assert (ended.returncode, ended.stderr) == (0, "")
    said = " ".join(ended.stdout.split())
    for part in (
        f"user agent {AGENT}",
        "contact ops@example.org",
        "requests 3, 2026-06-03 12:00:00 to 12:00:05 UTC",
        "rule 2 s by the setting, no Crawl-delay",
        "pauses at least 2.00 s, median 2.50 s",
        "tdmrep.json not requested",
        "licence https://example.org/licence.xml",
        "signals ai-train=no",
        "no rule was broken",
    ):
        assert part in said


def test_json_is_one_document(broadsheet: Broadsheet, runs: tuple[str, str]) -> None:
    ended = broadsheet("compliance", runs[0], "--json")
    [host] = json.loads(ended.stdout)["hosts"]
    assert (host["request_count"], host["breaches"], host["smallest_pause_seconds"]) == (3, [], 2.0)


def test_without_a_crawl_or_with_an_unknown_id_one_line_says_so(broadsheet: Broadsheet, data_dir: Path) -> None:
    with open_archive(Settings(data_dir=data_dir), writable=True):
        pass
    for arguments, why in (
        ((), "none of the last 100 runs has fetched anything"),
        (("nobody",), "no run has the id nobody"),
    ):
        ended = broadsheet("compliance", *arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert why in ended.stderr
        assert ended.stderr.count("\n") == 1
