"""What an article is found by: its keys for near-duplicates and its search words."""

from typing import NamedTuple


class ArticleTerms(NamedTuple):
    """The terms of an article as a database stores them. Making them takes longer than inserting them."""

    lsh_keys: frozenset[int]
    """The keys that near-duplicates of its body share."""
    document: str
    """Its words as the search index has them: positions on PostgreSQL, the words in order on SQLite."""
    forms: tuple[tuple[str, str], ...]
    """(stem, word) of each of its words that has another stem."""
    dialect: str
    """The database that the document is made for."""
