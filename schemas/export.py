"""Exports: formats and filters, and the data card beside the file."""

from enum import StrEnum
from pathlib import PurePath
from typing import Self

from schemas.article import Kind
from schemas.failure import UsageFailure
from schemas.model import Confidence, Count, NonEmpty, Record, Sha256, UtcTime
from schemas.span import Span

CARD_SUFFIX = ".card.json"


def name_card(file_name: str) -> str:
    """Name the data card of a file: `articles-jsonl-gz.card.json` for `articles.jsonl.gz`.

    Without the file's dots, `datasets.load_dataset(FOLDER)` does not take the card for a Parquet file.
    """
    return file_name.replace(".", "-") + CARD_SUFFIX


class Format(StrEnum):
    """The file format."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


class Compression(StrEnum):
    """The compression of the whole file."""

    GZIP = "gzip"
    ZSTD = "zstd"


COMPRESSIONS = {".gz": Compression.GZIP, ".zst": Compression.ZSTD}
"""Last suffix of a file's name -> compression."""


class FormatUnclear(UsageFailure):
    """The format to write is missing or contradictory. The message is one line."""


class FileFormat(Record):
    """The format and compression of an export."""

    format: Format
    compression: Compression | None = None
    has_bom: bool = False
    """Whether a CSV begins with a byte-order mark, which some spreadsheets need to recognize UTF-8."""

    @classmethod
    def choose(cls, name: str, requested: Format | None = None, *, has_bom: bool = False) -> Self:
        """Choose the requested format, else the one of the file's name (`-`, standard output, is JSON Lines).

        Raises:
            FormatUnclear: neither gives a format, or they contradict each other.
        """
        path = PurePath(name)
        compression = COMPRESSIONS.get(path.suffix.lower())
        suffix = (path.with_suffix("") if compression else path).suffix.lower().removeprefix(".")
        chosen = requested or (Format.JSONL if name == "-" else next((one for one in Format if one == suffix), None))
        if chosen is None:
            known = ", ".join(f".{one}" for one in Format)
            raise FormatUnclear(f"{name}: the name does not end in {known} (with .gz or .zst or not); pass --format")
        if chosen is Format.PARQUET and compression:
            raise FormatUnclear(f"{name}: a Parquet file compresses its own columns; name it without {path.suffix}")
        if has_bom and chosen is not Format.CSV:
            raise FormatUnclear(f"--bom is for CSV, but {name} would be {chosen}")
        return cls(format=chosen, compression=compression, has_bom=has_bom)

    @property
    def is_text(self) -> bool:
        """Whether it is plain text that a terminal can show."""
        return self.format is not Format.PARQUET and self.compression is None


class ArticleFilter(Span):
    """Which articles to export: all conditions must hold. With a day given, articles without a date are excluded.

    `query`, `section`, `author` and `tag` are read as `broadsheet search` reads them: words, in any case.
    """

    site: NonEmpty | None = None
    query: NonEmpty | None = None
    section: NonEmpty | None = None
    author: NonEmpty | None = None
    tag: NonEmpty | None = None
    kind: Kind | None = None
    language: NonEmpty | None = None
    """ISO 639-1."""
    include_duplicates: bool = False
    rights: NonEmpty | None = None
    """A term of its capture's rights: `tdm-reserved`, `noarchive`, …"""
    respect_tdm: bool = False
    """Leave out articles whose text and data mining is reserved, and those whose rights are unknown."""
    min_confidence: Confidence | None = None
    """Leave out articles with a lower confidence, and those of which none is known."""


class FieldCard(Record):
    """One field of the records, and how many records have it."""

    name: NonEmpty
    type: NonEmpty
    """Its type in a Parquet file, in Arrow's notation: `string`, `list<string>`, `timestamp[us, UTC]`, …"""
    filled_count: Count
    """Records in which it is not null, empty or zero."""
    meaning: NonEmpty


class TimeSpan(Record):
    """The earliest and the latest of several timestamps."""

    first: UtcTime
    last: UtcTime


class DataCard(Record):
    """A description of an export's content, without the time or place of export: equal exports have equal cards."""

    file: NonEmpty
    """The file's name, without its folder."""
    format: Format
    compression: Compression | None
    bytes: Count
    sha256: Sha256
    """Digest of the file."""
    bodies_sha256: Sha256
    """Digest of the records' `content_sha256`, each followed by a line feed, in file order: equal for all formats."""
    broadsheet: NonEmpty
    """The version of the program that wrote it."""
    filters: ArticleFilter
    article_count: Count
    duplicate_count: Count
    """Articles that duplicate another one; 0 unless the filters include duplicates."""
    word_count: Count
    published_at: TimeSpan | None
    """None if no article has a date."""
    fetched_at: TimeSpan | None
    """None for an empty file."""
    sites: dict[str, Count]
    """Site -> number of articles; so for the three below."""
    languages: dict[str, Count]
    """Articles of unknown language are counted under `unknown`."""
    kinds: dict[str, Count]
    extractors: dict[str, Count]
    """By name and version of the extractor."""
    fields: tuple[FieldCard, ...]
    """In the records' order."""
    notes: tuple[str, ...]
    """How this format writes values that it has no type for, and who owns the texts."""


class Exported(Record):
    """The result of an export."""

    path: NonEmpty
    format: Format
    compression: Compression | None
    count: Count
    bytes: Count
    sha256: Sha256
    card: str | None
    """The data card's path; None for a pipe or a device, which gets no card."""


MEANINGS: dict[str, str] = {
    "id": "The record id: site, edition and number; `text:` and a digest for a text without a URL.",
    "site": "The publisher.",
    "edition": "The publisher's edition.",
    "language": "ISO 639-1 code, from the host or the page.",
    "url": "The article's URL, as of the newest capture.",
    "kind": "article, opinion, gallery, video, podcast or live.",
    "headline": "The headline.",
    "subtitle": "The line below the headline.",
    "authors": "People, and the publisher itself, in the byline's order.",
    "agencies": "News agencies that the text is credited to.",
    "sponsor": "Who paid for it, if a label says so.",
    "section": "The publisher's section.",
    "tags": "The publisher's tags.",
    "published_at": "When it was published; null if unknown.",
    "published_offset": "The UTC offset that the page gives with it, `+09:00`; null if it gives none.",
    "modified_at": "When it was last changed, according to the page; null if unknown.",
    "fetched_at": "When the capture that it was read from was made.",
    "body": "The text: Unicode NFC, paragraphs separated by a blank line, no boilerplate.",
    "word_count": "Words of the body.",
    "images": "The pictures: URL, caption and credit.",
    "content_sha256": "SHA-256 of the body in UTF-8.",
    "extractor": "Name and version of the extractor.",
    "sources": "Field -> source of its value.",
    "flags": "Anything unusual about the extraction.",
    "confidence": "How far the page's own evidence supports the record, 0 to 1; null if it was not read from a page.",
    "capture": "Location of the raw page: WARC file, offset and length in bytes, SHA-256 of the payload.",
    "aliases": "Every other URL at which it was ever seen.",
    "first_seen_at": "When the archive first saw it.",
    "revision": "The number of this version, from 1.",
    "duplicate_of": "The id of the article with (nearly) the same text.",
    "duplicate_kind": "How the two differ.",
    "similarity": "Jaccard index of the two texts' sets of word 3-grams, 0 to 1.",
}
"""Field of a record -> its meaning, in one line."""

RIGHTS = "The texts belong to their publishers, agencies and authors; keep author, agency and credit with each."
CSV_NOTES = (
    "Lists and mappings are written as JSON; an empty cell is null, except in `body`, where it is an empty text.",
    "A text that a spreadsheet would run as a formula is preceded by an apostrophe that is not part of the value.",
)


def list_notes(kind: Format) -> tuple[str, ...]:
    """Return the notes for a file of this format."""
    return (*(CSV_NOTES if kind is Format.CSV else ()), RIGHTS)
