"""Everything reread from the WARC files: a report, and what `apply` writes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update

import sites
from boilerplate.remover import Furniture
from pipeline.archive import open_archive
from pipeline.ingest import ingest_once
from pipeline.reprocess.reprocess import reprocess
from replica.server import running
from replica.site import Site
from schemas.article import ArticleRecord
from schemas.reprocess import Change
from schemas.revision import RevisionClass
from schemas.settings import Settings
from sites.publishers import Publishers
from storage.articles.selection import ArticleFilter, iterate_articles
from storage.ledger.frontier import audit_ledger
from storage.revisions.version import list_revisions
from storage.schema.tables import Capture, Entry

MESSAGE = (
    "Newspapers like ours are printed at night, by people whom nobody thanks and everybody reads.",
    "Put a coin into the box at our door, and the press will run for another week.",
)
KINDS = ("article", "opinion", "gallery", "video", "podcast", "live", "archive")


def read_all(settings: Settings) -> dict[str, ArticleRecord]:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        return {one.id: one for one in iterate_articles(session, ArticleFilter(include_duplicates=True))}


def audit(settings: Settings) -> list[str]:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        return list(audit_ledger(session, None))


@pytest.fixture
def crawl(make_settings: Callable[..., Settings]) -> Callable[[Site], Settings]:
    """The settings of an archive of everything in a site's sitemaps."""

    def run(site: Site) -> Settings:
        with running(site) as server:
            settings = make_settings(origins=dict(server.origins))
            ingest_once(settings, "moscow-times", "sitemaps")
        return settings

    return run


def learn(texts: tuple[str, ...]) -> Publishers:
    """Return rules that know these messages as well."""
    profile = sites.get_site("moscow-times")
    furniture = (*profile.boilerplate.furniture, Furniture("planted", texts, is_appeal=True))
    return sites.PUBLISHERS.replacing(replace(profile, boilerplate=replace(profile.boilerplate, furniture=furniture)))


def test_the_same_rules_change_nothing(crawl: Callable[[Site], Settings]) -> None:
    settings = crawl(Site(42, kinds=KINDS))
    before = read_all(settings)
    for apply in (False, True):
        report = reprocess(settings, apply=apply, process_count=1)
        assert report.changes.keys() <= {Change.UNCHANGED, Change.QUARANTINED}
        assert report.changes[Change.UNCHANGED] == len(before)
        assert (report.fields, report.examples, report.problems) == ({}, (), ())
    assert read_all(settings) == before


@pytest.mark.parametrize("process_count", [1, 2])
def test_a_newly_listed_message_is_removed_from_every_body(
    crawl: Callable[[Site], Settings], process_count: int
) -> None:
    settings = crawl(Site(24, planted=MESSAGE))
    before = read_all(settings)
    told = {record_id for record_id, record in before.items() if any(text in record.body for text in MESSAGE)}
    assert told
    reread_captures = partial(reprocess, settings, process_count=process_count, publishers=learn(MESSAGE))

    report = reread_captures()
    assert report.changes[Change.CHANGED] == report.shorter_count == len(told)
    assert report.fields["body"].changed == len(told)
    assert report.words_won == 0
    assert read_all(settings) == before

    assert reread_captures(apply=True).changes == report.changes
    after = read_all(settings)
    assert after.keys() == before.keys()
    for record_id, record in after.items():
        assert not any(text in record.body for text in MESSAGE)
        assert record.revision == before[record_id].revision + (record_id in told)
    assert audit(settings) == []

    again = reread_captures(apply=True)
    assert again.changes.keys() <= {Change.UNCHANGED, Change.QUARANTINED}
    assert read_all(settings) == after


def test_an_article_that_new_rules_reject_is_quarantined_and_restored_by_the_old_ones(
    crawl: Callable[[Site], Settings],
) -> None:
    settings = crawl(Site(12))
    before = read_all(settings)
    # One with a picture would be an article without a text.
    victim = max((record for record in before.values() if not record.images), key=lambda record: record.id)
    other_rules = learn(tuple(victim.body.split("\n\n")))
    report = reprocess(settings, apply=True, process_count=1, publishers=other_rules)
    assert report.changes[Change.WITHDRAWN] >= 1
    assert victim.id not in read_all(settings)
    assert audit(settings) == []
    cured = reprocess(settings, apply=True, process_count=1)
    assert cured.changes[Change.CURED] >= 1
    after = read_all(settings)
    assert after.keys() == before.keys()
    assert after[victim.id].body == victim.body
    assert after[victim.id].revision > victim.revision
    assert audit(settings) == []


def test_a_damaged_record_is_named_and_the_others_are_read(crawl: Callable[[Site], Settings]) -> None:
    settings = crawl(Site(12))
    record = next(iter(read_all(settings).values()))
    path = settings.warc_dir / record.capture.warc
    damage(path, record.capture.offset + record.capture.length // 2)
    report = reprocess(settings)
    assert report.changes[Change.UNREADABLE] == 1
    assert len(report.problems) == 1
    assert record.capture.warc in report.problems[0]


def test_a_missing_warc_file_is_one_sentence_with_the_number_of_its_captures(
    crawl: Callable[[Site], Settings],
) -> None:
    settings = crawl(Site(12))
    names = {record.capture.warc for record in read_all(settings).values()}
    for name in names:
        (settings.warc_dir / name).unlink()
    report = reprocess(settings)
    count = report.changes[Change.UNREADABLE]
    assert len(report.problems) == len(names)
    assert report.problems[0].startswith(f"the WARC file {min(names)} cannot be read (no such file or directory): ")
    assert len(names) > 1 or report.problems[0].endswith(f": {count} captures not read")


def damage(path: Path, place: int) -> None:
    payload = bytearray(path.read_bytes())
    payload[place] ^= 0xFF
    path.write_bytes(payload)


def test_a_span_of_days_rereads_only_what_was_published_then(crawl: Callable[[Site], Settings]) -> None:
    settings = crawl(Site(12))
    days = sorted(record.published_at.date() for record in read_all(settings).values() if record.published_at)
    assert reprocess(settings, since=days[3], until=days[5]).read_count < reprocess(settings).read_count
    assert reprocess(settings, since=days[-1].replace(year=days[-1].year + 1)).read_count == 0


def test_every_capture_is_counted_once(crawl: Callable[[Site], Settings]) -> None:
    settings = crawl(Site(12))
    report = reprocess(settings)
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        pages = session.query(Capture).where(Capture.status == 200, Capture.entry_id.is_not(None)).count()
    assert report.read_count == sum(report.changes.values()) == pages


def test_a_change_by_the_rules_alone_is_not_a_change_by_the_publisher(
    make_settings: Callable[..., Settings],
) -> None:
    site = Site(12, planted=MESSAGE, bad_pages=False)
    with running(site) as server:
        settings = make_settings(origins=dict(server.origins), conditional_count=0)
        ingest_once(settings, "moscow-times", "sitemaps")
        before = read_all(settings)
        told = {record_id for record_id, record in before.items() if any(text in record.body for text in MESSAGE)}
        look_at_all_again(settings)
        ingest_once(settings, "moscow-times", "sitemaps", publishers=learn(MESSAGE))
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        found = {record_id: list_revisions(session, record_id) for record_id in before}
    for record_id, revisions in found.items():
        expected = [None, RevisionClass.REPROCESSED] if record_id in told else [None]
        assert [one.revision_class for one in revisions] == expected


def look_at_all_again(settings: Settings) -> None:
    with open_archive(settings, writable=True) as archive, archive.database.begin() as session:
        session.execute(update(Entry).values(next_try_at=datetime.now(UTC)))
