"""The audit of several sites: each has its findings, and each capture is read once for all of them."""

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from flows.audit import audit_sites, render_audit_markdown
from pipeline.archive import open_archive
from pipeline.ingest import ingest_once
from replica import meduza, pangea
from replica.pages import render_sitemap, serving
from schemas.settings import Settings
from storage.schema.tables import RunRow

SITES = ("meduza", "rferl", "voa")

_opened: list[Counter[str]] = []
"""What counts how often each WARC file is opened; empty while nothing does."""


def _count_opened(event: str, arguments: tuple[object, ...]) -> None:
    if _opened and event == "open" and str(arguments[0]).endswith(".warc.gz"):
        _opened[-1][Path(str(arguments[0])).name] += 1


sys.addaudithook(_count_opened)


@contextmanager
def counting_opened() -> Iterator[Counter[str]]:
    """Yield how often each WARC file is opened within the block."""
    _opened.append(Counter())
    try:
        yield _opened[-1]
    finally:
        _opened.pop()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An archive of three sites, which tests only read."""
    pages = meduza.make_pages() | pangea.make_pages()
    pages["https://www.svoboda.org"] = {"/sitemap.xml": ("text/xml", render_sitemap([]))}
    with serving(pages) as origins:
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("audited") / "data",
            delay_seconds=0,
            origins=origins,
            contact="test@example.org",
            floors={"completeness": 0.99},
        )
        for site in SITES:
            ingest_once(settings, site, "all")
    return settings


def test_three_sites_are_audited_and_each_capture_is_read_once(filled: Settings) -> None:
    at = datetime.now(UTC)
    with counting_opened() as alone:
        one = audit_sites(filled, SITES[:1], at)
    with counting_opened() as together:
        report = audit_sites(filled, SITES, at)
    names = {path.name for path in filled.warc_dir.glob("*.warc.gz")}
    assert len(names) >= len(SITES)
    assert together == alone == dict.fromkeys(names, 1)
    assert report.capture_count == one.capture_count > len(SITES)
    assert [(found.site, found.completeness) for found in report.sites] == [(site, 1.0) for site in SITES]
    assert report.problems == one.problems == ()


def test_a_site_has_its_own_findings_beside_those_of_the_archive(filled: Settings, tmp_path: Path) -> None:
    at = datetime.now(UTC)
    shutil.copytree(filled.data_dir, tmp_path / "copy")
    copy = Settings(data_dir=tmp_path / "copy", floors={"images": 1})
    with open_archive(copy, writable=True) as archive, archive.database.begin() as session:
        long_ago = at - timedelta(days=3)
        session.execute(update(RunRow).where(RunRow.site == "voa").values(started_at=long_ago, ended_at=long_ago))
    next(copy.warc_dir.glob("rferl-*.warc.gz")).unlink()
    report = audit_sites(copy, SITES, at)
    silent = f"no run of voa has succeeded since {long_ago:%Y-%m-%d %H:%M} UTC"
    assert [found.silence for found in report.sites] == [(), (), (silent,)]
    assert sum(silent in sentence for sentence in report.problems) == 1
    assert sum("cannot be read" in sentence for sentence in report.problems) == 1
    assert {said.partition(":")[0] for said in report.problems if "below its floor" in said} == set(SITES)
    for found in report.sites:
        text = render_audit_markdown(report, found)
        assert text.startswith(f"# audit {found.site}")
        assert ("## No run succeeds" in text) is (found.site == "voa")
        assert "doctor --repair" in text
