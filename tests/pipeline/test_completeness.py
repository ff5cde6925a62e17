"""The completeness report: its counts, and the same facts in HTML and Markdown, whatever the names in it hold."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html

from pipeline.archive import Archive, open_archive
from pipeline.completeness import ReportFormat, make_completeness_report, render_report, write_report
from schemas.outcome import Outcome
from schemas.settings import Settings
from sites.publishers import UnknownSite
from storage.export.sink import ExportUnwritable
from storage.ledger.outcome import store_outcomes
from tests.storage.sample import SITE, START, advertise, forbid, identify, quarantine, read, say

EVIL = "<script>alert(1)</script>|`x`"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("completeness") / "data")
    outcomes: list[Outcome] = [
        say(
            advertise(0, *map(identify, range(1, 6)), source_url=f"https://example.org/{EVIL}"),
            published_month="2026-10",
        ),
        read(1, 1),
        quarantine(2, 2, f"{EVIL}: empty"),
        forbid(3, 3),
        *(read(offset, offset, f"Body {offset}.", section=EVIL) for offset in (4, 5)),
    ]
    with open_archive(settings, writable=True) as opened:
        with opened.database.begin() as session:
            store_outcomes(session, outcomes, run_id=None, now=START)
        yield opened


def test_the_report_adds_up(archive: Archive) -> None:
    report = make_completeness_report(archive, SITE)
    assert report.advertised_count == sum(report.states.values()) == 5
    assert sum(month.advertised_count for month in report.months) == 5
    assert report.missing_count == 2
    assert report.completeness == 3 / 5
    assert sum(one.stored_count for one in report.sections) == 3
    assert report.problems == ()
    assert make_completeness_report(archive) == report.model_copy(update={"site": None})


def test_an_unknown_publisher_is_named(archive: Archive) -> None:
    with pytest.raises(UnknownSite, match="nowhere"):
        make_completeness_report(archive, "nowhere")


@pytest.mark.parametrize("file_format", ReportFormat)
def test_the_same_archive_gives_the_same_bytes(archive: Archive, file_format: ReportFormat) -> None:
    first, second = (render_report(make_completeness_report(archive), file_format) for _ in range(2))
    assert first == second
    assert "60.00 %" in first
    assert "5 URLs advertised, 2 missing" in first


def test_the_page_is_complete_by_itself_and_runs_nothing(archive: Archive) -> None:
    page = html.fromstring(render_report(make_completeness_report(archive), ReportFormat.HTML))
    assert page.xpath("//script | //link | //img | //iframe | //@src | //@href") == []
    assert EVIL in page.text_content()
    heights = [float(one) for one in page.xpath("//rect/@height")]
    assert heights == pytest.approx([160 * 3 / 5, 160 * 2 / 5])


def test_markdown_keeps_its_tables_and_shows_names_as_they_are(archive: Archive) -> None:
    text = render_report(make_completeness_report(archive), ReportFormat.MARKDOWN)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table
    assert "<script>" not in text
    assert "\\<script\\>alert(1)" in text


def test_an_archive_that_never_saw_an_article_has_a_report(tmp_path: Path) -> None:
    with open_archive(Settings(data_dir=tmp_path / "data"), writable=True) as empty:
        for file_format in ReportFormat:
            text = render_report(make_completeness_report(empty), file_format)
            assert "No article was advertised." in text
            assert "Before the first run." in text


def test_the_archives_own_files_are_not_overwritten(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(ExportUnwritable, match="own database"):
        write_report(archive, archive.settings.data_dir / "broadsheet.db", "text")
    write_report(archive, tmp_path / "report.md", "text")
    assert (tmp_path / "report.md").read_text() == "text"
