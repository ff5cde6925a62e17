import pytest

from cli.export import ExportFormat
from cli.option import ArticleKind
from cli.search import Order
from cli.show import Citation
from pipeline.citation import CitationStyle
from schemas.article import Kind
from schemas.export import Compression, FileFormat, Format, FormatUnclear
from schemas.search import SearchOrder


@pytest.mark.parametrize(
    ("name", "asked", "kind", "compression"),
    [
        ("a.jsonl", None, Format.JSONL, None),
        ("a.JSONL.GZ", None, Format.JSONL, Compression.GZIP),
        ("a.jsonl.zst", None, Format.JSONL, Compression.ZSTD),
        ("v1.2/a.csv", None, Format.CSV, None),
        ("a.csv.gz", None, Format.CSV, Compression.GZIP),
        ("a.parquet", None, Format.PARQUET, None),
        ("-", None, Format.JSONL, None),
        ("-", Format.PARQUET, Format.PARQUET, None),
        ("a.csv", Format.JSONL, Format.JSONL, None),
        ("a", Format.CSV, Format.CSV, None),
        ("a.gz", Format.CSV, Format.CSV, Compression.GZIP),
    ],
)
def test_the_format_follows_the_file_name_unless_one_is_requested(
    name: str, asked: Format | None, kind: Format, compression: Compression | None
) -> None:
    assert FileFormat.choose(name, asked) == FileFormat(format=kind, compression=compression)


@pytest.mark.parametrize(
    ("name", "asked", "has_bom", "says"),
    [
        ("a", None, False, "pass --format"),
        ("a.txt", None, False, "pass --format"),
        ("a.gz", None, False, "pass --format"),
        ("jsonl", None, False, "pass --format"),
        ("a.parquet.gz", None, False, "compresses its own columns"),
        ("a.zst", Format.PARQUET, False, "compresses its own columns"),
        ("a.jsonl", None, True, "--bom is for CSV"),
    ],
)
def test_an_unclear_format_is_rejected_in_one_line(name: str, asked: Format | None, has_bom: bool, says: str) -> None:  # noqa: FBT001 - a case
    with pytest.raises(FormatUnclear, match=says) as refused:
        FileFormat.choose(name, asked, has_bom=has_bom)
    assert "\n" not in str(refused.value)


def test_the_command_offers_every_format() -> None:
    assert [one.value for one in ExportFormat] == [one.value for one in Format]
    assert [one.value for one in ArticleKind] == [one.value for one in Kind]
    assert [one.value for one in Order] == [one.value for one in SearchOrder]
    assert [one.value for one in Citation] == [one.value for one in CitationStyle]
