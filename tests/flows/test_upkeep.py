"""The flows that maintain an archive: refresh, reprocess, export and audit."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import StateType
from sqlalchemy import update

from flows.audit import audit
from flows.export import export
from flows.refresh import refresh
from flows.reprocess import reprocess
from pipeline.archive import open_archive
from pipeline.ingest import ingest_once
from replica.server import Handle
from replica.site import Site
from schemas.settings import Settings
from storage.runs.run import list_runs
from storage.schema.tables import Entry, RunRow
from tests.pipeline.asking import is_page, pages_of

SITE = Site(12, bad_pages=False, moved_share=0)

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
def site() -> Site:
    """Replace the other tests' site by one where every URL leads to an article."""
    return SITE


@pytest.fixture
def archive(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Create an archive of the replica's articles, with its settings in the environment, where flows read them."""
    monkeypatch.setenv("BROADSHEET_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("BROADSHEET_CONTACT", settings.contact)
    monkeypatch.setenv("BROADSHEET_DELAY_SECONDS", "0")
    monkeypatch.setenv("BROADSHEET_ORIGINS", json.dumps(settings.origins))
    ingest_once(settings, "moscow-times", "sitemaps", 8)
    return settings


def read_artifact(key: str) -> str:
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    return str(max(found, key=lambda one: one.created or datetime.min.replace(tzinfo=UTC)).data)


def make_all_due(settings: Settings) -> None:
    with open_archive(settings, writable=True) as archive, archive.database.begin() as session:
        session.execute(update(Entry).values(next_try_at=datetime.now(UTC)))


def test_a_refresh_fetches_only_known_articles_and_a_sweep_only_new_ones(archive: Settings, server: Handle) -> None:
    make_all_due(archive)
    server.reset()
    assert refresh("moscow-times", return_state=True).type is StateType.COMPLETED
    asked = {path for path in server.reset() if not path.endswith(("robots.txt", "tdmrep.json"))}
    assert len(asked) == 8
    assert all(map(is_page, asked))
    assert "## The slowest pages" in read_artifact("refresh-moscow-times")
    make_all_due(archive)
    ingest_once(archive, "moscow-times", "sitemaps", pages="new", months=1)
    assert len(pages_of(server.requests)) == len(SITE.newest_first) - 8
    assert not any(path.startswith("/sitemap/2") for path in server.requests)  # its months are long past


def test_reprocess_is_a_dry_run_an_export_has_a_card_and_an_audit_reports_silence_and_damage(
    archive: Settings,
) -> None:
    assert reprocess(return_state=True).type is StateType.COMPLETED
    assert "nothing was written" in read_artifact("reprocess")
    assert "8 captures reprocessed" in str(reprocess(site="moscow-times", return_state=True).message)
    assert "0 captures reprocessed" in str(reprocess(site="meduza", return_state=True).message)
    assert export(return_state=True).type is StateType.COMPLETED
    folder = archive.data_dir / "exports"
    assert {path.name for path in folder.iterdir()} == {"articles.parquet", "articles-parquet.card.json"}
    assert "| count | 8 |" in read_artifact("export")
    assert audit(return_state=True).type is StateType.COMPLETED
    with open_archive(archive, writable=True) as opened, opened.database.begin() as session:
        long_ago = datetime.now(UTC) - timedelta(days=3)
        session.execute(update(RunRow).values(started_at=long_ago, ended_at=long_ago))
        assert len(list_runs(session)) == 1
    next(archive.warc_dir.iterdir()).unlink()
    state = audit(return_state=True)
    assert state.type is StateType.FAILED
    assert "no run of moscow-times has succeeded since" in str(state.message)
    assert "cannot be read" in str(state.message)
    assert "doctor --repair" in read_artifact("audit-moscow-times")
