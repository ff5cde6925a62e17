"""A release: complete, the same bytes each time, and every change to it is named."""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warcio.archiveiterator import ArchiveIterator

from pipeline.archive import Archive, open_archive
from pipeline.file_import import import_paths
from pipeline.release import make_release
from pipeline.release_metadata import CRATE_PATH, CROISSANT_PATH, FRICTIONLESS_PATH
from pipeline.verification import REQUIRED, verify_release
from replica.route import find_answer
from replica.site import Site
from schemas.export import ArticleFilter
from schemas.release import (
    JSONL_PATH,
    LEFT_OUT_PATH,
    PARQUET_PATH,
    PROVENANCE_PATH,
    SUMS_PATH,
    WACZ_PATH,
    ReleaseEmpty,
    ReleaseUnreadable,
)
from schemas.settings import Settings
from spiders.warc import Exchange, WarcWriter
from storage.copying.database_copy import copy_database
from storage.export.sink import ExportUnwritable
from storage.export.wacz import WARC_PATH
from tests.postgresql import PostgreSQL

ROOT = Path(__file__).parent.parent.parent
PAGE_COUNT = 8


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of an archive of saved pages, and of the text of one of them, which duplicates it."""
    folder = tmp_path_factory.mktemp("release")
    for number, article in enumerate(Site(PAGE_COUNT, bad_pages=False).articles):
        (folder / f"{number}.html").write_text(article.page_html(), encoding="utf-8")
    shutil.copy(next((ROOT / "seeds").glob("004*")), folder / "text.txt")
    found = Settings(data_dir=folder / "data")
    with open_archive(found, writable=True) as archive:
        import_paths(archive, sorted(folder.glob("*.*")))
    return found


@pytest.fixture(scope="module")
def archive(settings: Settings) -> Iterator[Archive]:
    with open_archive(settings, writable=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def made(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "release"
    make_release(archive, folder, ArticleFilter())
    return folder


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(made, tmp_path / "release"))


def read_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sum_again(folder: Path) -> None:
    """What somebody would do who wants nobody to notice."""
    lines = (folder / SUMS_PATH).read_text().splitlines()
    paths = [line.partition("  ")[2] for line in lines]
    digests = [hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in paths]
    (folder / SUMS_PATH).write_text("".join(f"{one}  {path}\n" for one, path in zip(digests, paths, strict=True)))


def test_a_release_is_sound_and_counts_what_it_has(made: Path) -> None:
    found = verify_release(made)
    assert found.problems == ()
    assert found.article_count == found.capture_count == PAGE_COUNT
    assert found.file_count == len(read_files(made)) - 1
    [left_out] = [json.loads(line) for line in (made / LEFT_OUT_PATH).read_text().splitlines()]
    assert (left_out["id"][:5], left_out["reason"]) == ("text:", "duplicate")
    subprocess.run(["/usr/bin/env", "sha256sum", "--check", "--quiet", SUMS_PATH], cwd=made, check=True)


def test_the_same_archive_gives_the_same_bytes_on_either_database(
    archive: Archive, settings: Settings, made: Path, tmp_path: Path
) -> None:
    make_release(archive, tmp_path / "again", ArticleFilter())
    assert read_files(tmp_path / "again") == read_files(made)
    server = PostgreSQL()
    try:
        server.create("release")
        copy_database(archive.database, server.url("release"), lambda *_: None)
        other = settings.model_copy(update={"database_url": server.url("release")})
        with open_archive(other, writable=False) as opened:
            make_release(opened, tmp_path / "other", ArticleFilter())
    finally:
        server.stop()
    assert read_files(tmp_path / "other") == read_files(made)


def test_another_reader_finds_each_record_and_its_digest(made: Path) -> None:
    rows = [json.loads(line) for line in (made / PROVENANCE_PATH).read_text().splitlines()]
    with ZipFile(made / WACZ_PATH) as wacz:
        assert {one.compress_type for one in wacz.infolist()} == {ZIP_STORED}
        for row in rows:
            with wacz.open(row["warc"]) as warc:
                warc.seek(row["offset"])
                record = next(iter(ArchiveIterator(io.BytesIO(warc.read(row["length"])))))
                assert record.rec_headers.get_header("WARC-Record-ID") == row["warc_record_id"]
                assert hashlib.sha256(record.raw_stream.read()).hexdigest() == row["payload_sha256"]
        package = json.loads(wacz.read("datapackage.json"))
        for resource in package["resources"]:
            data = wacz.read(resource["path"])
            assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
            assert resource["bytes"] == len(data)
        lines = wacz.read("indexes/index.cdx").decode().splitlines()
        assert lines == sorted(lines)
        index = {(one["url"], one["offset"]) for one in (json.loads(line.split(" ", 2)[2]) for line in lines)}
    assert index == {(row["url"], str(row["offset"])) for row in rows if row["url"]}


SECOND_VERIFIER = Path(__file__).parent / "second_verifier.py"


def verify_again(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Isolated: the standard library alone, nothing of this project."""
    command = [sys.executable, "-I", "-S", str(SECOND_VERIFIER), str(folder)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_a_verifier_written_from_the_documents_derives_the_same_counts(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "release"
    released = make_release(archive, folder, ArticleFilter()).model_dump(mode="json")
    ended = verify_again(folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    counts = json.loads(ended.stdout)
    assert counts == {name: released[name] for name in counts}
    exchange_record(folder)
    sum_again(folder)
    assert "capture of " in verify_again(folder).stderr


def test_each_description_for_machines_names_every_file_and_its_digest(made: Path) -> None:
    package, croissant, crate = (
        json.loads((made / path).read_text()) for path in (FRICTIONLESS_PATH, CROISSANT_PATH, CRATE_PATH)
    )
    ours = {SUMS_PATH, FRICTIONLESS_PATH, CROISSANT_PATH, CRATE_PATH}
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in read_files(made).items() if path not in ours}
    assert {one["path"]: one["hash"].removeprefix("sha256:") for one in package["resources"]} == digests
    assert {one["contentUrl"]: one["sha256"] for one in croissant["distribution"]} == digests
    assert {one["@id"]: one["sha256"] for one in crate["@graph"] if one["@type"] == "File"} == digests
    columns = set(pq.read_schema(made / PARQUET_PATH).names)
    assert {one["source"]["extract"]["column"] for one in croissant["recordSet"][0]["field"]} < columns


LOAD_DATASET = """
import sys
from datasets import load_dataset

print(load_dataset(sys.argv[1], cache_dir=sys.argv[2], split="train").num_rows)
"""


def test_a_release_is_a_dataset(made: Path, tmp_path: Path) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD_DATASET, str(made), str(tmp_path / "cache")],
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert int(loaded.stdout) == verify_release(made).article_count


def flip_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_one_changed_byte_in_any_file_is_named(copied: Path) -> None:
    for path in sorted(set(read_files(copied)) - {SUMS_PATH}):
        kept = (copied / path).read_bytes()
        flip_byte(copied / path)
        assert f"{path} has another digest than {SUMS_PATH} says" in verify_release(copied).problems
        (copied / path).write_bytes(kept)
    assert verify_release(copied).problems == ()


def test_a_file_too_many_or_too_few_is_named(copied: Path) -> None:
    (copied / "more.txt").write_text("more")
    (copied / "README.md").unlink()
    assert set(verify_release(copied).problems) == {f"more.txt is not in {SUMS_PATH}", "README.md is missing"}


@contextmanager
def changing_lines(path: Path) -> Iterator[list[bytes]]:
    is_compressed = path.suffix == ".gz"
    data = gzip.decompress(path.read_bytes()) if is_compressed else path.read_bytes()
    lines = data.splitlines(keepends=True)
    yield lines
    changed = b"".join(lines)
    path.write_bytes(gzip.compress(changed, mtime=0) if is_compressed else changed)


def change_text(folder: Path) -> None:
    with changing_lines(folder / JSONL_PATH) as lines:
        row = json.loads(lines[2])
        row["body"] += " And more."
        lines[2] = json.dumps(row).encode() + b"\n"


def change_text_and_digest(folder: Path) -> None:
    with changing_lines(folder / JSONL_PATH) as lines:
        row = json.loads(lines[2])
        row["body"] += " And more."
        row["content_sha256"] = hashlib.sha256(row["body"].encode()).hexdigest()
        lines[2] = json.dumps(row).encode() + b"\n"


def remove_row(folder: Path) -> None:
    with changing_lines(folder / JSONL_PATH) as lines:
        del lines[1]


def remove_row_and_provenance(folder: Path) -> None:
    for path in (JSONL_PATH, PROVENANCE_PATH):
        with changing_lines(folder / path) as lines:
            del lines[-1]


def exchange_record(folder: Path) -> None:
    """Put the second record where the first one is."""
    rows = [json.loads(line) for line in (folder / PROVENANCE_PATH).read_text().splitlines()]
    with ZipFile(folder / WACZ_PATH) as wacz:
        files = {info: wacz.read(info) for info in wacz.infolist()}
    with ZipFile(folder / WACZ_PATH, "w", ZIP_STORED) as wacz:
        for info, data in files.items():
            first, second = (data[row["offset"] :][: row["length"]] for row in rows[:2])
            wacz.writestr(info, data.replace(first, second) if info.filename == WARC_PATH else data)


def damage_zip(folder: Path) -> None:
    (folder / WACZ_PATH).write_bytes((folder / WACZ_PATH).read_bytes()[:-100])


def damage_parquet(folder: Path) -> None:
    (folder / PARQUET_PATH).write_bytes(b"PAR1")


def damage_lines(folder: Path) -> None:
    (folder / JSONL_PATH).write_bytes((folder / JSONL_PATH).read_bytes()[:-100])


def miscount(folder: Path) -> None:
    document = json.loads((folder / "completeness.json").read_text())
    document["advertised_count"] += 1
    (folder / "completeness.json").write_text(json.dumps(document))


def drop_capture(folder: Path) -> None:
    with changing_lines(folder / PROVENANCE_PATH) as lines:
        origin = json.loads(lines[0]) | {"warc": None, "offset": None, "length": None}
        lines[0] = json.dumps(origin).encode() + b"\n"


def lengthen_capture(folder: Path) -> None:
    with changing_lines(folder / PROVENANCE_PATH) as lines:
        lines[-1] = json.dumps(json.loads(lines[-1]) | {"length": 2**80}).encode() + b"\n"


def compress_wacz(folder: Path) -> None:
    with ZipFile(folder / WACZ_PATH) as wacz:
        files = {info.filename: wacz.read(info) for info in wacz.infolist()}
    with ZipFile(folder / WACZ_PATH, "w", ZIP_DEFLATED) as wacz:
        for name, data in files.items():
            wacz.writestr(name, data)


def drop_column(folder: Path) -> None:
    table = pq.read_table(folder / PARQUET_PATH)
    pq.write_table(table.drop_columns(["body"]), folder / PARQUET_PATH)


def change_headline_in_parquet(folder: Path) -> None:
    table = pq.read_table(folder / PARQUET_PATH)
    headlines = ["Another", *table["headline"].to_pylist()[1:]]
    number = table.schema.get_field_index("headline")
    pq.write_table(table.set_column(number, table.schema.field(number), pa.array(headlines)), folder / PARQUET_PATH)


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (change_text, "its text has another digest"),
        (change_text_and_digest, "it differs from its provenance"),
        (remove_row, "differ in their number of lines"),
        (remove_row_and_provenance, "differ in their number of rows"),
        (exchange_record, "the capture of "),
        (damage_zip, f"{WACZ_PATH} cannot be read"),
        (damage_parquet, f"{PARQUET_PATH} cannot be read"),
        (damage_lines, "cannot be read"),
        (miscount, "do not add up"),
        (drop_capture, "names no capture, and no reason"),
        (lengthen_capture, "is shorter than its provenance says"),
        (compress_wacz, "its files are compressed"),
        (drop_column, "has other columns"),
        (change_headline_in_parquet, f"{PARQUET_PATH} and {JSONL_PATH} differ"),
    ],
)
def test_tampering_is_named_even_with_new_checksums(copied: Path, tamper: Callable[[Path], None], says: str) -> None:
    tamper(copied)
    sum_again(copied)
    found = verify_release(copied)
    assert any(says in problem for problem in found.problems), found.problems
    assert not any("another digest than" in problem and SUMS_PATH in problem for problem in found.problems)


DEEP = b"[" * 100_000
SHAPES = (b"", b"null", b"1", b"[]", b"{}", b'"x"', b"NaN", DEEP, b'{"id":' * 50_000, b"\xff\xfe", b"\0" * 100)


@pytest.mark.parametrize("path", REQUIRED)
def test_any_content_of_any_file_is_one_problem_that_names_it(copied: Path, path: str) -> None:
    for shape in SHAPES:
        (copied / path).write_bytes(gzip.compress(shape + b"\n") if path.endswith(".gz") else shape + b"\n")
        sum_again(copied)
        found = verify_release(copied)
        assert any(path in problem for problem in found.problems), (path, shape[:20], found.problems)
        assert all("\n" not in problem for problem in found.problems)


def test_links_and_what_is_no_file_are_named_and_never_opened(copied: Path, tmp_path: Path) -> None:
    (copied / "README.md").rename(tmp_path / "README.md")
    (copied / "README.md").symlink_to(tmp_path / "README.md")
    (copied / "etc").symlink_to("/etc")
    (copied / PROVENANCE_PATH).unlink()
    os.mkfifo(copied / PROVENANCE_PATH)
    problems = verify_release(copied).problems
    assert "README.md is a link: a release holds files alone" in problems
    assert "etc is a link: a release holds files alone" in problems
    assert f"{PROVENANCE_PATH} is not a regular file" in problems
    (copied / SUMS_PATH).unlink()
    os.mkfifo(copied / SUMS_PATH)
    with pytest.raises(ReleaseUnreadable, match="not a regular file"):
        verify_release(copied)


def test_the_digests_may_be_in_any_form_that_sha256sum_reads(copied: Path) -> None:
    lines = (copied / SUMS_PATH).read_text().splitlines()
    (copied / SUMS_PATH).write_text("".join(f"{line[:64].upper()} *{line[66:]}\n" for line in lines))
    assert verify_release(copied).problems == ()
    (copied / SUMS_PATH).write_text("".join(f"{line}\n" for line in [*lines, "x", lines[0], f"{'0' * 64}  ../x"]))
    assert sum("invalid or repeated line" in problem for problem in verify_release(copied).problems) == 3


def test_texts_are_read_again_from_their_captures(copied: Path) -> None:
    found = verify_release(copied, reread=True)
    assert (found.problems, found.notes, found.reread_count) == ((), (), PAGE_COUNT)
    with changing_lines(copied / JSONL_PATH) as lines:
        article = json.loads(lines[2])
        article["body"] += " And more."
        article["content_sha256"] = hashlib.sha256(article["body"].encode()).hexdigest()
        lines[2] = json.dumps(article).encode() + b"\n"
    with changing_lines(copied / PROVENANCE_PATH) as lines:
        origin = json.loads(lines[2]) | {"content_sha256": article["content_sha256"]}
        lines[2] = json.dumps(origin).encode() + b"\n"
    assert any("its capture has another text" in one for one in verify_release(copied, reread=True).problems)


def test_a_release_is_imported_as_its_articles_which_can_be_released_and_read_again(made: Path, tmp_path: Path) -> None:
    with open_archive(Settings(data_dir=tmp_path / "data"), writable=True) as archive:
        report = import_paths(archive, [made])
        assert (report.outcomes, report.unusable) == ({"stored": PAGE_COUNT}, ())
        make_release(archive, tmp_path / "again", ArticleFilter())
    found = verify_release(tmp_path / "again", reread=True)
    assert (found.problems, found.reread_count) == ((), PAGE_COUNT)
    assert "imported files, which have no URL to replay" in (tmp_path / "again" / "README.md").read_text()


def test_a_live_blog_whose_posts_came_later_is_released_with_its_page(tmp_path: Path) -> None:
    site = Site(10, kinds=("live",), bad_pages=False)
    live = next(one for one in site.articles if one.head.kind == "live")
    posts_url = f"https://www.themoscowtimes.com/live/{live.head.number}/0"
    posts = find_answer(site, "www", f"/live/{live.head.number}/0").body
    pages = {live.url: ("text/html", live.page_html().encode()), posts_url: ("application/json", posts)}
    with open_archive(Settings(data_dir=tmp_path / "data"), writable=True) as archive:
        for number, (url, (media_type, body)) in enumerate(pages.items()):
            with WarcWriter(tmp_path / str(number), site="elsewhere", run_id="elsewhere") as writer:
                head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}; charset=utf-8\r\n\r\n".encode()
                request = f"GET {url} HTTP/1.1\r\n\r\n".encode()
                ref = writer.write_exchange(Exchange(url, datetime.now(UTC), request, head, body))
            import_paths(archive, [tmp_path / str(number) / ref.warc])
        make_release(archive, tmp_path / "release", ArticleFilter())
    [line] = (tmp_path / "release" / PROVENANCE_PATH).read_text().splitlines()
    origin = json.loads(line)
    assert (origin["url"], [one["url"] for one in origin["companions"]]) == (posts_url, [live.url])
    found = verify_release(tmp_path / "release", reread=True)
    assert (found.problems, found.notes, found.reread_count) == ((), (), 1)


def test_what_is_no_release_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReleaseUnreadable, match=SUMS_PATH):
        verify_release(tmp_path)


def test_a_filter_selects_articles_and_their_captures_alone(archive: Archive, tmp_path: Path) -> None:
    released = make_release(archive, tmp_path / "release", ArticleFilter(query="Putin"))
    assert 0 < released.article_count == released.capture_count < PAGE_COUNT
    assert verify_release(tmp_path / "release").problems == ()
    assert "query = Putin" in (tmp_path / "release" / "README.md").read_text()


def test_an_article_whose_capture_is_lost_is_kept_and_named(settings: Settings, tmp_path: Path) -> None:
    data_dir = Path(shutil.copytree(settings.data_dir, tmp_path / "data"))
    for path in (data_dir / "warc").iterdir():
        path.unlink()
    lost = Settings(data_dir=data_dir)
    with open_archive(lost, writable=False) as archive:
        released = make_release(archive, tmp_path / "release", ArticleFilter())
    assert released.lost_count == released.article_count == PAGE_COUNT
    found = verify_release(tmp_path / "release")
    assert (found.problems, len(found.notes), found.capture_count) == ((), PAGE_COUNT, 0)
    first = json.loads((tmp_path / "release" / PROVENANCE_PATH).read_text().splitlines()[0])
    assert first["lost"]
    assert first["warc"] is None


def test_a_folder_that_is_not_empty_or_the_archives_own_is_refused(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path, archive.settings.warc_dir / "release", tmp_path / "no" / "release"):
        with pytest.raises(ExportUnwritable):
            make_release(archive, folder, ArticleFilter())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_empty_folder_that_exists_gets_the_files(
    archive: Archive, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = tmp_path.stat().st_ino
    make_release(archive, Path(), ArticleFilter())
    assert tmp_path.stat().st_ino == before
    assert read_files(tmp_path) == read_files(made)


def test_nothing_is_released_if_nothing_matches(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(ReleaseEmpty):
        make_release(archive, tmp_path / "release", ArticleFilter(section="nowhere"))
    assert list(tmp_path.iterdir()) == []
