"""Static sites: what was published."""

from schemas.model import Count, NonEmpty, Record
from schemas.release import LeftOutReason


class PublishedSite(Record):
    """The result of publishing."""

    path: NonEmpty
    article_count: Count
    rendered_count: Count
    """Articles that are new or changed; the pages of all others were left as they are."""
    file_count: Count
    """Files of the site."""
    written_count: Count
    """Those of them that were new or changed."""
    deleted_count: Count
    """Files of articles that are gone, and others that are not needed any more."""
    bytes: Count
    has_search: bool
    left_out_counts: dict[LeftOutReason, Count]
    problems: tuple[str, ...]
    """Pages that could not be made, one sentence each."""
