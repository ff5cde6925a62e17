"""Finds the articles that pages show."""

from pipeline.archive import Archive
from pipeline.status import ArticleDetails, find_details, find_record
from schemas.article import ArticleRecord


class ArticleSource:
    """Reads articles from the archive, for a server each time anew.

    A static site's pages of an article are made one after another: then the last article is kept until another is asked
    for, so that it is read once.
    """

    def __init__(self, archive: Archive, *, keeps_last: bool = False) -> None:
        self._archive = archive
        self._keeps_last = keeps_last
        self._last: tuple[str, ArticleDetails] | None = None

    def find_record(self, id_or_url: str) -> ArticleRecord:
        """Return a record, as `pipeline.status.find_record` does."""
        return self.find_details(id_or_url).record if self._keeps_last else find_record(self._archive, id_or_url)

    def find_details(self, id_or_url: str) -> ArticleDetails:
        """Return a record with its details, as `pipeline.status.find_details` does."""
        last = self._last  # several threads ask at once
        if last and last[0] == id_or_url:
            return last[1]
        details = find_details(self._archive, id_or_url)
        if self._keeps_last:
            self._last = id_or_url, details
        return details
