"""A redacted article is gone from everywhere, and nothing brings it back but an undone redaction."""

import gzip
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import select, text, update
from warcio.archiveiterator import ArchiveIterator

from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from pipeline.ingest import ingest_once
from pipeline.integrity.audit import audit_archive
from pipeline.integrity.doctor import check_integrity
from pipeline.integrity.repair import repair_archive
from pipeline.quality.findings import CANDIDATES
from pipeline.redaction import (
    NotRedacted,
    RecordErased,
    list_redactions,
    plan_redaction,
    redact,
    undo_redaction,
)
from pipeline.release import make_release
from pipeline.reprocess.reprocess import reprocess
from pipeline.status import RecordRedacted, RecordUnknown, find_details, read_status
from pipeline.verification import verify_release
from replica.server import running
from replica.site import Site
from schemas.article import ArticleRecord, Kind
from schemas.export import ArticleFilter, FileFormat, Format
from schemas.outcome import State
from schemas.redaction import Action, Decision
from schemas.release import LEFT_OUT_PATH
from schemas.search import SearchFilter
from schemas.settings import Settings, sqlite_url
from storage.articles.selection import iterate_articles
from storage.copying.database_copy import copy_database
from storage.export.file import export_articles
from storage.ledger.frontier import find_entry
from storage.redactions.file import FILE_NAME, RedactionsDamaged, RedactionsUnusable, StoredDecisions
from storage.redactions.table import RedactedKey, RedactionRow
from storage.schema.tables import Entry, RunRow, Sighting
from storage.search.finding import search_articles
from storage.search.query import read_query
from tests.postgresql import PostgreSQL

REASON = "a court's order"
ROOT = Path(__file__).parent.parent.parent
SITE = Site(24, duplicate_share=0.2, kinds=("article", "live"))


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An archive of everything that the replica's feeds and sitemaps name."""
    with running(SITE) as server:
        given = {"data_dir": tmp_path_factory.mktemp("crawled"), "contact": "test@example.org", "delay_seconds": 0}
        settings = Settings.model_validate(given | {"origins": dict(server.origins), "concurrency": 8})
        for source in ("sitemaps", "feeds"):
            ingest_once(settings, "moscow-times", source)
    return settings


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture
def settings(crawled: Settings, tmp_path: Path) -> Settings:
    """A copy of that archive, in SQLite."""
    return copy_settings(crawled, tmp_path / "data")


@pytest.fixture(params=["sqlite", "postgresql"])
def either(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """The copy in either database."""
    if request.param == "sqlite":
        yield settings
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = f"test_{uuid4().hex}"
    server.create(name)
    with open_archive(settings, writable=False) as archive:
        copy_database(archive.database, server.url(name), lambda *_: None)
    for path in settings.data_dir.glob("broadsheet.db*"):
        path.unlink()
    yield settings.model_copy(update={"database_url": server.url(name)})
    server.drop(name)


def copy_settings(crawled: Settings, folder: Path) -> Settings:
    shutil.copytree(crawled.data_dir, folder)
    url = sqlite_url(folder.absolute() / "broadsheet.db")
    return crawled.model_copy(update={"data_dir": folder, "database_url": url})


def read_all(settings: Settings) -> dict[str, ArticleRecord]:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        return {one.id: one for one in iterate_articles(session, ArticleFilter(include_duplicates=True))}


def choose(settings: Settings, kind: Kind = Kind.ARTICLE) -> ArticleRecord:
    """Return an article of which no other is a duplicate, with a sentence that only it has."""
    found = read_all(settings)
    primaries = {one.duplicate_of for one in found.values()}
    return next(
        one for one in found.values() if one.kind is kind and one.id not in primaries and one.duplicate_of is None
    )


def choose_words(settings: Settings, article: ArticleRecord) -> list[bytes]:
    """Return words and a phrase of the article's body that nothing else in the archive has."""
    others = " ".join(one.body + str(one.headline) for one in read_all(settings).values() if one.id != article.id)
    known = set(re.findall(r"\w+", others.lower()))
    words = [word for word in re.findall(r"[a-z]{9,}", article.body.lower()) if word not in known]
    last = article.body.split("\n\n")[-1].split()
    phrase = next(
        text for at in range(len(last)) if (text := " ".join(last[at : at + 8])) not in others and len(text) > 20
    )
    return [phrase.encode(), *(word.encode() for word in words[:3])]


def read_database(settings: Settings) -> bytes:
    """Return the bytes of all of a database's files."""
    if settings.database_url.startswith("sqlite"):
        return b"".join(path.read_bytes() for path in settings.data_dir.glob("broadsheet.db*"))
    with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row
    return b"".join(path.read_bytes() for path in (Path(row[0]) / "base" / str(row[1])).iterdir())


def read_pages(settings: Settings) -> bytes:
    """Return the pages in the WARC files, decompressed by another library; every file is read to its end."""
    found = []
    for path in sorted(settings.warc_dir.glob("*.warc*")):
        with path.open("rb") as file:
            found += [record.content_stream().read() for record in ArchiveIterator(file)]
    return b"\n".join(found)


def read_files(folder: Path) -> bytes:
    data = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    return b"".join(gzip.decompress(one) if one.startswith(b"\x1f\x8b") else one for one in data)


def is_out(settings: Settings, record_id: str) -> bool:
    """Whether the article is nowhere in the database, and its ledger entry is where it should be."""
    with open_archive(settings, writable=False) as archive:
        with pytest.raises(RecordRedacted, match=REASON):
            find_details(archive, record_id)
        with archive.database.read() as session:
            entry = find_entry(session, record_id)
        status = read_status(archive)
    assert status.problems == ()
    assert sum(status.ledger.values()) == status.advertised_count
    is_excluded = entry is None or (entry.state, entry.rule, entry.next_try_at) == (State.EXCLUDED, "redacted", None)
    return is_excluded and record_id not in read_all(settings)


def test_the_words_of_an_erased_article_are_nowhere(either: Settings, tmp_path: Path) -> None:
    article = choose(either)
    words = choose_words(either, article)
    database, pages = read_database(either).lower(), read_pages(either)
    assert any(word.lower() in database for word in words)
    assert words[0] in pages

    report = redact(either, article.id, REASON, erase=True)

    [removal] = report.removals
    assert removal.source_count
    assert (report.problems, report.erased_count) == ((), removal.capture_count + removal.source_count)
    assert is_out(either, article.id)
    out = tmp_path / "out"
    with open_archive(either, writable=False) as archive:
        for one in Format:
            export_articles(
                archive.database, out.with_suffix(f".{one}"), FileFormat(format=one), ArticleFilter(), lambda *_: None
            )
        make_release(archive, out, ArticleFilter())
        query = read_query(f'"{words[0].decode()}"')
        assert search_articles(archive.database, query, SearchFilter(limit=5)) == []
    exports = b"".join(path.read_bytes() for path in tmp_path.glob("out.*"))
    everything = b"".join(
        (read_database(either), read_pages(either), exports, read_files(out), read_files(either.data_dir))
    )
    assert [word for word in words if re.search(rb"\b%s\b" % re.escape(word.lower()), everything.lower())] == []
    assert verify_release(out).problems == ()
    left_out = [json.loads(line) for line in (out / LEFT_OUT_PATH).read_text().splitlines()]
    [tombstone] = [one for one in left_out if one["reason"] == "redacted"]
    assert (tombstone["id"], tombstone["url"], REASON in tombstone["detail"]) == (article.id, None, True)
    assert audit_archive(either).problems == audit_archive(either).notes == ()


def test_only_the_redacted_article_is_changed(settings: Settings) -> None:
    before, article = read_all(settings), choose(settings)
    pages = read_pages(settings)
    report = redact(settings, article.url or "", REASON)
    assert (report.problems, report.erased_count) == ((), 0)
    assert read_all(settings) == {key: one for key, one in before.items() if key != article.id}
    assert read_pages(settings) == pages
    assert [one.id for one in list_redactions(settings)] == [article.id]
    [check] = [one for one in check_integrity(settings) if one.name == "redactions"]
    assert (check.ok, check.detail) == (True, "1 articles are redacted, 0 of them erased")
    index = b"".join(path.read_bytes() for path in settings.index_dir.iterdir())
    assert ((article.url or "").encode() in index, index.count(b"\n") > 30) == (False, True)


def test_a_dry_run_changes_nothing(settings: Settings) -> None:
    article, before = choose(settings), read_all(settings)
    found = plan_redaction(settings, article.id, REASON, erase=True)
    assert (found.is_dry_run, found.removals[0].article_ids, found.erased_count > 1) == (True, (article.id,), True)
    assert (read_all(settings), list_redactions(settings)) == (before, [])
    assert not (settings.warc_dir / FILE_NAME).exists()


@pytest.mark.parametrize("is_erased", [False, True])
def test_neither_rereading_nor_a_database_made_anew_brings_it_back(settings: Settings, *, is_erased: bool) -> None:
    article = choose(settings)
    redact(settings, article.id, REASON, erase=is_erased)
    rest = read_all(settings)
    reprocess(settings, apply=True, process_count=1)
    assert is_out(settings, article.id)
    for path in settings.data_dir.glob("broadsheet.db*"):
        path.unlink()
    repair = repair_archive(settings)
    assert (repair.after.problems, repair.run.problems) == ((), ())
    assert is_out(settings, article.id)
    assert read_all(settings).keys() == rest.keys()
    [tombstone] = list_redactions(settings)
    assert (tombstone.id, tombstone.reason, tombstone.erased_at is not None) == (article.id, REASON, is_erased)


def test_a_lost_ledger_entry_does_not_bring_it_back(settings: Settings) -> None:
    article = choose(settings)
    redact(settings, article.id, REASON)
    with closing(sqlite3.connect(settings.data_dir / "broadsheet.db")) as connection:
        connection.execute("DELETE FROM entry WHERE key = ?", (article.id,))
        connection.commit()
    assert repair_archive(settings).after.problems == ()
    assert is_out(settings, article.id)


def test_the_publisher_is_not_asked_for_it_again_and_its_headline_is_not_stored(settings: Settings) -> None:
    article = choose(settings)
    redact(settings, article.id, REASON)
    with running(SITE) as server:
        there = settings.model_copy(update={"origins": dict(server.origins)})
        for source in ("sitemaps", "feeds"):
            assert ingest_once(there, "moscow-times", source).problems == ()
        assert urlsplit(article.url or "").path not in server.requests
    assert is_out(settings, article.id)
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        titles = set(session.scalars(select(Sighting.title).where(Sighting.url == article.url)))
    assert titles == {None}


def test_the_same_article_is_not_imported_again(settings: Settings, tmp_path: Path) -> None:
    article = choose(settings)
    (tmp_path / "text.txt").write_text(f"{article.headline}\n\n{article.body}\n")
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, [tmp_path / "text.txt"])
    page = next(one for one in SITE.articles if one.id == article.id).page_html(is_saved=True)
    redact(settings, article.id, REASON, with_duplicates=True)
    (tmp_path / "page.html").write_text(page)
    row = {"url": article.url, "headline": article.headline, "text": article.body}
    (tmp_path / "table.jsonl").write_text(json.dumps(row) + "\n")
    before = read_all(settings)
    for _ in range(2):
        with open_archive(settings, writable=True) as archive:
            report = import_paths(archive, sorted(tmp_path.glob("*.*")))
        assert (report.outcomes, report.problems) == ({"redacted": 3}, ())
        assert [file.outcomes for file in report.files] == [{"redacted": 1}] * 3
    assert read_all(settings) == before
    assert is_out(settings, article.id)


def test_an_import_after_the_erasure_is_reported_and_can_be_erased(settings: Settings, tmp_path: Path) -> None:
    article = choose(settings)
    words = choose_words(settings, article)
    redact(settings, article.id, REASON, erase=True)
    page = next(one for one in SITE.articles if one.id == article.id).page_html(is_saved=True)
    (tmp_path / "page.html").write_text(page)
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, [tmp_path / "page.html"])
    assert words[0] in read_pages(settings)
    [advice] = [one for one in check_integrity(settings) if one.is_advised]
    assert article.id in advice.detail
    assert redact(settings, article.id, None, erase=True).erased_count == 1
    assert words[0] not in read_pages(settings)
    assert not any(one.is_advised for one in check_integrity(settings))


def test_a_text_that_was_imported_again_after_its_erasure_can_be_erased(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("A headline of its own\n\nA paragraph that no other text has, of some length.\n")
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, [path])
    record_id = next(key for key in read_all(settings) if key.startswith("text:"))
    redact(settings, record_id, REASON, erase=True)
    path.write_text(f"{path.read_text()}\n")
    with open_archive(settings, writable=True) as archive:
        assert import_paths(archive, [path]).outcomes == {"redacted": 1}
    assert b"no other text has" in read_pages(settings)
    assert redact(settings, record_id, None, erase=True).erased_count == 1
    assert b"no other text has" not in read_pages(settings)


def test_a_text_stays_out_while_one_of_its_articles_is_redacted(settings: Settings, tmp_path: Path) -> None:
    article = choose(settings)
    (tmp_path / "text.txt").write_text(article.body)
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, [tmp_path / "text.txt"])
    text_id = f"text:{article.content_sha256[:16]}"
    redact(settings, text_id, REASON)
    redact(settings, article.id, REASON)
    undo_redaction(settings, text_id)
    assert not {text_id, article.id} & read_all(settings).keys()
    assert is_out(settings, article.id)


def test_an_undone_redaction_leaves_excluded_what_a_rule_excludes(settings: Settings) -> None:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        key, rule = session.execute(select(Entry.key, Entry.rule).where(Entry.state == State.EXCLUDED)).first() or (
            "",
            "",
        )
    redact(settings, key, REASON)
    undo_redaction(settings, key)
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        entry = find_entry(session, key)
    assert entry
    assert (entry.state, entry.rule, entry.next_try_at) == (State.EXCLUDED, rule, None)


def test_pages_that_were_set_apart_go_too_and_a_damaged_one_is_passed_over(settings: Settings) -> None:
    article = choose(settings)
    for name, data in (
        ("own", json.dumps({"url": article.url})),
        ("other", '{"url": "https://example.org/"}'),
        ("torn", ""),
    ):
        folder = settings.data_dir / CANDIDATES / "moscow-times" / name
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(data)
    assert redact(settings, article.id, REASON).problems == ()
    assert {path.name for path in (settings.data_dir / CANDIDATES / "moscow-times").iterdir()} == {"other", "torn"}


def test_a_live_blog_is_erased_with_its_posts(settings: Settings) -> None:
    article = choose(settings, Kind.LIVE)
    phrase = choose_words(settings, article)[0]
    report = redact(settings, article.id, REASON, erase=True)
    assert report.removals[0].capture_count == 2
    assert phrase not in read_pages(settings)
    assert audit_archive(settings).problems == audit_archive(settings).notes == ()


def test_another_publication_becomes_the_primary_or_goes_too(either: Settings) -> None:
    primary = next(one.duplicate_of for one in read_all(either).values() if one.duplicate_of)
    assert primary
    report = redact(either, primary, REASON)
    [removal] = report.removals
    assert removal.duplicates
    left = read_all(either)
    assert set(removal.duplicates) <= left.keys()
    assert any(left[one].duplicate_of is None for one in removal.duplicates)
    redact(either, removal.duplicates[0], REASON, with_duplicates=True)
    assert not set(removal.duplicates) & read_all(either).keys()
    assert audit_archive(either).problems == ()


def test_an_undone_redaction_is_read_again_from_its_captures(either: Settings) -> None:
    article = choose(either)
    redact(either, article.id, REASON)
    undo_redaction(either, article.id)
    found = read_all(either)[article.id]
    assert (found.body, found.headline, found.aliases) == (article.body, article.headline, article.aliases)
    assert (list_redactions(either), audit_archive(either).problems) == ([], ())
    with pytest.raises(NotRedacted):
        undo_redaction(either, article.id)
    redact(either, article.id, REASON, erase=True)
    with pytest.raises(RecordErased):
        undo_redaction(either, article.id)


def test_a_text_without_a_url_is_redacted_and_read_again(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("A headline of its own\n\nA paragraph that no other text has, of some length.\n")
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, [tmp_path / "text.txt"])
    record_id = next(key for key in read_all(settings) if key.startswith("text:"))
    redact(settings, record_id[:12], REASON)
    assert is_out(settings, record_id)
    undo_redaction(settings, record_id)
    assert record_id in read_all(settings)
    redact(settings, record_id, REASON, erase=True)
    assert b"no other text has" not in read_pages(settings)
    with open_archive(settings, writable=True) as archive:
        assert import_paths(archive, [tmp_path / "text.txt"]).outcomes == {"redacted": 1}
    assert b"no other text has" not in read_pages(settings)


def test_a_paragraph_that_a_report_quotes_goes_too(settings: Settings) -> None:
    article = choose(settings)
    text = article.body.split("\n\n")[0]
    quoted = {"text": text, "article_count": 5, "share": 0.1, "example_ids": [article.id]}
    with open_archive(settings, writable=True) as archive, archive.database.begin() as session:
        run_id, report = session.execute(select(RunRow.id, RunRow.report).limit(1)).one()
        changed = {**report, "recurring": [quoted, quoted | {"text": "Another one."}]}
        session.execute(update(RunRow).where(RunRow.id == run_id).values(report=changed))
    redact(settings, article.id, REASON)
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        found = session.scalars(select(RunRow.report).where(RunRow.id == run_id)).one()
    assert [one["text"] for one in found["recurring"]] == ["Another one."]


INTERRUPTED = ("decided", "half overwritten", "overwritten")


@pytest.mark.parametrize("reached", INTERRUPTED)
def test_an_interrupted_erasure_is_completed_by_the_next_command(settings: Settings, reached: str) -> None:
    article, rest = choose(settings), read_all(settings)
    before = read_pages(settings)
    redact(settings, article.id, REASON)
    with open_archive(settings, writable=True) as archive:
        stored = StoredDecisions(archive.warcs)
        [decision] = stored.list_decisions()
        at = decision.at.replace(year=decision.at.year + 1)
        stored.add([Decision(id=article.id, action=Action.ERASE, at=at, records=(article.capture,))])
    path = settings.warc_dir / article.capture.warc
    whole = path.read_bytes()
    if reached != "decided":
        with open_archive(copy_settings(settings, settings.data_dir.with_name("other")), writable=True) as archive:
            erased = (archive.settings.warc_dir / article.capture.warc).read_bytes()
        middle = article.capture.offset + article.capture.length // 2
        path.write_bytes(erased[:middle] + whole[middle:] if reached == "half overwritten" else erased)
    assert any("still to be overwritten" in one.detail for one in check_integrity(settings))

    with open_archive(settings, writable=True):
        pass

    assert audit_archive(settings).problems == audit_archive(settings).notes == ()
    assert path.read_bytes()[: article.capture.offset] == whole[: article.capture.offset]
    end = article.capture.offset + article.capture.length
    assert path.read_bytes()[end:] == whole[end:]
    assert len(read_pages(settings)) < len(before)
    assert list_redactions(settings)[0].erased_at == at
    assert read_all(settings).keys() == rest.keys() - {article.id}


KILLED_AT_FSYNC = """
import os, sys
from pipeline.redaction import redact
from schemas.settings import Settings
real, left = os.fsync, [int(sys.argv[3])]
def fsync(number):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), 9)
    real(number)
os.fsync = fsync
redact(Settings(data_dir=sys.argv[1]), sys.argv[2], "a court's order", erase=True)
"""


@pytest.mark.soak
def test_a_kill_between_any_two_steps_loses_nothing_and_is_made_up_for(settings: Settings) -> None:
    number, status = 0, -9
    while status == -9:
        number += 1
        article, rest = choose(settings), read_all(settings)
        command = [sys.executable, "-c", KILLED_AT_FSYNC, str(settings.data_dir), article.id, str(number)]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        phrase = article.body.split("\n\n")[-1].encode()
        with open_archive(settings, writable=True):
            pass
        is_decided = article.id in {one.id for one in list_redactions(settings)}
        assert read_all(settings).keys() == rest.keys() - ({article.id} if is_decided else set())
        assert audit_archive(settings).problems == ()
        assert redact(settings, article.id, REASON, erase=True).problems == ()
        assert is_out(settings, article.id)
        assert phrase not in read_pages(settings)
        assert audit_archive(settings).problems == audit_archive(settings).notes == ()
    assert (status, number > 5) == (0, True)


def test_a_redaction_that_only_the_file_has_is_taken_into_the_database(settings: Settings) -> None:
    article = choose(settings)
    other = copy_settings(settings, settings.data_dir.with_name("other"))
    redact(other, article.id, REASON)
    shutil.copy(other.warc_dir / FILE_NAME, settings.warc_dir)
    [check] = [one for one in check_integrity(settings) if one.name == "redactions"]
    assert (check.ok, "that the database lacks" in check.detail) == (False, True)
    with open_archive(settings, writable=True):
        pass
    assert is_out(settings, article.id)
    assert is_scrubbed(settings)


def is_scrubbed(settings: Settings) -> bool:
    """Whether SQLite's file has no pages left in which deleted rows may be."""
    with closing(sqlite3.connect(settings.data_dir / "broadsheet.db")) as connection:
        return bool(connection.execute("PRAGMA freelist_count").fetchone() == (0,))


def test_what_a_killed_redaction_left_in_the_databases_file_goes_with_the_next_command(settings: Settings) -> None:
    article = choose(settings)
    redact(settings, article.id, REASON)
    with open_archive(settings, writable=True) as archive, archive.database.begin() as session:
        session.execute(update(RedactionRow).values(is_scrubbed=False))
        for statement in ("CREATE TABLE scratch AS SELECT body FROM article", "DROP TABLE scratch"):
            session.execute(text(statement))
    assert not is_scrubbed(settings)
    [check] = [one for one in check_integrity(settings) if one.name == "redactions"]
    assert (check.ok, "may be left in the database's files" in check.detail) == (False, True)
    with open_archive(settings, writable=True):
        pass
    assert is_scrubbed(settings)
    assert all(one.ok for one in check_integrity(settings) if one.name == "redactions")


def test_a_file_that_cannot_be_used_is_one_line_and_nothing_is_redacted(settings: Settings) -> None:
    article = choose(settings)
    (settings.warc_dir / FILE_NAME).mkdir()
    with pytest.raises(RedactionsUnusable, match=f"{FILE_NAME} cannot be read: Is a directory"):
        redact(settings, article.id, REASON)
    assert article.id in read_all(settings)


def test_a_lost_file_is_made_again_and_a_damaged_one_stops_whatever_writes(settings: Settings) -> None:
    article = choose(settings)
    redact(settings, article.id, REASON, erase=True)
    path = settings.warc_dir / FILE_NAME
    [before] = list_redactions(settings)
    path.unlink()
    with open_archive(settings, writable=True):
        assert list_redactions(settings) == [before]
    assert [json.loads(line)["action"] for line in path.read_text().splitlines()] == ["redact", "erase"]
    path.write_text(path.read_text() + '{"id": "torn')
    with pytest.raises(RedactionsDamaged, match="line 3"), open_archive(settings, writable=True):
        pass
    assert [one.ok for one in check_integrity(settings) if one.name == "redactions"] == [False]


def test_a_copy_of_the_database_has_the_redactions(settings: Settings, tmp_path: Path) -> None:
    article = choose(settings)
    redact(settings, article.id, REASON)
    with open_archive(settings, writable=False) as archive:
        copy_database(archive.database, f"sqlite:///{tmp_path / 'copy.db'}", lambda *_: None)
    copied = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'copy.db'}"})
    assert is_out(copied, article.id)
    with open_archive(copied, writable=False) as archive, archive.database.read() as session:
        assert session.scalars(select(RedactionRow.id)).all() == [article.id]
        assert article.id in session.scalars(select(RedactedKey.key)).all()


def test_what_is_waiting_can_be_redacted_and_what_is_unknown_cannot(settings: Settings) -> None:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        key = session.scalars(select(Entry.key).where(Entry.state == State.PENDING)).first()
    if key:
        redact(settings, key, REASON)
        assert is_out(settings, key)
    with pytest.raises(RecordUnknown):
        redact(settings, "moscow-times:en:999999", REASON)
