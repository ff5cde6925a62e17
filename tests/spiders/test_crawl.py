"""A crawl as its flow sees it: a process with a job, a log, a lock and an exit status."""

import fcntl
import json
import signal
import subprocess
import sys
import zlib
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from warcio.checker import Checker

from schemas.capture import Validators
from schemas.url import Source, SourceKind
from spiders.host_backoff import HostBackoffs
from storage.warc.capture import iterate_captures
from tests.spiders.child import make_crawl, read_records
from tests.spiders.server import (
    BROKEN_ROBOTS,
    DEADLINE_SECONDS,
    ETAG,
    MODIFIED,
    PATIENT_ROBOTS,
    RESTING_ROBOTS,
    STATIC,
    WWW,
    Asked,
    Publisher,
)

MANY = tuple(f"{WWW}/page/{number}" for number in range(100_000))
"""More than any of these crawls fetches."""

TOLERANCE_SECONDS = 0.1
"""The server sees when a request arrives, not when it was sent; the first to a host connects in between."""

FEW = tuple(f"{WWW}/page/{number}" for number in range(4))


def gaps(asked: list[Asked]) -> list[float]:
    return [after.at - before.at for before, after in pairwise(asked)]


def test_sources_are_followed_only_to_due_months(tmp_path: Path, publisher: Publisher) -> None:
    named = [
        (f"{WWW}/rss/news", SourceKind.FEED),
        (f"{WWW}/rss/opinion", SourceKind.FEED),
        (f"{STATIC}/sitemap/sitemap.xml", SourceKind.SITEMAP),
        (f"{WWW}/news", SourceKind.LISTING),
    ]
    sources = tuple(Source(url=url, kind=kind) for url, kind in named)
    span = {"since": date(2024, 6, 3), "until": date(2024, 6, 20)}
    crawl = make_crawl(tmp_path, sources=sources, urls=FEW[:1], origins=publisher.origins, **span)
    assert crawl.run().returncode == 0
    lines = {url: (line.result.value, line.status) for url, line in crawl.read_lines().items()}
    assert lines == dict.fromkeys([url for url, _ in named] + [FEW[0]], ("captured", 200)) | {
        f"{STATIC}/sitemap/2024-6.xml": ("captured", 200),
        "https://example.org/sitemap/2024-6.xml": ("refused", None),
    }


def test_a_listing_is_not_followed_because_only_the_ledger_knows_how_far(tmp_path: Path, publisher: Publisher) -> None:
    sources = (Source(url=f"{WWW}/news", kind=SourceKind.LISTING),)
    crawl = make_crawl(tmp_path, origins=publisher.origins, sources=sources)
    assert crawl.run().returncode == 0
    assert list(crawl.read_lines()) == [f"{WWW}/news"]


def test_requests_waiting_for_robots_txt_obey_it_too(tmp_path: Path, publisher: Publisher) -> None:
    forbidden = tuple(f"{WWW}/preview/{number}" for number in range(20))
    unreachable = tuple(f"{BROKEN_ROBOTS}/page/{number}" for number in range(20))
    crawl = make_crawl(tmp_path, urls=forbidden + unreachable, origins=publisher.origins, retry_count=0)
    assert crawl.run().returncode == 0
    assert {one.path for one in publisher.asked} == {"/robots.txt"}
    results = {url: line.result.value for url, line in crawl.read_lines().items()}
    assert results == dict.fromkeys(forbidden, "forbidden") | dict.fromkeys(unreachable, "robots-unreachable")


@pytest.mark.parametrize("validators", [Validators(etag=ETAG), Validators(last_modified=MODIFIED)])
def test_an_unchanged_page_is_not_sent_again(tmp_path: Path, publisher: Publisher, validators: Validators) -> None:
    page, other = f"{WWW}/tagged", f"{WWW}/page/1"
    stale = Validators(etag='"another"')
    given = {page: validators, other: stale, f"{WWW}/to-tagged": validators}
    crawl = make_crawl(tmp_path, origins=publisher.origins, urls=tuple(given), validators=given)
    assert crawl.run().returncode == 0
    assert {url: line.status for url, line in crawl.read_lines().items()} == {
        page: 304,
        other: 200,
        # A URL's validators do not apply to the URL that it redirects to.
        f"{WWW}/to-tagged": 200,
    }
    # Whichever was requested first: the page itself, or the URL that redirects to it.
    redirected, record = sorted(crawl.read_responses(page), key=lambda response: response.status or 0)
    assert (record.status, record.body, redirected.status) == (304, b"", 200)


def test_no_more_requests_are_made_than_the_job_allows(tmp_path: Path, publisher: Publisher) -> None:
    crawl = make_crawl(tmp_path, urls=MANY, origins=publisher.origins, max_requests=20)
    assert crawl.run().returncode == 0
    assert len(publisher.asked_for(WWW)) == 20
    # Two are for robots.txt and tdmrep.json; URLs that were not requested have no line, and stay due for the next.
    assert {line.result.value for line in crawl.read_log()} == {"captured"}
    assert len(crawl.read_log()) == 18


def test_a_process_after_a_killed_one_makes_only_the_remaining_requests(tmp_path: Path, publisher: Publisher) -> None:
    crawl = make_crawl(tmp_path, urls=MANY, origins=publisher.origins, max_requests=20, delay_seconds=0.05)
    with crawl.start() as child:
        publisher.wait_until_asked(8)
        child.kill()
    assert crawl.run().returncode == 0
    # A counted request may not have been sent before the kill.
    assert 19 <= len(publisher.asked) <= 20


def test_failing_sources_use_half_of_the_requests_and_come_last_next_time(tmp_path: Path, publisher: Publisher) -> None:
    failing = [f"{WWW}/{name}" for name in ("broken", "reset", "cut", "garbage")]
    sources = tuple(Source(url=url, kind=SourceKind.FEED) for url in (*failing, f"{WWW}/rss/news"))
    fields = {"sources": sources, "urls": MANY, "origins": publisher.origins, "max_requests": 9, "concurrency": 1}
    crawl = make_crawl(tmp_path, **fields)
    assert crawl.run().returncode == 0
    asked = Counter(one.path.startswith("/page/") for one in publisher.asked)
    assert asked == {False: 2 + 4, True: 3}
    assert crawl.read_lines()[f"{WWW}/rss/news"].result.value == "spent"
    # Another run, with its own spool folder and the same data folder.
    again = make_crawl(tmp_path, **fields, log_path=tmp_path / "again" / "crawl.jsonl")
    assert again.run().returncode == 0
    assert again.read_lines()[f"{WWW}/rss/news"].status == 200


def test_requests_to_a_host_are_separated_by_the_delay(tmp_path: Path, publisher: Publisher) -> None:
    patient = tuple(f"{PATIENT_ROBOTS}/page/{number}" for number in range(3))
    crawl = make_crawl(tmp_path, urls=(*FEW, *patient), origins=publisher.origins, delay_seconds=0.3)
    assert crawl.run().returncode == 0
    for origin, delay_seconds in ((WWW, 0.3), (PATIENT_ROBOTS, 0.6)):
        found = gaps(publisher.asked_for(origin))
        # A busy machine may record a request late and the next one in time. The sum evens that out, but for the first.
        assert sum(found) > (len(found) - 1) * delay_seconds - TOLERANCE_SECONDS
    # Hosts do not wait for each other.
    first_at, last_at = (min(one.at for one in publisher.asked_for(PATIENT_ROBOTS)), publisher.asked_for(WWW)[-1].at)
    assert first_at < last_at


def test_a_busy_host_gets_the_pause_it_asks_for_and_a_longer_delay_afterwards(
    tmp_path: Path, publisher: Publisher
) -> None:
    crawl = make_crawl(tmp_path, urls=(f"{WWW}/busy", *FEW), origins=publisher.origins, concurrency=1)
    assert crawl.run().returncode == 0
    asked = publisher.asked_for(WWW)
    busy_at = [number for number, one in enumerate(asked) if one.path == "/busy"]
    waits = gaps(asked)
    assert waits[busy_at[0]] > 1 - TOLERANCE_SECONDS
    # An HTTP date has whole seconds.
    assert waits[busy_at[1]] > 1 - TOLERANCE_SECONDS
    assert all(wait > 1 - TOLERANCE_SECONDS for wait in waits[busy_at[0] :])
    assert crawl.read_lines()[f"{WWW}/busy"].attempts == 3


@pytest.mark.parametrize(("path", "status", "hours"), [("/away", 503, 1), ("/far-away", 429, 24)])
def test_a_host_that_asks_for_a_long_pause_is_backed_off_and_others_are_not(
    tmp_path: Path, publisher: Publisher, path: str, status: int, hours: int
) -> None:
    urls = (f"{WWW}{path}", *MANY, f"{STATIC}/page/1")
    crawl = make_crawl(tmp_path, urls=urls, origins=publisher.origins, concurrency=1)
    ended = crawl.run()
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = crawl.read_lines()
    assert (lines[f"{WWW}{path}"].status, lines[f"{WWW}{path}"].attempts) == (status, 1)
    assert lines[f"{STATIC}/page/1"].status == 200
    assert len(publisher.asked_for(WWW)) < 10
    # Postponed URLs have no line, and those in a queue did not fail.
    assert {line.result.value for line in lines.values()} == {"captured"}
    [(host, until)] = HostBackoffs(crawl.job.lock_path.parent).list_active().items()
    assert host == "www.themoscowtimes.com"
    assert abs(until - datetime.now(UTC) - timedelta(hours=hours)) < timedelta(minutes=2)


def test_a_host_with_a_crawl_delay_too_long_to_wait_gets_one_request_and_then_a_backoff(
    tmp_path: Path, publisher: Publisher
) -> None:
    pages = tuple(f"{RESTING_ROBOTS}/page/{number}" for number in range(30))
    fields = {"urls": (*pages, f"{STATIC}/page/1"), "origins": publisher.origins}
    crawl = make_crawl(tmp_path, **fields)
    ended = crawl.run()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert set(crawl.read_lines()) == {pages[0], f"{STATIC}/page/1"}
    assert [one.path for one in publisher.asked_for(RESTING_ROBOTS)] == ["/robots.txt", "/page/0"]
    [(host, until)] = HostBackoffs(crawl.job.lock_path.parent).list_active().items()
    assert f"https://{host}" == RESTING_ROBOTS
    assert abs(until - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=2)
    again = make_crawl(tmp_path, **fields, log_path=tmp_path / "again" / "crawl.jsonl")
    assert again.run().returncode == 0
    assert len(publisher.asked_for(RESTING_ROBOTS)) == 2


def test_sources_of_a_host_in_backoff_have_a_line_that_says_so(tmp_path: Path, publisher: Publisher) -> None:
    sources = tuple(Source(url=f"{WWW}{path}", kind=SourceKind.FEED) for path in ("/away", "/rss/news"))
    crawl = make_crawl(tmp_path, sources=sources, origins=publisher.origins, concurrency=1)
    assert crawl.run().returncode == 0
    line = crawl.read_lines()[f"{WWW}/rss/news"]
    assert (line.result.value, line.attempts) == ("resting", 0)


def test_the_crawl_closes_when_its_parent_dies(tmp_path: Path, publisher: Publisher) -> None:
    crawl = make_crawl(tmp_path, urls=MANY, origins=publisher.origins, delay_seconds=0.05)
    with crawl.start() as child:
        publisher.wait_until_asked(3)
        assert child.stdin
        child.stdin.close()
        assert child.wait(DEADLINE_SECONDS) == 1
        asked = publisher.asked
    assert len(asked) < len(MANY)  # queued requests were dropped
    assert all(line.result.value == "captured" for line in crawl.read_log())
    assert len(crawl.read_log()) == len([r for r in crawl.read_records() if r.kind == "response"]) - 2


def test_the_crawl_closes_gracefully_on_sigterm(tmp_path: Path, publisher: Publisher) -> None:
    crawl = make_crawl(tmp_path, urls=(*FEW, f"{WWW}/dripping", *MANY), origins=publisher.origins, timeout_seconds=60)
    with crawl.start() as child:
        publisher.wait_until_asked(50)
        child.send_signal(signal.SIGTERM)
        assert child.wait(DEADLINE_SECONDS) == 1
        assert child.stderr
        assert child.stderr.read() == "closed early: SIGTERM\n"
    # Hanging requests were dropped; they did not fail.
    assert f"{WWW}/dripping" not in crawl.read_lines()


def test_a_killed_crawl_leaves_complete_records(tmp_path: Path, publisher: Publisher) -> None:
    crawl = make_crawl(tmp_path, urls=MANY, origins=publisher.origins)
    with crawl.start() as child:
        publisher.wait_until_asked(100)
        child.kill()
    (path,) = crawl.job.warc_dir.iterdir()
    data = path.read_bytes()
    while data:
        member = zlib.decompressobj(zlib.MAX_WBITS + 16)
        assert member.decompress(data).startswith(b"WARC/1.1\r\n")
        if not member.eof:
            break
        data = member.unused_data
    captured = {record.url for record in read_records(path) if record.kind == "response"}
    assert {line.url for line in crawl.read_log()} <= captured


def test_a_second_crawl_in_the_same_data_folder_is_refused(tmp_path: Path, publisher: Publisher) -> None:
    crawl = make_crawl(tmp_path, urls=FEW, origins=publisher.origins)
    with crawl.job.lock_path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended = crawl.run()
    assert ended.returncode == 3
    assert ended.stderr.splitlines() == [f"spiders: {crawl.job.lock_path} is held by another crawl"]
    assert publisher.asked == []
    assert crawl.run().returncode == 0


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file or directory"),
        ("{", "Invalid JSON"),
        ('{"site": "moscow-times"}', "run_id: Field required"),
        ('{"site": "nowhere"}', "no profile 'nowhere'"),
    ],
)
def test_an_unusable_job_is_refused_in_one_line(tmp_path: Path, content: str | None, complaint: str) -> None:
    crawl = make_crawl(tmp_path)
    if content is None:
        crawl.job_path.unlink()
    elif "nowhere" in content:
        crawl.job_path.write_text(json.dumps(json.loads(crawl.job_path.read_text()) | json.loads(content)))
    else:
        crawl.job_path.write_text(content)
    ended = crawl.run()
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert complaint in line


def test_an_archive_that_cannot_be_written_ends_the_crawl(tmp_path: Path, publisher: Publisher) -> None:
    crawl = make_crawl(tmp_path, urls=MANY, origins=publisher.origins)
    limited = ["prlimit", "--fsize=20000", *crawl.command]
    ended = subprocess.run(limited, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert "archive unwritable" in ended.stderr
    files = [iterate_captures(path, path.name, 0, 10_000_000) for path in crawl.job.warc_dir.iterdir()]
    captured = {capture.url for captures in files for capture, _ in captures}
    assert {line.url for line in crawl.read_log()} <= captured
    assert len(publisher.asked) < len(captured) + 30


def test_warcio_check_finds_no_errors_in_the_archive(
    tmp_path: Path, publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    urls = (*FEW, f"{WWW}/gzip", f"{WWW}/odd", f"{WWW}/empty", f"{WWW}/missing")
    crawl = make_crawl(tmp_path, urls=urls, origins=publisher.origins)
    assert crawl.run().returncode == 0
    (path,) = crawl.job.warc_dir.iterdir()

    class Command:
        inputs = (str(path),)
        verbose = True

    checker = Checker(Command)
    checker.process_all()
    assert checker.exit_value == 0
    assert "digest pass" in capsys.readouterr().out


def test_scrapys_own_commands_find_the_spider() -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "scrapy", "list"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=60)
    assert listed.stdout.split() == ["publisher"]
