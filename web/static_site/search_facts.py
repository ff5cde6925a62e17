"""What the search of a static site says before anything is searched: its languages, and counts by each filter."""

from collections import Counter, defaultdict

from schemas.article import ArticleRecord
from storage.ledger.publication_date import publication_day
from web.static_site.search_index import list_filters

VALUE_COUNT = 40
"""Values of a filter that `search.js` shows."""

YEAR = "year"


class SearchFacts:
    """Counted over the articles that a site shows."""

    def __init__(self) -> None:
        self.article_count = 0
        self._languages: Counter[str] = Counter()
        self._values: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, record: ArticleRecord) -> None:
        """Count an article."""
        self.article_count += 1
        if record.language:
            self._languages[record.language] += 1
        day = publication_day(record.published_at, record.site, record.published_offset)
        for name, values in list_filters(record, day).items():
            self._values[name].update(values)

    @property
    def language(self) -> str:
        """The language of most articles."""
        return self._languages.most_common(1)[0][0] if self._languages else "en"

    def list_filters(self) -> dict[str, dict[str, int]]:
        """Return of each filter the values that most articles have; of years, all."""
        return {
            name: dict(
                sorted(counts.items(), key=lambda one: (-one[1], one[0]))[: None if name == YEAR else VALUE_COUNT]
            )
            for name, counts in sorted(self._values.items())
        }
