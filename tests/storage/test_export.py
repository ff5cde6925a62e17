import importlib
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from stat import S_IMODE

import pytest
from sqlalchemy import text, update

from schemas.article import ArticleRecord, Kind
from schemas.export import ArticleFilter, FileFormat, Format
from schemas.outcome import Outcome
from schemas.process import INHERITED_UMASK
from storage.articles.article import list_duplicates
from storage.articles.selection import count_matching, iterate_articles
from storage.copying.database_copy import copy_database
from storage.engine import Database, DatabaseLost, open_database
from storage.export.file import export_articles
from storage.export.sink import ExportUnwritable
from storage.ledger.outcome import store_outcomes
from storage.schema.tables import Article
from storage.warc.cdxj import write_index
from tests.storage.sample import START, identify, read, read_text

JSON_LINES = FileFormat(format=Format.JSONL)
CSV = FileFormat(format=Format.CSV)
END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""


def on(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


@pytest.fixture
def filled(database: Database) -> Database:
    outcomes: list[Outcome] = [
        read(1, 1, "One.", published_at=on(3)),
        read(2, 2, "Two.", published_at=on(1, 22)),
        read(3, 3, "Three.", published_at=None),
        read(4, 4, "One.", published_at=on(4)),
        read(5, 5, "Five.", published_at=on(3), section="opinion"),
        read_text(6, "A text."),
    ]
    with database.begin() as session:
        store_outcomes(session, outcomes, run_id=None, now=START)
    return database


def numbers(database: Database, wanted: ArticleFilter | None = None) -> list[str]:
    with database.read() as session:
        return [record.id.removeprefix("moscow-times:en:")[:5] for record in iterate_articles(session, wanted)]


def test_articles_are_ordered_by_time_then_id_with_undated_ones_last(filled: Database) -> None:
    assert numbers(filled) == ["text:", "2", "1", "5", "3"]
    assert numbers(filled, ArticleFilter(include_duplicates=True)) == ["text:", "2", "1", "5", "4", "3"]


def test_dates_are_moscows_and_inclusive(filled: Database) -> None:
    assert numbers(filled, ArticleFilter(since=date(2026, 10, 2))) == ["2", "1", "5"]
    assert numbers(filled, ArticleFilter(since=date(2026, 10, 2), until=date(2026, 10, 2))) == ["2"]
    assert numbers(filled, ArticleFilter(until=date(2026, 10, 1))) == ["text:"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ArticleFilter(query="two"), ["2"]),
        (ArticleFilter(query='"a text"'), ["text:"]),
        (ArticleFilter(query="one OR five", language="en"), ["1", "5"]),
        (ArticleFilter(query="one", include_duplicates=True), ["1", "4"]),
        (ArticleFilter(query="one", since=date(2026, 10, 4), include_duplicates=True), ["4"]),
        (ArticleFilter(query="-two", author="Ann Author"), ["text:", "1", "5", "3"]),
        (ArticleFilter(tag="kremlin", section="Opinion"), ["5"]),
        (ArticleFilter(author="ann writer"), []),
        (ArticleFilter(query="two", kind=Kind.GALLERY), []),
        (ArticleFilter(kind=Kind.ARTICLE, site="moscow-times", section="opinion"), ["5"]),
        (ArticleFilter(language="ru"), []),
    ],
)
def test_a_query_and_its_filters_select_what_a_search_finds(
    filled: Database, wanted: ArticleFilter, expected: list[str]
) -> None:
    assert numbers(filled, wanted) == expected
    with filled.read() as session:
        assert count_matching(session, wanted) == len(expected)


def test_sections_and_sites_filter(filled: Database) -> None:
    assert numbers(filled, ArticleFilter(section="opinion")) == ["5"]
    assert numbers(filled, ArticleFilter(site="generic")) == []


def test_duplicates_are_listed_with_their_primary(filled: Database) -> None:
    with filled.read() as session:
        assert list_duplicates(session, identify(1).key) == [identify(4).key]


def test_a_failed_export_leaves_the_former_files_and_nothing_else(filled: Database, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    path, card = folder / "out.jsonl", folder / "out-jsonl.card.json"
    for former in (path, card):
        former.write_text("former")
    with filled.begin() as session:
        session.execute(update(Article).where(Article.id == identify(3).key).values(images=[1]))  # no picture is that
    with pytest.raises(TypeError):
        export_articles(filled, path, JSON_LINES)
    assert [path.read_text(), card.read_text()] == ["former", "former"]
    assert set(folder.iterdir()) == {path, card}


@pytest.mark.parametrize("name", ["no/such/folder/out.jsonl", "."])
def test_an_export_to_an_invalid_path_is_unwritable(filled: Database, tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportUnwritable):
        export_articles(filled, tmp_path / name, JSON_LINES)


def test_an_export_streams_the_articles(database: Database, tmp_path: Path) -> None:
    body = "word " * 4000
    for start in range(0, 1000, 500):
        outcomes = [read(number, number, f"{number} {body}") for number in range(start, start + 500)]
        with database.begin() as session:
            store_outcomes(session, outcomes, run_id=None, now=START)
        del outcomes
    importlib.import_module("pandas")  # pyarrow imports it where it is installed: its modules are no articles
    for name in ("out.jsonl", "out.csv.gz", "out.parquet"):
        tracemalloc.start()
        assert export_articles(database, tmp_path / name, FileFormat.choose(name)).count == 1000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # The bodies are 20 MB; what is held of them, in rows, lines and a digest, stays below that.
        assert peak < 18_000_000, name


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_lost_connection_during_an_export_leaves_the_old_file(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("former")
    body = "word " * 4_000
    with database.begin() as session:
        store_outcomes(session, [read(one, one, f"{one} {body}") for one in range(500)], run_id=None, now=START)

    def end_connections(done_count: int, _: int) -> None:
        if done_count:
            with database.begin() as session:
                session.execute(text(END_OTHERS))

    with pytest.raises(DatabaseLost, match=r"closed the connection|terminating connection"):
        export_articles(database, path, JSON_LINES, on_progress=end_connections)
    assert [one for one in tmp_path.iterdir() if one.is_file()] == [path]
    assert path.read_text() == "former"
    assert len(numbers(database)) == 500


def end_in_time(work: Callable[[], str]) -> str:
    """Return the result of `work`; fail if it hangs for 30 seconds."""
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(work()), daemon=True)
    thread.start()
    thread.join(30)
    assert answers, "it hangs"
    return answers[0]


def test_an_unwritable_export_stops_reading_rows(database: Database) -> None:
    body = "word " * 4_000
    with database.begin() as session:
        store_outcomes(session, [read(one, one, f"{one} {body}") for one in range(500)], run_id=None, now=START)

    def export() -> str:
        with pytest.raises(ExportUnwritable) as raised:
            export_articles(database, Path("/dev/full"), JSON_LINES)
        return str(raised.value)

    assert end_in_time(export) == "/dev/full cannot be written: No space left on device"
    assert len(numbers(database)) == 500


def test_iteration_over_articles_may_stop_early(database: Database) -> None:
    with database.begin() as session:
        store_outcomes(session, [read(one, one) for one in range(500)], run_id=None, now=START)
    held: list[Iterator[ArticleRecord]] = []

    def read_one() -> str:
        with database.read() as session:
            held.append(iterate_articles(session))
            return next(held[0]).id

    assert end_in_time(read_one) == identify(0).key
    assert len(numbers(database)) == 500


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_nothing_is_committed_while_rows_are_read(database: Database) -> None:
    def read_while_writing() -> None:
        with database.begin() as session:
            store_outcomes(session, [read(one, one) for one in range(500)], run_id=None, now=START)
            articles.append(iterate_articles(session))
            next(articles[0])

    articles: list[Iterator[ArticleRecord]] = []
    with pytest.raises(RuntimeError, match="while rows are still read"):
        read_while_writing()
    assert numbers(database) == []


def test_a_dash_means_standard_output(
    filled: Database, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = set(tmp_path.iterdir())
    assert export_articles(filled, Path("-"), JSON_LINES).count == 5
    written = capfdbinary.readouterr().out
    assert set(tmp_path.iterdir()) == files
    assert export_articles(filled, Path("out.jsonl"), JSON_LINES).count == 5
    assert written == (tmp_path / "out.jsonl").read_bytes()
    print("still open")  # noqa: T201 - that it can is the point
    assert capfdbinary.readouterr().out == b"still open\n"


def test_a_pipe_stays_a_pipe(filled: Database, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read_bytes: list[bytes] = []
    reader = threading.Thread(target=lambda: read_bytes.append(pipe.read_bytes()))
    reader.start()
    assert export_articles(filled, pipe, CSV).count == 5
    reader.join()
    assert pipe.is_fifo()
    assert read_bytes[0].count(b"\r\n") == 6
    assert list(tmp_path.glob(".*")) == []


def test_a_special_path_to_an_open_file_is_written_to_and_not_replaced(filled: Database, tmp_path: Path) -> None:
    with (tmp_path / "out.jsonl").open("wb") as file:
        assert export_articles(filled, Path(f"/dev/fd/{file.fileno()}"), JSON_LINES).count == 5
    assert (tmp_path / "out.jsonl").read_bytes().count(b"\n") == 5


def test_the_archives_own_database_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    database = open_database(f"sqlite:///{path}")
    (tmp_path / "link.jsonl").symlink_to(path)
    for out in (path, tmp_path / "link.jsonl"):
        with pytest.raises(ExportUnwritable, match="own database"):
            export_articles(database, out, JSON_LINES)
    database.close()
    open_database(f"sqlite:///{path}", create=False).close()


def test_a_links_target_is_written(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'archive.db'}")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "target.jsonl")
    (tmp_path / "target.jsonl").write_text("old")
    assert export_articles(database, tmp_path / "link.jsonl", JSON_LINES).count == 0
    database.close()
    assert (tmp_path / "link.jsonl").is_symlink()
    assert (tmp_path / "target.jsonl").read_text() == ""


def test_a_planted_link_with_the_temporary_name_is_not_followed(tmp_path: Path, new_file: Path) -> None:
    database = open_database(f"sqlite:///{new_file}")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in ("out.jsonl", "out-jsonl.card.json", "copy.db", "a.cdxj"):
        for guessed in (f".{name}.{os.getpid()}.part", f".{name}.part"):
            (tmp_path / guessed).symlink_to(victim)
    export_articles(database, tmp_path / "out.jsonl", JSON_LINES)
    copy_database(database, f"sqlite:///{tmp_path / 'copy.db'}", lambda *_: None)
    with database.read() as session:
        write_index(session, "a.warc.gz", tmp_path / "a.cdxj")
    database.close()
    assert victim.read_text() == "precious"
    assert {path.name for path in tmp_path.iterdir() if not path.is_symlink()} >= {"out.jsonl", "copy.db", "a.cdxj"}
    # A requested file has the user's default mode; the archive's own files are private to their owner.
    assert S_IMODE((tmp_path / "out.jsonl").stat().st_mode) == 0o666 & ~INHERITED_UMASK
    assert S_IMODE((tmp_path / "a.cdxj").stat().st_mode) == 0o600
