"""Tables of texts are read row by row: what is wrong with one row is said of that row, and the others are read."""

import csv
import gzip
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.export.block import FIELDS
from storage.export.line import _render_cell, restore_cells
from storage.table.file import TableFormat, TableUnusable, open_table, recognize_table
from storage.table.lines import iterate_items
from storage.table.payload import render_row
from storage.table.problem import RowUnusable

MAX_BYTES = 2_000

Read = tuple[list[dict[str, Any]], dict[int, str]]


def read(path: Path, max_bytes: int = MAX_BYTES) -> Read:
    """Return the rows of a table, and the numbers of those that cannot be read with the reasons; 0 is the table's."""
    kind = recognize_table(path)
    assert kind is not None
    rows: list[dict[str, Any]] = []
    problems: dict[int, str] = {}
    try:
        for row in open_table(path, kind, max_bytes).iterate_rows():
            if row.values is None:
                problems[row.number] = str(row.problem)
            else:
                rows.append(dict(row.values))
    except TableUnusable as error:
        problems[0] = str(error)
    return rows, problems


def name_case(value: object) -> str:
    """Return the file's name: what is in it may be long, and gzip has the time in it."""
    return value if isinstance(value, str) and value.replace(".", "").isalnum() else ""


def write(tmp_path: Path, name: str, data: bytes | str) -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


ONE_AND_TWO = [{"url": "u1", "text": "one"}, {"url": "u2", "text": "two"}]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", "url,text\nu1,one\nu2,two\n"),
        ("crlf.csv", "url,text\r\nu1,one\r\nu2,two\r\n"),
        ("mark.csv", "\ufeffurl,text\nu1,one\nu2,two"),
        ("semicolon.csv", "url;text\nu1;one\nu2;two\n"),
        ("bar.csv", "url|text\nu1|one\nu2|two\n"),
        ("tab.csv", "url\ttext\nu1\tone\nu2\ttwo\n"),
        ("tab.tsv", "url\ttext\nu1\tone\nu2\ttwo\n"),
        ("comma.tsv", "url,text\nu1,one\nu2,two\n"),
        ("blank.csv", "url,text\nu1,one\n\nu2,two,,\n\n"),
        ("twice.csv", "url,text,url,text\nu1,one,x,x\nu2,NaN,,two\n"),
        ("utf16.csv", "url,text\nu1,one\nu2,two\n".encode("utf-16")),
        ("a.csv.gz", gzip.compress(b"url,text\nu1,one\nu2,two\n")),
        ("a.csv.zst", pa.compress(b"url,text\nu1,one\nu2,two\n", "zstd", asbytes=True)),
        ("a.jsonl", '{"url": "u1", "text": "one"}\n\n{"url": "u2", "text": "two"}'),
        ("mark.ndjson", '\ufeff{"url": "u1", "text": "one"}\r\n{"url": "u2", "text": "two"}\r\n'),
        ("a.jsonl.gz", gzip.compress(b'{"url": "u1", "text": "one"}\n{"url": "u2", "text": "two"}')),
        ("a.json", json.dumps(ONE_AND_TWO, indent=2)),
        ("lines.json", "".join(json.dumps(one) + "\n" for one in ONE_AND_TWO)),
        ("unnamed", json.dumps(ONE_AND_TWO)),
        ("unnamed.txt", "url;text\r\nu1;one\r\nu2;two\r\n"),
        ("lines.txt", "".join(json.dumps(one) + "\n" for one in ONE_AND_TWO)),
    ],
    ids=name_case,
)
def test_every_spelling_of_a_table_gives_the_same_rows(tmp_path: Path, name: str, data: bytes | str) -> None:
    assert read(write(tmp_path, name, data)) == (ONE_AND_TWO, {})


LONG = "x" * (MAX_BYTES + 1)
ONE, TWO = map(json.dumps, ONE_AND_TWO)


@pytest.mark.parametrize(
    ("name", "data", "number", "problem"),
    [
        ("few.csv", "url,text\nu1,one\nu2\nu2,two\n", 3, "it has 1 cells, but the header has 2"),
        ("many.csv", "url,text\nu1,one\na,b,c\nu2,two\n", 3, "it has 3 cells, but the header has 2"),
        ("latin.csv", b"url,text\nu1,one\nu,caf\xe9\nu2,two\n", 3, "not UTF-8; save the table in UTF-8"),
        ("huge.csv", f'url,text\nu1,one\nu,"{LONG}"\nu2,two\n', 3, "longer than 2000 characters"),
        ("lines.csv", f'url,text\nu1,one\nu,"a ""b"", c\n{LONG}\n"\nu2,two\n', 3, "longer than 2000 characters"),
        ("inch.csv", f'url,text\nu1,one\n{LONG},5" and 6"\nu2,two\n', 3, "longer than 2000 characters"),
        ("open.csv", 'url,text\nu1,one\nu2,two\nu,"three\nu4,four\n', 4, "unexpected end of data"),
        ("odd.csv", 'url,text\nu1,one\nu,"a "b" c"\nu2,two\n', 3, "its quotation marks do not match"),
        ("cut.jsonl", f'{ONE}\n{{"url": \n{TWO}', 2, "not valid JSON"),
        ("list.jsonl", f"{ONE}\n[1]\n{TWO}", 2, "not a JSON object, but an array"),
        ("null.jsonl", f"{ONE}\nnull\n{TWO}", 2, "not a JSON object, but null"),
        ("number.jsonl", f"{ONE}\n1.5\n{TWO}", 2, "not a JSON object, but a number"),
        ("half.jsonl", f'{ONE}\n{{"text": "\\ud800"}}\n{TWO}', 2, "surrogate"),
        ("bytes.jsonl", f'{ONE}\n{{"text": "\xff"}}\n{TWO}'.encode("latin-1"), 2, "UTF-8"),
        ("deep.jsonl", f"{ONE}\n{'[' * 1900}\n{TWO}", 2, "depth limit"),
        ("huge.jsonl", f'{ONE}\n{{"text": "{LONG}"}}\n{TWO}', 2, "larger than 2000 bytes"),
        ("item.json", f"[{ONE}, nonsense, {TWO}]", 2, "not valid JSON"),
        ("large.json", f'[{ONE}, {{"text": "{LONG}"}}, {TWO}]', 2, "larger than 2000 bytes"),
        ("end.json", f'[{ONE}, {TWO}, {{"te', 0, "the JSON array is not closed"),
    ],
    ids=name_case,
)
def test_what_is_wrong_with_one_row_is_said_and_the_others_are_read(
    tmp_path: Path, name: str, data: bytes | str, number: int, problem: str
) -> None:
    rows, problems = read(write(tmp_path, name, data))
    assert rows == ONE_AND_TWO
    assert list(problems) == [number]
    assert problem in problems[number]


def test_a_quotation_mark_that_is_never_closed_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = write(tmp_path, "open.csv", 'url,text\nu1,one\nu2,two\nu,"' + '"",\n' * 5_000)
    assert read(path) == (ONE_AND_TWO, {0: "row 4: its quotation mark is never closed; nothing after it was read"})


def test_a_text_keeps_its_line_ends_quotes_and_nul(tmp_path: Path) -> None:
    text = 'a\r\nb\n"c", d\re\0'
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("url", "text"), ("u", text)])
    assert read(write(tmp_path, "a.csv", out.getvalue())) == ([{"url": "u", "text": text}], {})


def test_python_writes_nan_for_a_missing_value_and_it_is_read_as_one(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", json.dumps({"text": "one", "date": float("nan")}))
    assert read(path) == ([{"text": "one", "date": None}], {})


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv.gz"])
def test_the_rows_before_the_cut_of_a_truncated_file_are_read(tmp_path: Path, name: str) -> None:
    line = '{"url": "u", "text": "%s"}\n' if "jsonl" in name else "u,%s\n"
    head = "" if "jsonl" in name else "url,text\n"
    numbers = Random(1)
    digits = [str(numbers.random()) for _ in range(20_000)]
    data = gzip.compress((head + "".join(line % one for one in digits)).encode())
    rows, problems = read(write(tmp_path, name, data[: len(data) // 2]))
    assert [row["text"] for row in rows] == digits[: len(rows)]
    assert 100 < len(rows) < 20_000
    assert problems[0].startswith(f"truncated or damaged after row {len(rows) + bool(head)}")


FOUND_NEEDED = "found: 'url', 'summary'; needed: body, text, article_text, full_text"


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.csv", "url,summary\nu,s\n", FOUND_NEEDED),
        ("a.tsv", "url\tsummary\nu\ts\n", FOUND_NEEDED),
        ("a.jsonl", '{"url": "u", "summary": "s"}\n', FOUND_NEEDED),
        ("a.json", '[{"url": "u", "summary": "s"}]', FOUND_NEEDED),
        ("pretty.json", '{\n "url": "u",\n "summary": "s"\n}', FOUND_NEEDED),
        ("wrapped.json", '{\n "articles": [{"text": "t"}]\n}', "found: 'articles'; needed: body, text"),
        ("numbers.json", "[1, 2]", "neither an array of JSON objects nor one object per line"),
        ("scalar.json", '"text"', "neither an array of JSON objects nor one object per line"),
        ("cut.json", '{\n "text": ', "neither an array of JSON objects nor one object per line: not valid JSON"),
        ("empty.json", "", "nothing is in it"),
        ("empty.csv", "", "the table is empty"),
        ("utf16.jsonl", '{"text": "t"}'.encode("utf-16"), "JSON in UTF-16"),
        ("minified.csv", "x" * 200_000, f"found: '{'x' * 50}'; needed"),
        ("a.parquet", b"PAR1 and nothing else", "not a Parquet file, or a damaged one"),
        ("a.csv.gz", b"\x1f\x8b\x08\x00 damaged", "truncated or damaged"),
        ("a.csv.zst", b"damaged", "truncated or damaged"),
    ],
    ids=name_case,
)
def test_a_table_without_texts_is_refused_in_one_line(
    tmp_path: Path, name: str, data: bytes | str, problem: str
) -> None:
    path = write(tmp_path, name, data)
    kind = recognize_table(path)
    assert kind is not None
    with pytest.raises(TableUnusable) as caught:
        open_table(path, kind, MAX_BYTES)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["Moscow. {Sic}", "[AP] Moscow", "{not json", "One, two; three\nfour, five\n", "Text\nOne."]
)
def test_a_plain_text_is_no_table(tmp_path: Path, text: str) -> None:
    assert recognize_table(write(tmp_path, "a.txt", text)) is None


def write_parquet(path: Path, columns: dict[str, pa.Array]) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=2)
    return path


def test_parquet_columns_of_other_types_are_read_as_json_has_them(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "a.parquet",
        {
            "text": pa.array([b"one", b"caf\xe9", None], pa.binary()),
            "title": pa.array(["a", "b", "b"]).dictionary_encode(),
            "date": pa.array([date(2024, 1, 2)] * 3),
            "published_at": pa.array([1_700_000_000_000_000_001] * 3, pa.timestamp("ns", "UTC")),
            "other": pa.array([2**62] * 3).cast(pa.decimal128(30, 2)),
            "list": pa.array([[{"a": 1}]] * 3),
        },
    )
    rows, problems = read(path)
    assert rows[0] == {
        "text": "one",
        "title": "a",
        "date": "2024-01-02",
        "published_at": "2023-11-14T22:13:20Z",
        "other": f"{2**62}.00",
        "list": [{"a": 1}],
    }
    assert rows[1]["text"] is None
    assert problems == {2: "text: not UTF-8"}


def test_a_text_column_of_numbers_is_none(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", {"text": pa.array([1]), "url": pa.array(["u"])})
    with pytest.raises(TableUnusable, match=r"found: 'url', 'text \(int64\)'; needed: body, text"):
        open_table(path, TableFormat.PARQUET, MAX_BYTES)


def test_a_time_out_of_pythons_range_costs_its_row_alone(tmp_path: Path) -> None:
    times = pa.array([1_700_000_000_000, 2**60], pa.timestamp("ms", "UTC"))
    rows, problems = read(write_parquet(tmp_path / "a.parquet", {"text": pa.array(["a", "b"]), "date": times}))
    assert [row["text"] for row in rows] == ["a"]
    assert list(problems) == [2]
    assert problems[2].startswith("date: ")


@given(st.lists(st.text(alphabet="=-'\";\t\r\n a[,＝"), min_size=3, max_size=3), st.text(alphabet="=\";',"))
def test_a_cell_of_our_csv_gives_back_exactly_its_value(texts: list[str], tag: str) -> None:
    headline, section, body = texts
    record: dict[str, Any] = dict.fromkeys(FIELDS) | {"headline": headline or None, "section": section or None}
    record |= {"body": body, "tags": [tag], "sources": {"body": "x"}, "word_count": 3, "similarity": 0.5}
    record |= {"fetched_at": datetime(2024, 1, 2, 3, 4, 5, 6, UTC)}
    out = io.StringIO(newline="")
    csv.writer(out).writerow([_render_cell(record[name]) for name in FIELDS])
    (cells,) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    restored = restore_cells(dict(zip(FIELDS, cells, strict=True)))
    assert restored == record | {"fetched_at": "2024-01-02T03:04:05.000006Z"}


@given(st.lists(st.dictionaries(st.text(max_size=3), st.text(alphabet='\\"[]{},a', max_size=9)), max_size=5))
def test_an_array_is_split_between_its_items_wherever_a_chunk_ends(items: list[dict[str, str]]) -> None:
    text = json.dumps(items, indent=1).encode()
    for size in (1, 2, 3, 7):
        rows = list(iterate_items(_Trickle(text, size), MAX_BYTES))
        assert [row.values for row in rows] == items


class _Trickle(io.BytesIO):
    """A file that gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def read(self, _: int | None = -1) -> bytes:
        return super().read(self._size)


@pytest.mark.parametrize("value", ["\ud800", 2**70, [[]]])
def test_a_row_that_json_cannot_hold_is_refused(value: object) -> None:
    for _ in range(300 if value == [[]] else 0):
        value = [value]
    with pytest.raises(RowUnusable, match="it has a value that cannot be stored"):
        render_row({"text": "one", "other": value})
