"""A crawl with several jobs, one after the other."""

import json
import subprocess
import sys
from pathlib import Path

from schemas.rights import TDM_FILE_PATH
from schemas.url import Source, SourceKind
from tests.spiders.child import Crawl, make_crawl, read_records
from tests.spiders.server import DEADLINE_SECONDS, WWW, Publisher

FEED = Source(url=f"{WWW}/rss/news", kind=SourceKind.FEED)


def start() -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "spiders", "-"]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1)


def begin(child: "subprocess.Popen[str]", crawl: Crawl) -> str:
    """Send the crawl a job, and wait for the line that reports it done."""
    return hear(child, crawl)[-1]


def hear(child: "subprocess.Popen[str]", crawl: Crawl) -> list[str]:
    """Send the crawl a job; return what it writes until it is done."""
    assert child.stdin
    assert child.stdout
    child.stdin.write(f"{crawl.job_path}\n")
    heard = [child.stdout.readline().strip()]
    while heard[-1] and not heard[-1].startswith("done "):
        heard.append(child.stdout.readline().strip())
    return heard


def make_two(folder: Path, publisher: Publisher) -> tuple[Crawl, Crawl]:
    shared = {"origins": publisher.origins, "warc_dir": folder / "warc", "lock_path": folder / "lock"}
    first = make_crawl(folder / "1", sources=(FEED,), **shared)
    return first, make_crawl(folder / "2", urls=(f"{WWW}/page/1", FEED.url), **shared)


def test_jobs_run_one_after_the_other_and_each_has_its_log(tmp_path: Path, publisher: Publisher) -> None:
    first, second = make_two(tmp_path, publisher)
    with start() as child:
        assert begin(child, first) == f"done {first.job.log_path}"
        assert begin(child, second) == f"done {second.job.log_path}"
        out, errors = child.communicate("\n", DEADLINE_SECONDS)
    assert (child.returncode, out, errors) == (0, "", "")
    assert list(first.read_lines()) == [FEED.url]
    assert {url: line.status for url, line in second.read_lines().items()} == {f"{WWW}/page/1": 200, FEED.url: 200}


def test_a_crawl_names_each_source_and_counts_what_is_finished(tmp_path: Path, publisher: Publisher) -> None:
    first, second = make_two(tmp_path, publisher)
    with start() as child:
        assert hear(child, first)[:-1] == [f"requested {FEED.url}", "finished 1"]
        assert hear(child, second)[:-1] == ["finished 1", "finished 2"]
        child.communicate("\n", DEADLINE_SECONDS)


def test_the_second_job_reuses_what_the_first_learned(tmp_path: Path, publisher: Publisher) -> None:
    first, second = make_two(tmp_path, publisher)
    with start() as child:
        begin(child, first)
        begin(child, second)
        child.communicate("\n", DEADLINE_SECONDS)
    assert [one.path for one in publisher.asked_for(WWW)].count("/robots.txt") == 1
    [file] = (tmp_path / "warc").iterdir()
    fetched = [record.url for record in read_records(file) if record.kind == "response"]
    files = [f"{WWW}/robots.txt", f"{WWW}{TDM_FILE_PATH}"]
    assert sorted(filter(None, fetched)) == sorted([*files, FEED.url, FEED.url, f"{WWW}/page/1"])


def test_a_parent_that_dies_between_two_jobs_ends_the_crawl(tmp_path: Path, publisher: Publisher) -> None:
    first, _ = make_two(tmp_path, publisher)
    with start() as child:
        begin(child, first)
        _, errors = child.communicate(timeout=DEADLINE_SECONDS)
    assert (child.returncode, errors) == (1, "")


def test_a_crawl_without_a_job_ends_silently() -> None:
    with start() as child:
        out, errors = child.communicate("", DEADLINE_SECONDS)
    assert (child.returncode, out, errors) == (0, "", "")


def test_an_unreadable_job_ends_the_crawl_with_a_reason(tmp_path: Path, publisher: Publisher) -> None:
    missing = tmp_path / "missing.json"
    with start() as child:
        _, errors = child.communicate(f"{missing}\n", DEADLINE_SECONDS)
    assert (child.returncode, errors) == (2, f"spiders: {missing}: No such file or directory\n")
    first, _ = make_two(tmp_path, publisher)
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({"run_id": "1"}))
    with start() as child:
        begin(child, first)
        said, errors = child.communicate(f"{broken}\n", DEADLINE_SECONDS)
    assert (child.returncode, errors) == (1, "")
    assert said.splitlines()[-1] == f"closed-early {broken}: site: Field required"
