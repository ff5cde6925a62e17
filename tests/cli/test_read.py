"""The commands that read an archive, as users and scripts run them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from replica.site import Site

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]

HEADLINE = "Putin Defends Syria Stance, But Calls for End to Violence"


@pytest.fixture
def filled(broadsheet: Broadsheet, seeds: Path, tmp_path: Path) -> Site:
    """Create an archive of a saved page, a text, and a page that is no article."""
    site = Site(10)
    (tmp_path / "saved.html").write_text(site.articles[1].page_html(), encoding="utf-8")
    (tmp_path / "empty.html").write_text("<html><body></body></html>")
    ended = broadsheet("import", tmp_path / "saved.html", tmp_path / "empty.html", next(seeds.glob("004*")))
    assert ended.returncode == 0, ended.stderr
    assert "quarantined" in ended.stdout
    return site


def read_json(broadsheet: Broadsheet, *arguments: object) -> Any:
    ended = broadsheet(*arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_show_finds_a_record_by_its_id_and_by_any_spelling_of_its_url(broadsheet: Broadsheet, filled: Site) -> None:
    article = filled.articles[1]
    by_id = read_json(broadsheet, "show", article.id)
    assert {name: by_id[name] for name in article.expected} == article.expected
    assert read_json(broadsheet, "show", article.url.removeprefix("https://")) == by_id
    other = article.url.replace("https://www.", "http://").replace("putin", "another") + "?utm_source=x#top"
    assert read_json(broadsheet, "show", other) == by_id


def test_show_prints_the_text_and_where_its_values_came_from(broadsheet: Broadsheet, filled: Site) -> None:
    shown = broadsheet("show", filled.articles[1].id, COLUMNS="300").stdout
    assert shown.startswith(HEADLINE)
    assert "(json-ld)" in shown
    assert filled.articles[1].expected["body"].split("\n\n")[0] in " ".join(shown.split())


def test_a_plan_without_an_archive_names_the_unread_months(broadsheet: Broadsheet, data_dir: Path) -> None:
    plan = read_json(broadsheet, "backfill", "--from", "2023-12-30", "--to", "2024-02-01", "--plan")
    assert [(month["since"], month["until"]) for month in plan["months"]] == [
        ("2024-02-01", "2024-02-01"),
        ("2024-01-01", "2024-01-31"),
        ("2023-12-30", "2023-12-31"),
    ]
    assert plan["unknown_months"] == ["2024-02", "2024-01", "2023-12"]
    assert plan["duration_seconds"] == 2 * plan["request_count"]
    assert not data_dir.exists()


def test_missing_articles_are_listed_by_month(broadsheet: Broadsheet, tmp_path: Path) -> None:
    days = ("2024/02/29", "2024/03/01", "2024/03/31")
    urls = [f"https://www.themoscowtimes.com/{day}/a-story-a{number}" for number, day in enumerate(days, 1)]
    (tmp_path / "list.txt").write_text("\n".join(urls))
    broadsheet("import", tmp_path / "list.txt")
    assert [one["url"] for one in read_json(broadsheet, "status", "--missing")] == [urls[2], urls[1], urls[0]]
    assert [one["url"] for one in read_json(broadsheet, "status", "--missing", "--month", "2024-02")] == urls[:1]
    months = {month["month"]: month for month in read_json(broadsheet, "status")["months"]}
    assert {name: month["missing_count"] for name, month in months.items()} == {"2024-03": 2, "2024-02": 1}
    header, first = broadsheet("status", "--missing", "--limit", "1").stdout.splitlines()
    assert header.split()[:2] == ["URL", "state"]
    assert first.split()[:2] == [urls[2], "pending"]  # not truncated, however narrow the terminal
    assert read_json(broadsheet, "status", "--missing", "--limit", "0") == []


@pytest.mark.usefixtures("filled")
def test_an_unknown_record_is_one_line_and_status_1(broadsheet: Broadsheet) -> None:
    for arguments in (["show", "moscow-times:en:1"], ["quarantine", "show", "moscow-times:en:1"]):
        ended = broadsheet(*arguments)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.count("\n") == 1
        assert "moscow-times:en:1" in ended.stderr


def test_identify_shows_each_urls_record_or_rule(broadsheet: Broadsheet, filled: Site) -> None:
    urls = [filled.articles[1].url, filled.articles[2].url, "https://www.themoscowtimes.com/author/x"]
    found = read_json(broadsheet, "identify", *urls)
    assert [list(one) for one in found] == [["url", "site", "edition", "id", "rule", "known"]] * 3
    assert [(one["url"], one["known"]) for one in found] == list(zip(urls, [True, False, False], strict=True))
    assert found[0]["id"] == filled.articles[1].id
    assert (found[2]["id"], found[2]["rule"]) == (None, "author-page")
    assert "author-page" in broadsheet("identify", *urls, COLUMNS="300").stdout


def test_identify_needs_no_archive(broadsheet: Broadsheet, data_dir: Path) -> None:
    (found,) = read_json(broadsheet, "identify", "https://www.themoscowtimes.com/2024/01/02/x-a85656")
    assert (found["id"], found["known"]) == ("moscow-times:en:85656", False)
    assert not data_dir.exists()


@pytest.mark.usefixtures("filled")
def test_quarantine_lists_and_shows_captures(broadsheet: Broadsheet) -> None:
    (listed,) = read_json(broadsheet, "quarantine", "list")
    assert read_json(broadsheet, "quarantine") == [listed]
    assert json.loads(broadsheet("quarantine", "--json", "list").stdout) == [listed]
    assert read_json(broadsheet, "quarantine", "show", listed["id"]) == listed
    assert listed["reasons"] == ["empty-page"] or listed["reasons"][0].startswith("empty-page: ")
    assert listed["reasons"][0] in broadsheet("quarantine", COLUMNS="300").stdout
    assert listed["url"] == "file:empty.html"
    assert listed["capture"]["warc"] in broadsheet("quarantine", "show", listed["id"], COLUMNS="300").stdout


@pytest.mark.usefixtures("filled")
def test_status_shows_runs_and_no_problems(broadsheet: Broadsheet) -> None:
    status = read_json(broadsheet, "status")
    assert [run["kind"] for run in status["runs"]] == ["import"]
    assert status["problems"] == []
    assert (status["article_count"], status["duplicate_count"], status["quarantined_count"]) == (2, 0, 1)
    assert "last runs" in broadsheet("status").stdout


def test_doctor_passes_and_prints_no_password(broadsheet: Broadsheet) -> None:
    shown = broadsheet("doctor", BROADSHEET_CONTACT="me@example.org", COLUMNS="300")
    assert shown.returncode == 0
    assert "me@example.org" in shown.stdout
    sick = broadsheet("doctor", "--json", BROADSHEET_DATABASE_URL="postgresql+psycopg://me:secret@127.0.0.1:1/x")
    assert sick.returncode == 1
    assert "secret" not in sick.stdout + sick.stderr
    broken = [check["name"] for check in json.loads(sick.stdout) if not check["ok"]]
    assert "database" in broken


def test_version_is_printed(broadsheet: Broadsheet) -> None:
    assert broadsheet("--version").stdout.strip().count(".") == 2


@pytest.mark.usefixtures("filled")
def test_the_report_is_json_or_a_file_of_a_known_kind(broadsheet: Broadsheet, tmp_path: Path) -> None:
    assert read_json(broadsheet, "report", "--site", "moscow-times")["advertised_count"] == 0
    ended = broadsheet("report", "--out", tmp_path / "report.pdf")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "neither in .html nor in .md" in ended.stderr
    ended = broadsheet("report", "--out", tmp_path / "none" / "report.md")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    ended = broadsheet("report", "--site", "nowhere")
    assert (ended.returncode, "moscow-times" in ended.stderr) == (2, True)


@pytest.mark.usefixtures("filled")
def test_a_site_is_published_and_brought_up_to_date_but_never_over_other_files(
    broadsheet: Broadsheet, tmp_path: Path
) -> None:
    made = read_json(broadsheet, "publish", tmp_path / "site", "--no-search")
    assert made["article_count"] == made["rendered_count"] > 0
    assert read_json(broadsheet, "publish", tmp_path / "site", "--no-search")["written_count"] == 0
    (tmp_path / "site" / ".broadsheet" / "journal").unlink()
    ended = broadsheet("publish", tmp_path / "site", "--no-search")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "is not empty" in ended.stderr


@pytest.mark.usefixtures("filled")
def test_a_release_is_made_and_verified_and_a_change_to_it_ends_with_1(broadsheet: Broadsheet, tmp_path: Path) -> None:
    made = read_json(broadsheet, "release", tmp_path / "release")
    assert made["article_count"] == made["capture_count"] == 2
    ended = broadsheet("release", tmp_path / "release")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "is not an empty folder" in ended.stderr
    assert read_json(broadsheet, "verify", tmp_path / "release", "--reread")["sha256"] == made["sha256"]
    (tmp_path / "release" / "README.md").write_text("Mine.")
    ended = broadsheet("verify", tmp_path / "release")
    assert ended.returncode == 1
    assert "README.md has another digest" in ended.stdout
    ended = broadsheet("verify", tmp_path)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    ended = broadsheet("release", tmp_path / "none", "--section", "nowhere")
    assert ended.returncode == 2
    assert "no article has the section 'nowhere'" in ended.stderr
    for name in ("-h", "-x"):
        ended = broadsheet("release", name)
        assert (ended.returncode, "looks like an option" in ended.stderr) == (2, True)
