"""The archive from Python: open it, go through its articles, search them, and hand them to Polars, pandas or Arrow.

    import broadsheet

    with broadsheet.open("data") as archive:
        for article in archive.articles(section="news", since="2024-01-01"):
            print(article.published_at, article.headline)

Everything here reads; to fetch, import or change anything there is the command. See `docs/notebook.md`.
"""

from broadsheet.archive import Archive, Articles, Hits, open_archive
from pipeline.status import ArticleDetails
from schemas.article import ArticleRecord
from schemas.capture import Capture, CaptureSummary
from schemas.revision import Difference, Revision
from schemas.search import SearchHit

__all__ = [
    "Archive",
    "ArticleDetails",
    "ArticleRecord",
    "Articles",
    "Capture",
    "CaptureSummary",
    "Difference",
    "Hits",
    "Revision",
    "SearchHit",
    "open",
]

open = open_archive  # noqa: A001 - as gzip.open and its like
