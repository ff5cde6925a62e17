"""What an export is: its file, and the data card that lies beside it."""

from enum import StrEnum
from pathlib import PurePath
from typing import Self

from schemas.failure import UsageFailure
from schemas.model import Count, NonEmpty, Record, Sha256, UtcTime
from schemas.span import Span

CARD_SUFFIX = ".card.json"


def name_card(file_name: str) -> str:
    """Name the data card of a file: `articles-jsonl-gz.card.json` for `articles.jsonl.gz`.

    Without the file's dots, `datasets.load_dataset(FOLDER)` does not take the card for a Parquet file.
    """
    return file_name.replace(".", "-") + CARD_SUFFIX


class Format(StrEnum):
    """How articles are written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


class Compression(StrEnum):
    """How the whole file is compressed."""

    GZIP = "gzip"
    ZSTD = "zstd"


COMPRESSIONS = {".gz": Compression.GZIP, ".zst": Compression.ZSTD}
"""By the last ending of a file's name."""


class FormatUnclear(UsageFailure):
    """What to write is not said, or contradicts itself; the message is one line."""


class FileFormat(Record):
    """What an export's file is made of."""

    format: Format
    compression: Compression | None = None
    has_bom: bool = False
    """A CSV begins with a byte-order mark: by it some spreadsheets know that the text is UTF-8."""

    @classmethod
    def choose(cls, name: str, asked: Format | None = None, *, has_bom: bool = False) -> Self:
        """By the format that is asked for, else by the file's name (`-`, standard output, is JSON Lines).

        Raises:
            FormatUnclear: neither says it, or they contradict each other.
        """
        path = PurePath(name)
        compression = COMPRESSIONS.get(path.suffix.lower())
        ending = (path.with_suffix("") if compression else path).suffix.lower().removeprefix(".")
        chosen = asked or (Format.JSONL if name == "-" else next((one for one in Format if one == ending), None))
        if chosen is None:
            known = ", ".join(f".{one}" for one in Format)
            raise FormatUnclear(f"{name}: the name ends in none of {known} (and .gz or .zst); say --format")
        if chosen is Format.PARQUET and compression:
            raise FormatUnclear(f"{name}: a Parquet file compresses its own columns; name it without {path.suffix}")
        if has_bom and chosen is not Format.CSV:
            raise FormatUnclear(f"--bom is for CSV, and {name} is to be {chosen}")
        return cls(format=chosen, compression=compression, has_bom=has_bom)

    @property
    def is_text(self) -> bool:
        """Whether a terminal can show it."""
        return self.format is not Format.PARQUET and self.compression is None


class ArticleFilter(Span):
    """Which articles: everything that is given must hold. With a day given, articles without a date are left out."""

    site: NonEmpty | None = None
    section: NonEmpty | None = None
    include_duplicates: bool = False


class FieldCard(Record):
    """One field of the records, and how many of them have it."""

    name: NonEmpty
    type: NonEmpty
    """Its type in a Parquet file, as Arrow writes types: `string`, `list<string>`, `timestamp[us, UTC]`, …"""
    filled_count: Count
    """Records in which it is neither null, empty nor nought."""
    meaning: NonEmpty


class TimeSpan(Record):
    """The earliest and the latest of some instants."""

    first: UtcTime
    last: UtcTime


class DataCard(Record):
    """What an export's file holds. It does not tell when or where that was made: the same export has the same card."""

    file: NonEmpty
    """The file's name, without its folder."""
    format: Format
    compression: Compression | None
    bytes: Count
    sha256: Sha256
    """Of the file."""
    bodies_sha256: Sha256
    """Of the records' `content_sha256`, each with a line feed after it, in the file's order: one for all formats."""
    broadsheet: NonEmpty
    """The version of the program that wrote it."""
    filters: ArticleFilter
    article_count: Count
    duplicate_count: Count
    """Articles that are duplicates of another one; none unless the filters include them."""
    word_count: Count
    published_at: TimeSpan | None
    """None where no article has a date."""
    fetched_at: TimeSpan | None
    """None of an empty file."""
    sites: dict[str, Count]
    """Site -> articles; those below likewise."""
    languages: dict[str, Count]
    """Under `unknown`, those whose language nothing tells."""
    kinds: dict[str, Count]
    extractors: dict[str, Count]
    """Name and version of what read the pages."""
    fields: tuple[FieldCard, ...]
    """In the records' order."""
    notes: tuple[str, ...]
    """How this format writes what it has no type for, and whose the texts are."""


class Exported(Record):
    """What an export wrote."""

    path: NonEmpty
    format: Format
    compression: Compression | None
    count: Count
    bytes: Count
    sha256: Sha256
    card: str | None
    """The data card's path; None where the file is a pipe or a device, that has nothing beside it."""


MEANINGS: dict[str, str] = {
    "id": "The record id: site, edition and number; `text:` and a digest for a text without a URL.",
    "site": "The publisher.",
    "edition": "The publisher's edition.",
    "language": "ISO 639-1, told by the host or the page.",
    "url": "The article's URL as the newest capture names it.",
    "kind": "article, opinion, gallery, video, podcast or live.",
    "headline": "The headline.",
    "subtitle": "The line below it.",
    "authors": "Persons, and the publisher itself, in the byline's order.",
    "agencies": "News agencies that the text is credited to.",
    "sponsor": "Who paid for it, where a label names them.",
    "section": "The publisher's section.",
    "tags": "The publisher's tags.",
    "published_at": "When it was published; null where nothing tells.",
    "modified_at": "When it was last changed, as the page shows it; null where nothing tells.",
    "fetched_at": "When the capture was made that it was read from.",
    "body": "The text: Unicode NFC, paragraphs parted by a blank line, no page furniture.",
    "word_count": "Words of the body.",
    "images": "The pictures: URL, caption and credit.",
    "content_sha256": "SHA-256 of the body in UTF-8.",
    "extractor": "Name and version of what read the page.",
    "sources": "Field -> where its value came from.",
    "flags": "What is remarkable about the reading.",
    "capture": "Where the raw page lies: WARC file, offset and length in bytes, SHA-256 of the payload.",
    "aliases": "Every other URL that it was ever seen at.",
    "first_seen_at": "When the archive first knew of it.",
    "revision": "The number of this version, from 1.",
    "duplicate_of": "The id of the article that has (nearly) the same text.",
    "duplicate_kind": "How the two differ.",
    "similarity": "Of the two texts' sets of word 3-grams: the Jaccard index, 0 to 1.",
}
"""What each field of a record is, in one line."""

RIGHTS = "The texts belong to their publishers, agencies and authors; keep author, agency and credit with each."
CSV_NOTES = (
    "Lists and mappings stand as JSON in their cell; an empty cell is null, but that of a body an empty text.",
    "A text that a spreadsheet would run as a formula has an apostrophe before it, which is not part of the value.",
)


def list_notes(kind: Format) -> tuple[str, ...]:
    """What to know of a file of this format."""
    return (*(CSV_NOTES if kind is Format.CSV else ()), RIGHTS)
