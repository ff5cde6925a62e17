"""`broadsheet status`: one screen, with the reason of each run that did not complete."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.render import wrap
from pipeline.archive import open_archive
from pipeline.interpret import identify_sightings
from pipeline.status import list_missing_urls, read_status
from schemas.failure import RunFailure
from schemas.report import RunReport
from schemas.settings import Settings
from schemas.url import Sighting, SourceKind
from sites import UnknownSite
from storage.ledger.frontier import add_urls
from storage.ledger.outcome import store_outcomes
from storage.runs.run import close_run, list_runs, mark_interrupted, open_run
from storage.schema.tables import RunStatus
from tests.cli.terminal import COLUMNS, ROWS, run_on_terminal
from tests.storage.sample import FEED, HOST, START, read

LISTING = "https://www.themoscowtimes.com/" + "a-long-section-name/" * 4 + "18"
REASON = f"{LISTING}: no article card on the listing page"
OUTCOMES = {"stored": 12_345, "failed": 2, "quarantined": 11, "revised": 12, "duplicate": 100}


def make_report(run_id: str, at: datetime, problems: tuple[str, ...]) -> RunReport:
    return RunReport(
        run_id=run_id,
        kind="ingest",
        site="moscow-times",
        started_at=at,
        ended_at=at,
        outcomes=OUTCOMES,
        advertised_count=0,
        advertised_new_count=0,
        request_count=0,
        page_count=0,
        ledger={},
        problems=problems,
    )


def fill(settings: Settings, ends: list[tuple[RunStatus, tuple[str, ...]]]) -> None:
    """Make an archive of articles of twenty months, and runs that ended like this, oldest first."""
    with open_archive(settings, writable=True) as archive, archive.database.begin() as session:
        paths = [f"{2024 + number // 12}/{number % 12 + 1:02}/02/a-story-a{number + 1}" for number in range(20)]
        seen = [
            Sighting(url=f"{HOST}/{path}", source_url=FEED, source_kind=SourceKind.FEED, seen_at=START)
            for path in paths
        ]
        add_urls(session, identify_sightings(seen), START)
        store_outcomes(session, [read(number, number + 100) for number in range(1, 21)], run_id=None, now=START)
        for number, (status, problems) in enumerate(ends):
            at = datetime(2026, 11, 1, number, tzinfo=UTC)
            run_id = open_run(session, kind="ingest", site="moscow-times", started_at=at)
            if status is not RunStatus.RUNNING:
                close_run(session, run_id, status=status, ended_at=at, report=make_report(run_id, at, problems))
        mark_interrupted(session, datetime(2026, 11, 2, tzinfo=UTC))


def show_status(data_dir: Path, *options: str) -> list[str]:
    settings = {"BROADSHEET_DATA_DIR": str(data_dir)}
    status, lines = run_on_terminal("status", *options, settings=settings, cwd=data_dir.parent)
    assert status == 0, lines
    return lines


def test_the_status_of_a_healthy_archive_fits_one_screen(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    fill(settings, [(RunStatus.COMPLETED, ())] * 7)
    lines = show_status(settings.data_dir)
    assert len(lines) < ROWS  # and the prompt
    assert max(map(len, lines)) <= COLUMNS
    assert any(line.startswith("the newest of 20 months") for line in lines)
    assert sum("completed    12,345 stored, 2 failed" in line for line in lines) == 5


def test_each_run_that_did_not_complete_has_its_reason_and_urls_stay_whole(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    ends = [
        (RunStatus.RUNNING, ()),  # killed
        (RunStatus.FAILED, ("completeness 0.8000 is below its floor 0.9000", "another")),
        (RunStatus.DEGRADED, (REASON,)),
    ]
    fill(settings, ends)
    shown = "\n".join(show_status(settings.data_dir))
    assert f"degraded     12,345 stored, 2 failed\n    {LISTING}:\n    no article card" in shown
    assert "failed       12,345" in shown
    assert "completeness 0.8000 is below its floor 0.9000\n    and 1 more: see --runs" in shown
    assert "it was killed, or its machine went down" in shown
    full = "\n".join(show_status(settings.data_dir, "--runs", "--limit", "2"))
    assert "\n    another" in full
    assert "it was killed" not in full
    assert "articles" not in full


def test_the_status_of_one_site_has_nothing_of_another(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    fill(settings, [(RunStatus.COMPLETED, ())])
    shown = show_status(settings.data_dir, "--site", "meduza")
    assert shown[:2] == ["meduza:", "0 articles, and 0 duplicates of them not counted; 0 quarantined"]
    assert not any("completed" in line for line in shown)
    with open_archive(settings, writable=False) as archive:
        own, whole = read_status(archive, "moscow-times"), read_status(archive)
        assert own.article_count == 20
        assert own.model_copy(update={"site": None, "checked_at": whole.checked_at}) == whole
        assert len(list_missing_urls(archive, site="moscow-times")) == 20
        assert not list_missing_urls(archive, site="meduza")
        with pytest.raises(UnknownSite):
            read_status(archive, "medusa")


def test_a_run_that_an_exception_ended_keeps_the_reason(tmp_path: Path) -> None:
    from pipeline.run import running

    with open_archive(Settings(data_dir=tmp_path / "data"), writable=True) as archive:
        with pytest.raises(RunFailure), running(archive, "import", None, {}):
            raise RunFailure("the disk is full")
        with archive.database.read() as session:
            [run] = list_runs(session)
    assert run.status is RunStatus.INTERRUPTED
    assert run.report
    assert run.report.problems == ("the disk is full",)


def test_wrapped_lines_keep_words_whole() -> None:
    assert wrap(f"a-b {LISTING} c", 20, "  ") == ["  a-b", f"  {LISTING}", "  c"]
