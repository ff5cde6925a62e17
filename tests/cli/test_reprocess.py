"""`broadsheet reprocess` and `broadsheet quarantine retry`: output and exit status."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from schemas.settings import Settings
from storage.schema import tables

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]

URL = "https://www.themoscowtimes.com/2024/03/01/no-text-a84000"


@pytest.fixture
def filled(data_dir: Path, seeds: Path, tmp_path: Path) -> None:
    """Create an archive of the seeds, and a page without text."""
    page = tmp_path / "page.html"
    page.write_text(f'<html><head><link rel="canonical" href="{URL}"><title>No text</title></head></html>')
    with open_archive(Settings(data_dir=data_dir), writable=True) as archive:
        import_paths(archive, [*sorted(seeds.glob("*.txt")), page])


def run_json(broadsheet: Broadsheet, *arguments: object) -> Any:
    ended = broadsheet(*arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--on", "http://127.0.0.1:8786"), "names no cluster"),
        (("--on", ""), "names no cluster"),
        (("--on", "dask://127.0.0.1", "--processes", "2"), "exclude each other"),
    ],
)
@pytest.mark.usefixtures("filled")
def test_a_wrong_cluster_is_refused_in_a_line(broadsheet: Broadsheet, options: tuple[str, ...], told: str) -> None:
    ended = broadsheet("reprocess", *options)
    assert ended.returncode == 2
    assert told in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


def pretend_other_rules(data_dir: Path) -> None:
    """Change the records as if they had been parsed by rules that miss headlines."""
    with open_archive(Settings(data_dir=data_dir), writable=True) as archive, archive.database.begin() as session:
        found = update(tables.Article).where(tables.Article.headline.is_not(None))
        session.execute(found.values(headline=None, extractor="broadsheet-0"))


@pytest.mark.usefixtures("filled")
def test_nothing_changes_with_the_same_rules(broadsheet: Broadsheet) -> None:
    report = run_json(broadsheet, "reprocess", "--processes", 1)
    assert (report["read_count"], report["changes"]) == (6, {"unchanged": 5, "quarantined": 1})
    assert (report["applied"], report["run"]) == (False, None)


@pytest.mark.usefixtures("filled")
def test_reprocess_only_reports_and_stores_revisions_with_apply(broadsheet: Broadsheet, data_dir: Path) -> None:
    pretend_other_rules(data_dir)
    report = run_json(broadsheet, "reprocess")
    assert report["changes"] == {"unchanged": 2, "changed": 3, "quarantined": 1}
    assert report["fields"] == {"headline": {"changed": 3, "won": 3, "lost": 0}}
    assert report["extractors"]["broadsheet-0"] == 3
    assert [one["fields"] for one in report["examples"]] == [["headline"]] * 3
    shown = broadsheet("reprocess", COLUMNS="160")
    assert shown.returncode == 0
    assert "nothing was written; use --apply to write" in shown.stdout
    applied = run_json(broadsheet, "reprocess", "--apply")
    assert applied["run"]["outcomes"] == {"revised": 3}
    assert run_json(broadsheet, "reprocess")["changes"] == {"unchanged": 5, "quarantined": 1}
    versions = [run_json(broadsheet, "show", one["id"])["revisions"] for one in report["examples"]]
    assert [[one["revision_class"] for one in found] for found in versions] == [[None, "reprocessed"]] * 3


@pytest.mark.usefixtures("filled")
def test_quarantined_captures_are_retried_by_number_or_url(broadsheet: Broadsheet) -> None:
    [found] = run_json(broadsheet, "quarantine", "list")
    for named in ((), (str(found["id"]),), (URL,), ("--site", "moscow-times")):
        report = run_json(broadsheet, "quarantine", "retry", *named)
        assert (report["read_count"], report["changes"]) == (1, {"quarantined": 1})
    assert run_json(broadsheet, "quarantine", "list") == [found]


@pytest.mark.usefixtures("filled")
def test_another_publishers_captures_are_not_reread(broadsheet: Broadsheet) -> None:
    found = {site: run_json(broadsheet, "reprocess", "--site", site) for site in ("moscow-times", "meduza")}
    assert {site: (one["site"], one["read_count"]) for site, one in found.items()} == {
        "moscow-times": ("moscow-times", 5),
        "meduza": ("meduza", 0),
    }
    assert run_json(broadsheet, "quarantine", "retry", "--site", "meduza")["read_count"] == 0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ("reprocess --from 2024-05-02 --to 2024-05-01", 2),
        ("reprocess --from yesterday", 2),
        ("reprocess --processes 0", 2),
        ("reprocess --site moscow", 2),
        ("quarantine retry --site moscow", 2),
        ("quarantine retry --site meduza 1", 2),
        ("quarantine retry 999", 1),
        ("quarantine retry moscow-times:en:1", 1),
    ],
)
@pytest.mark.usefixtures("filled")
def test_invalid_arguments_are_one_line(broadsheet: Broadsheet, arguments: str, status: int) -> None:
    ended = broadsheet(*arguments.split())
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (status, "", 1)


@pytest.mark.usefixtures("filled")
def test_a_missing_warc_file_is_a_problem_and_status_1(broadsheet: Broadsheet, data_dir: Path) -> None:
    [warc] = (data_dir / "warc").rglob("*.warc.gz")
    warc.unlink()
    ended = broadsheet("reprocess", "--json")
    assert ended.returncode == 1
    report = json.loads(ended.stdout)
    assert report["changes"] == {"unreadable": 6}
    [problem] = report["problems"]
    assert warc.name in problem


@pytest.mark.parametrize("options", [[], ["--apply"]], ids=["a report", "applied"])
def test_without_an_archive_nothing_is_reprocessed(broadsheet: Broadsheet, data_dir: Path, options: list[str]) -> None:
    ended = broadsheet("reprocess", *options)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert not data_dir.exists()
