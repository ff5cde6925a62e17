"""Every format, loaded by common programs."""

import csv
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.article import SOURCED_FIELDS, Article, ArticleRecord, Image, Kind
from schemas.capture import CaptureRef
from schemas.export import ArticleFilter, Exported, FileFormat
from storage.articles.article import find_article
from storage.articles.selection import iterate_articles, iterate_blocks
from storage.engine import Database, open_database
from storage.export.block import FIELDS, Block
from storage.export.file import export_articles
from storage.export.line import write_csv, write_jsonl
from storage.export.parquet import GROUP_BYTES, JOINED_COUNT, make_schema, write_parquet
from storage.export.sink import Sink
from tests.storage.export_sample import ODD, OLD, fill
from tests.storage.sample import identify

ALL = ArticleFilter(include_duplicates=True)
NAMES = ("out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out.csv", "out.csv.gz", "out.csv.zst", "out.parquet")
COUNT = 13
ODD_ID = identify(8).key


@pytest.fixture
def filled(database: Database) -> Database:
    fill(database)
    return database


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The same on SQLite, filled once, for tests of the format alone."""
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('shelf') / 'archive.db'}")
    fill(opened)
    yield opened
    opened.close()


def export(database: Database, path: Path, *, has_bom: bool = False) -> Exported:
    return export_articles(database, path, FileFormat.choose(path.name, has_bom=has_bom), ALL)


def read_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def list_records(database: Database) -> list[ArticleRecord]:
    with database.read() as session:
        return list(iterate_articles(session, ALL))


def test_each_line_equals_the_records_json_byte_for_byte(database: Database, tmp_path: Path) -> None:
    written = fill(database)
    assert export(database, tmp_path / "out.jsonl").count == COUNT == len(written)
    lines = {json.loads(line)["id"]: line for line in read_lines(tmp_path / "out.jsonl")}
    with database.read() as session:
        records = {key: find_article(session, key) for key in written}
    for key, record in records.items():
        assert record
        assert lines[key] == record.model_dump_json()
        assert Article(**{name: getattr(record, name) for name in Article.model_fields}) == written[key]


def test_a_record_has_its_aliases_and_its_kind_of_duplicate(filled: Database, tmp_path: Path) -> None:
    export(filled, tmp_path / "out.jsonl")
    found = {one["id"]: one for one in map(json.loads, read_lines(tmp_path / "out.jsonl"))}
    assert found[identify(1).key]["aliases"] == [identify(1, "an-older-headline").url, identify(1, "another").url]
    copy = found[identify(4).key]
    assert (copy["duplicate_of"], copy["duplicate_kind"], copy["similarity"]) == (identify(1).key, "exact", 1.0)
    assert found[identify(2).key]["published_at"] == "2026-10-01T22:00:00Z"
    assert found[ODD_ID]["published_at"] == "1957-10-04T19:28:34.500000Z"
    assert list(found[ODD_ID]) == list(ArticleRecord.model_fields)


def test_a_record_is_found_by_its_id_and_by_each_of_its_urls(filled: Database) -> None:
    identity = identify(1)
    with filled.read() as session:
        found = find_article(session, identity.key)
        assert found
        assert found.id == identity.key
        for url in (identity.url, *found.aliases):
            assert find_article(session, url) == found
        assert find_article(session, identify(999).url) is None


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_both_kinds_of_database_give_the_same_bytes(
    filled: Database, shelf: Database, tmp_path: Path, name: str
) -> None:
    here, there = tmp_path / name, tmp_path / f"shelf.{name}"
    assert export(filled, here).sha256 == export(shelf, there).sha256


@pytest.mark.parametrize("name", NAMES)
def test_repeated_exports_are_byte_identical(shelf: Database, tmp_path: Path, name: str) -> None:
    written = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        export(shelf, tmp_path / folder / name)
        written.append([path.read_bytes() for path in sorted((tmp_path / folder).iterdir())])
    assert len(written[0]) == 2
    assert written[0] == written[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_digest_and_the_size_are_those_of_the_file(shelf: Database, tmp_path: Path, name: str) -> None:
    exported = export(shelf, tmp_path / name)
    content = (tmp_path / name).read_bytes()
    assert (exported.bytes, exported.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("name", ["out.jsonl.gz", "out.csv.gz"])
def test_gzip_has_no_time_or_name_and_the_same_content(shelf: Database, tmp_path: Path, name: str) -> None:
    export(shelf, tmp_path / name)
    export(shelf, tmp_path / name.removesuffix(".gz"))
    packed = (tmp_path / name).read_bytes()
    assert packed[3:8] == bytes(5)  # no flags, so no name; no time
    assert gzip.decompress(packed) == (tmp_path / name.removesuffix(".gz")).read_bytes()


def test_zstd_has_the_same_content(shelf: Database, tmp_path: Path) -> None:
    for name in ("out.jsonl", "out.jsonl.zst"):
        export(shelf, tmp_path / name)
    with pa.input_stream(tmp_path / "out.jsonl.zst", compression="zstd") as file:
        assert file.read() == (tmp_path / "out.jsonl").read_bytes()


@pytest.mark.parametrize("has_bom", [False, True])
def test_csv_round_trips_every_value_and_runs_no_formula(shelf: Database, tmp_path: Path, has_bom: bool) -> None:  # noqa: FBT001 - a case
    export(shelf, tmp_path / "out.csv", has_bom=has_bom)
    content = (tmp_path / "out.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") is has_bom
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig" if has_bom else "utf-8"), newline="")))
    for row, record in zip(rows, list_records(shelf), strict=True):
        assert {name: read_cell(name, row[name]) for name in FIELDS} == record.model_dump(mode="json")
    odd = next(row for row in rows if row["id"] == ODD_ID)
    assert (odd["headline"], odd["subtitle"]) == ('\'=HYPERLINK("x")', "' +1")


SIGN = r"[\s\ufeff\u200b\"']*[-=+@＝＋－＠﹦﹢﹣﹫]"
OURS = re.compile(rf"^'(?={SIGN}|[\"' ]*[\t\r\n])|(?<=[;\t\r\n])'(?={SIGN})")
"""As documented: at the start of a cell, or after `;`, a tab or a line end, before a sign."""

TEXTS = [
    *(
        "=1",
        "'=1",
        "''=1",
        " '=1",
        "' +1",
        "'quoted'",
        "\u00a0-1",
        "\ufeff@1",
        "﹦1",
        "it's = 1",
        "—1",
        "",
        "\t=1",
        "'\n",
    ),
    *(
        "a;=1",
        "a;'=1",
        'a; "=1',
        "a\t=1",
        "a\n\n- an item;b",
        "a;b;\r\n'+1",
        ";;=1",
        "a;'b",
        '"=1',
        'a;""=1',
        "a\n'quoted'",
    ),
]


def write_texts(**columns: list[Any]) -> str:
    file = io.BytesIO()
    count = len(next(iter(columns.values())))
    block: Block = dict.fromkeys(FIELDS, [""] * count)
    write_csv(file, [block | columns])
    return file.getvalue().decode()


def test_a_csv_cell_with_an_apostrophe_of_its_own_is_distinguishable() -> None:
    cells = [row["headline"] for row in csv.DictReader(io.StringIO(write_texts(headline=TEXTS), newline=""))]
    assert [OURS.sub("", cell) for cell in cells] == TEXTS


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_no_csv_cell_is_a_formula_at_any_separator(mark: str) -> None:
    images = [[{"caption": text}] for text in TEXTS]
    written = write_texts(headline=TEXTS, images=images)
    cells = [cell for row in csv.reader(io.StringIO(written, newline=""), delimiter=mark) for cell in row]
    assert not [cell for cell in cells if re.match(r"[\s\ufeff\u200b]*[-=+@＝＋－＠﹦﹢﹣﹫]", cell)]
    read = [json.loads(row["images"]) for row in csv.DictReader(io.StringIO(written, newline=""))]
    assert read == images


def read_cell(name: str, cell: str) -> Any:
    if not cell:
        return None
    if name in {"word_count", "revision", "similarity"} or cell[0] in "[{":
        return json.loads(cell)
    return OURS.sub("", cell)


def test_parquet_has_the_types_of_the_record(shelf: Database, tmp_path: Path) -> None:
    export(shelf, tmp_path / "out.parquet")
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert schema.names == list(ArticleRecord.model_fields)
    assert schema.equals(make_schema())
    types = {field.name: str(field.type) for field in schema}
    assert types["published_at"] == "timestamp[us, tz=UTC]"
    assert types["authors"] == "list<element: string not null>"
    assert types["images"] == "list<element: struct<url: string, caption: string, credit: string> not null>"
    assert schema.field("sources").type.names == list(SOURCED_FIELDS)
    assert types["capture"].startswith("struct<warc: string not null, offset: int64 not null")
    assert not schema.field("body").nullable
    metadata = pq.read_metadata(tmp_path / "out.parquet")
    assert {metadata.row_group(0).column(place).compression for place in range(5)} == {"ZSTD"}


def test_a_servers_parquet_file_has_smaller_row_groups_and_the_same_records(shelf: Database) -> None:
    with shelf.read_snapshot() as session:
        blocks = list(iterate_blocks(session, ArticleFilter()))
    copies = [block for block in blocks for _ in range(4 * JOINED_COUNT)]
    files = []
    for group_bytes in (1, GROUP_BYTES):
        file = io.BytesIO()
        write_parquet(Sink(file), copies, group_bytes)
        files.append(pq.ParquetFile(io.BytesIO(file.getvalue())))
    assert [file.num_row_groups for file in files] == [4 * len(blocks), 1]
    assert files[0].read().equals(files[1].read())


def test_parquet_round_trips_the_records(filled: Database, tmp_path: Path) -> None:
    export(filled, tmp_path / "out.parquet")
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [read_row(row) for row in rows] == list_records(filled)


def read_row(row: dict[str, Any]) -> ArticleRecord:
    """A row as the record: a field without a source has none."""
    sources = {name: source for name, source in row["sources"].items() if source is not None}
    return ArticleRecord.model_validate(row | {"sources": sources}, strict=False)


LOAD_DATASET = """
import json, sys
from datasets import load_dataset

rows = load_dataset(sys.argv[1], cache_dir=sys.argv[2], split="train")
json.dump({row["id"]: row["sources"]["headline"] for row in rows}, sys.stdout)
"""


def test_a_folder_with_a_parquet_file_and_its_card_is_a_dataset(shelf: Database, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    exported = export(shelf, folder / "out.parquet")
    assert exported.card
    assert Path(exported.card).parent == folder
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD_DATASET, str(folder), str(tmp_path / "cache")],
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")},
        check=True,
        stdout=subprocess.PIPE,
    )
    assert json.loads(loaded.stdout) == {one.id: one.sources.get("headline") for one in list_records(shelf)}


def test_pandas_loads_every_article_of_a_parquet_file(shelf: Database, tmp_path: Path) -> None:
    export(shelf, tmp_path / "out.parquet")
    frame = pd.read_parquet(tmp_path / "out.parquet")
    assert frame["body"].to_list() == [one.body for one in list_records(shelf)]
    assert str(frame["published_at"].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out.csv", "out.csv.gz", "out.parquet"])
def test_duckdb_loads_every_article(shelf: Database, tmp_path: Path, name: str) -> None:
    export(shelf, tmp_path / name)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute(f"SELECT id, body, word_count FROM '{tmp_path / name}'").fetchall()  # noqa: S608 - ours
    assert rows == [(one.id, one.body, one.word_count) for one in list_records(shelf)]


def test_duckdb_reads_lists_structs_and_times_of_parquet(shelf: Database, tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    export(shelf, path)
    question = f"""SELECT tags[2], images[2].caption, sources.headline, capture.warc, epoch_us(published_at)
        FROM '{path}' WHERE id = ?"""  # noqa: S608 - ours
    with duckdb.connect() as connection:
        row = connection.execute(question, [ODD_ID]).fetchone()
    assert row == ('c "d"', ODD, "json-ld", "a.warc.gz", round(OLD.timestamp() * 1_000_000))


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out.csv", "out.csv.gz", "out.csv.zst"])
def test_polars_loads_every_article(shelf: Database, tmp_path: Path, name: str) -> None:
    export(shelf, tmp_path / name)
    read = pl.read_csv if ".csv" in name else pl.read_ndjson
    frame = read(tmp_path / name, infer_schema_length=None)
    assert frame["body"].to_list() == [one.body for one in list_records(shelf)]
    assert frame.columns == list(ArticleRecord.model_fields)


def test_polars_reads_lists_structs_and_times_of_parquet(shelf: Database, tmp_path: Path) -> None:
    export(shelf, tmp_path / "out.parquet")
    frame = pl.read_parquet(tmp_path / "out.parquet")
    assert frame.schema["published_at"] == pl.Datetime("us", "UTC")
    odd = frame.row(by_predicate=pl.col("id") == ODD_ID, named=True)
    assert odd["published_at"] == OLD
    assert odd["tags"] == ["a, b", 'c "d"']
    assert odd["images"][0] == {"url": None, "caption": None, "credit": None}
    assert odd["capture"]["offset"] == 8


def read_back(path: Path) -> list[Any]:
    if path.suffix == ".parquet":
        return pl.read_parquet(path).rows()
    lines = str(pa.input_stream(path, compression="detect").read(), "utf-8").splitlines()
    return lines[1:] if ".csv" in path.name else lines


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_export_is_a_valid_file(shelf: Database, tmp_path: Path, name: str) -> None:
    nothing = ArticleFilter(until=date(1900, 1, 1))
    assert export_articles(shelf, tmp_path / name, FileFormat.choose(name), nothing).count == 0
    assert read_back(tmp_path / name) == []


def texts() -> st.SearchStrategy[str]:
    return st.text(st.characters(codec="utf-8"), max_size=20)


def words() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=9), max_size=3).map(tuple)


TIMES = st.datetimes(timezones=st.just(UTC))
LARGEST = 2**63 - 1
"""Integers that a database can store."""
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
IMAGES = st.builds(Image, url=st.none() | texts(), caption=st.none() | texts(), credit=st.none() | texts())
RECORDS = st.builds(
    ArticleRecord,
    id=texts().filter(bool),
    site=texts().filter(bool),
    edition=st.none() | texts(),
    language=st.none() | texts(),
    url=st.none() | texts(),
    kind=st.sampled_from(Kind),
    headline=st.none() | texts().filter(bool),
    subtitle=st.none() | texts(),
    authors=words(),
    agencies=words(),
    sponsor=st.none() | texts(),
    section=st.none() | texts(),
    tags=words(),
    published_at=st.none() | TIMES,
    modified_at=st.none() | TIMES,
    fetched_at=TIMES,
    body=texts(),
    word_count=st.integers(0, 2**40),
    images=st.lists(IMAGES, max_size=2).map(tuple),
    content_sha256=DIGESTS,
    extractor=texts().filter(bool),
    sources=st.dictionaries(st.sampled_from(SOURCED_FIELDS), texts(), max_size=3),
    flags=words(),
    capture=st.builds(
        CaptureRef,
        warc=texts().filter(bool),
        offset=st.integers(0, LARGEST),
        length=st.integers(0, LARGEST),
        sha256=DIGESTS,
    ),
    aliases=words(),
    first_seen_at=TIMES,
    revision=st.integers(1, 9),
    duplicate_of=st.none() | texts(),
    duplicate_kind=st.none() | texts(),
    similarity=st.none() | st.floats(0, 1),
)


@given(st.lists(RECORDS, max_size=2))
def test_any_record_is_written_as_its_own_json(records: list[ArticleRecord]) -> None:
    rows = [one.model_dump() | {"kind": one.kind.value} for one in records]
    file = io.BytesIO()
    write_jsonl(file, [{name: [row[name] for row in rows] for name in FIELDS}])
    assert file.getvalue().decode() == "".join(f"{one.model_dump_json()}\n" for one in records)
