"""Make an article's terms: pure, so that readers do it while the database is free for others."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from schemas.article import Article
from schemas.outcome import ArticleRead, Outcome
from schemas.terms import ArticleTerms
from storage.near_duplicates.comparison import Shingled
from storage.search.document import Searchable, read_document, render_document
from storage.search.word import list_forms


def add_terms(outcome: Outcome, dialect: str) -> Outcome:
    """Return the outcome with its article's terms, if it has an article."""
    if not isinstance(outcome, ArticleRead):
        return outcome
    return outcome.model_copy(update={"terms": make_terms(outcome.article, dialect)})


def make_terms(article: Article, dialect: str) -> ArticleTerms:
    """Return an article's terms for a kind of database."""
    found = read_document(_searchable(article, article.body))
    return ArticleTerms(
        lsh_keys=frozenset(Shingled(article.body).list_keys()),
        document=render_document(found, dialect),
        forms=tuple(sorted(list_forms(set(found.words)))),
        dialect=dialect,
    )


class ReadTerms:
    """The terms that came with a batch's outcomes, by what they were made of; others are made when they are needed."""

    def __init__(self, outcomes: Iterable[Outcome] = ()) -> None:
        read = [(one, one.terms) for one in outcomes if isinstance(one, ArticleRead) and one.terms]
        self.bodies = {one.article.content_sha256: one.article.body for one, _ in read}
        """Digest -> body."""
        self._by_digest: dict[str, list[tuple[Searchable, ArticleTerms]]] = defaultdict(list)
        for one, terms in read:
            digest = one.article.content_sha256
            self._by_digest[digest].append((_searchable(one.article, digest), terms))

    def find_keys(self, digest: str) -> frozenset[int] | None:
        """Return the LSH keys of a body; None if they did not come with an outcome."""
        found = self._by_digest.get(digest)
        return found[0][1].lsh_keys if found else None

    def find(self, columns: Sequence[Any], dialect: str) -> ArticleTerms | None:
        """Return the terms of an article with these searchable columns, the body's digest in its place.

        What is stored may be another version than what was read, so the columns decide.
        """
        stored = tuple(tuple(value) if isinstance(value, list) else value for value in columns)
        of_body = self._by_digest.get(columns[-1], ())
        return next((terms for read, terms in of_body if read == stored and terms.dialect == dialect), None)


NO_TERMS = ReadTerms()
"""For articles that no outcome came with."""


def _searchable(article: Article, body: str) -> Searchable:
    return Searchable(
        article.headline,
        article.subtitle,
        article.authors,
        article.agencies,
        article.tags,
        article.section,
        body,
    )
