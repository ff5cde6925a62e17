"""An archive opened for reading, its articles, and what a search finds."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, overload

import pipeline.archive
from pipeline.status import (
    ArticleDetails,
    RecordAmbiguous,
    RecordUnknown,
    compare_revisions,
    find_details,
    find_record,
    list_captures,
)
from schemas.article import ArticleRecord, Kind
from schemas.capture import Capture, CaptureRef, CaptureSummary
from schemas.export import ArticleFilter
from schemas.revision import Difference, Revision
from schemas.search import SearchFilter, SearchHit, SearchOrder
from schemas.settings import load_settings, sqlite_url
from storage.articles.selection import count_matching, iterate_articles, iterate_blocks
from storage.export.parquet import make_table
from storage.search.finding import search_articles
from storage.search.query import read_query
from storage.warc.capture import read_capture

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

Day = date | str
"""A publication day in the publisher's time zone; a string is an ISO date (`2024-01-31`)."""


def open_archive(data_dir: str | Path | None = None, *, database_url: str | None = None) -> "Archive":
    """Open an archive for reading. Close it, or use it in a `with` statement.

    Args:
        data_dir: The data folder, with the WARC files and, unless a `database_url` is given, the SQLite database.
            By default, the settings decide (`BROADSHEET_DATA_DIR`, `BROADSHEET_DATABASE_URL`, `.env`).
        database_url: The database's URL (`postgresql+psycopg://…`), if it is not in the data folder.

    Raises:
        SettingsInvalid: a setting is unknown or ill-formed.
        DatabaseMissing, DatabaseUnreachable, SchemaOutdated: see `storage.engine`.
    """
    settings = load_settings()
    given: dict[str, object] = {}
    if data_dir is not None:
        folder = Path(data_dir)
        given = {"data_dir": folder, "database_url": sqlite_url(folder.absolute() / "broadsheet.db")}
    if database_url is not None:
        given["database_url"] = database_url
    return Archive(pipeline.archive.open_archive(settings.model_copy(update=given), writable=False))


class Archive:
    """An archive, opened for reading.

    Articles are found by their record id or by any URL they were ever seen at.
    """

    def __init__(self, opening: Any) -> None:
        self._resources = ExitStack()
        self._archive: pipeline.archive.Archive = self._resources.enter_context(opening)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Archive {self._archive.settings.data_dir}: {len(self)} articles>"

    def close(self) -> None:
        """Close the database."""
        self._resources.close()

    def __len__(self) -> int:
        """Return the number of articles without duplicates."""
        return len(self.articles())

    def __iter__(self) -> Iterator[ArticleRecord]:
        """Yield all articles but the duplicates, oldest first."""
        return iter(self.articles())

    def __contains__(self, id_or_url: str) -> bool:
        """Return whether the archive has the article."""
        return self.get(id_or_url) is not None

    def __getitem__(self, id_or_url: str) -> ArticleRecord:
        """Return an article.

        Raises:
            KeyError: the archive does not have it.
        """
        article = self.get(id_or_url)
        if article is None:
            raise KeyError(id_or_url)
        return article

    def get(self, id_or_url: str) -> ArticleRecord | None:
        """Return an article; None if the archive does not have it.

        Raises:
            RecordAmbiguous: several articles match a part of an id.
        """
        try:
            return find_record(self._archive, id_or_url)
        except RecordAmbiguous:
            raise
        except RecordUnknown:
            return None

    def articles(  # noqa: PLR0913 - each is a condition
        self,
        query: str | None = None,
        *,
        since: Day | None = None,
        until: Day | None = None,
        site: str | None = None,
        section: str | None = None,
        author: str | None = None,
        tag: str | None = None,
        kind: Kind | str | None = None,
        language: str | None = None,
        include_duplicates: bool = False,
        rights: str | None = None,
        respect_tdm: bool = False,
        min_confidence: float | None = None,
    ) -> "Articles":
        """Select articles. Nothing is read until the selection is used.

        Args:
            query: What the articles must match, in the syntax of `broadsheet search`.
            since: The first publication day. With a day given, articles without a date are left out.
            until: The last publication day.
            site: The publisher's name, as `broadsheet site list` shows it.
            section: Words of the section's name, in any case.
            author: Consecutive words of an author's or agency's name.
            tag: Words of a tag.
            kind: The kind of article (`opinion`).
            language: The language's ISO 639-1 code.
            include_duplicates: Also give articles whose `duplicate_of` names another one.
            rights: What the page says about its use (`tdm-reserved`, `noarchive`).
            respect_tdm: Leave out articles whose text and data mining is reserved, or whose rights are unknown.
            min_confidence: Leave out articles whose confidence is lower (0 to 1), or unknown.
        """
        return Articles(
            self._archive,
            ArticleFilter(
                since=_read_day(since),
                until=_read_day(until),
                site=site,
                query=query,
                section=section,
                author=author,
                tag=tag,
                kind=Kind(kind) if kind else None,
                language=language,
                include_duplicates=include_duplicates,
                rights=rights,
                respect_tdm=respect_tdm,
                min_confidence=None if min_confidence is None else float(min_confidence),
            ),
        )

    def search(  # noqa: PLR0913 - each is a condition
        self,
        query: str,
        *,
        author: str | None = None,
        section: str | None = None,
        tag: str | None = None,
        site: str | None = None,
        kind: Kind | str | None = None,
        language: str | None = None,
        since: Day | None = None,
        until: Day | None = None,
        include_duplicates: bool = False,
        rights: str | None = None,
        respect_tdm: bool = False,
        min_confidence: float | None = None,
        order: SearchOrder | str = SearchOrder.RELEVANCE,
        offset: int = 0,
        limit: int = 20,
    ) -> "Hits":
        """Search the full text. The query has the syntax of `broadsheet search`; the filters are those of `articles`.

        `order` is `relevance`, `newest` or `oldest`; `offset` hits are skipped, and `limit` are returned at most.

        Raises:
            QueryEmpty: the query has no word to look for.
        """
        wanted = SearchFilter(
            since=_read_day(since),
            until=_read_day(until),
            site=site,
            kind=Kind(kind) if kind else None,
            language=language,
            include_duplicates=include_duplicates,
            rights=rights,
            respect_tdm=respect_tdm,
            min_confidence=None if min_confidence is None else float(min_confidence),
            order=SearchOrder(order),
            offset=offset,
            limit=limit,
        )
        parsed = read_query(query, author=author, section=section, tag=tag)
        return Hits(search_articles(self._archive.database, parsed, wanted))

    def details(self, id_or_url: str) -> ArticleDetails:
        """Return an article with its revisions, its duplicates, and why it is a duplicate itself.

        Raises:
            KeyError: the archive does not have it.
        """
        return find_details(self._archive, self[id_or_url].id)

    def revisions(self, id_or_url: str) -> tuple[Revision, ...]:
        """Return all versions of an article, oldest first; the last one is the present one.

        Raises:
            KeyError: the archive does not have it.
        """
        return self.details(id_or_url).revisions

    def compare(self, id_or_url: str, before: int | None = None, after: int | None = None) -> Difference:
        """Compare two revisions of an article by their numbers, by default the last two.

        Raises:
            KeyError: the archive does not have the article.
            VersionUnknown: it has no revision of such a number.
        """
        return compare_revisions(self._archive, self[id_or_url].id, before, after)

    def captures(self, id_or_url: str) -> list[CaptureSummary]:
        """Return the captures of an article's pages, oldest first: when they were fetched, and where they lie.

        Raises:
            KeyError: the archive does not have it.
        """
        return list_captures(self._archive, self[id_or_url])

    def read_capture(self, capture: CaptureSummary | CaptureRef) -> Capture:
        """Read a capture from its WARC file: headers, and the body with its encodings undone.

        Raises:
            CaptureCorrupt, CaptureTruncated: the record is damaged.
            FileNotFoundError: the WARC file is not there.
        """
        ref = capture.ref if isinstance(capture, CaptureSummary) else capture
        return read_capture(ref, self._archive.warcs, self._archive.settings.max_page_bytes)


class Articles:
    """A selection of articles: iterate over it, count it, or load it into a table.

    The order is that of exports: by publication time, articles without one last. Each use reads anew.
    """

    def __init__(self, archive: pipeline.archive.Archive, wanted: ArticleFilter) -> None:
        self._archive = archive
        self._filter = wanted

    def __repr__(self) -> str:
        return f"<Articles: {len(self)}>"

    def __len__(self) -> int:
        """Return the number of articles."""
        with self._archive.database.read() as session:
            return count_matching(session, self._filter)

    def __iter__(self) -> Iterator[ArticleRecord]:
        """Yield the articles, some held in memory at a time."""
        with self._archive.database.read_snapshot() as session:
            yield from iterate_articles(session, self._filter)

    def to_arrow(self) -> "pa.Table":
        """Load them as an Arrow table, with the columns of a Parquet export."""
        with self._archive.database.read_snapshot() as session:
            return make_table(iterate_blocks(session, self._filter))

    def to_polars(self) -> "pl.DataFrame":
        """Load them as a Polars data frame. Polars must be installed."""
        return _as_polars(self.to_arrow())

    def to_pandas(self) -> "pd.DataFrame":
        """Load them as a pandas data frame. pandas must be installed."""
        return _as_pandas(self.to_arrow())


class Hits(Sequence[SearchHit]):
    """What a search found, best first."""

    def __init__(self, hits: Sequence[SearchHit]) -> None:
        self._hits = tuple(hits)

    def __repr__(self) -> str:
        return f"<Hits: {len(self)}>"

    def __len__(self) -> int:
        return len(self._hits)

    @overload
    def __getitem__(self, index: int) -> SearchHit: ...
    @overload
    def __getitem__(self, index: slice) -> "Hits": ...
    def __getitem__(self, index: int | slice) -> "SearchHit | Hits":
        return Hits(self._hits[index]) if isinstance(index, slice) else self._hits[index]

    def to_arrow(self) -> "pa.Table":
        """Load them as an Arrow table; marks are pairs of character positions."""
        import pyarrow as pa

        return pa.Table.from_pylist([hit.model_dump(mode="python") | {"kind": hit.kind.value} for hit in self])

    def to_polars(self) -> "pl.DataFrame":
        """Load them as a Polars data frame. Polars must be installed."""
        return _as_polars(self.to_arrow())

    def to_pandas(self) -> "pd.DataFrame":
        """Load them as a pandas data frame. pandas must be installed."""
        return _as_pandas(self.to_arrow())


def _as_polars(table: "pa.Table") -> "pl.DataFrame":
    frame: pl.DataFrame = _require("polars").from_arrow(table)
    return frame


def _as_pandas(table: "pa.Table") -> "pd.DataFrame":
    _require("pandas")
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _require(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{name} is not installed: pip install {name}", name=name) from error


def _read_day(day: Day | None) -> date | None:
    return date.fromisoformat(day) if isinstance(day, str) else day
