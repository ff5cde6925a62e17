"""Translate a query into the index's words and each database's query syntax.

Only letters, digits and our own prefixes get here, so nothing needs escaping.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from schemas.search import SearchPart, SearchQuery, Term
from storage.search.document import PART_PREFIXES, list_lexemes

Forms = Mapping[str, Sequence[str]]
"""Word -> its other forms."""

Scope = tuple[SearchPart, ...]
"""The parts in which terms without a part are searched; empty for anywhere."""


class WordSequence(NamedTuple):
    """Consecutive words of the index."""

    words: tuple[str, ...]
    is_prefix: bool = False
    """Whether the last word is a prefix."""


class Match(NamedTuple):
    """One sequence of each group has to occur, and none of the excluded ones."""

    wanted: list[list[WordSequence]]
    excluded: list[WordSequence]


def expand_term(term: Term, forms: Forms) -> list[WordSequence]:
    """Return a term's words as a sequence, and each other form of its word."""
    others = () if term.is_exact else forms.get(term.words[0], ())
    return [WordSequence(term.words, term.is_prefix), *(WordSequence((form,)) for form in others)]


def scope_query(query: SearchQuery, forms: Forms, scope: Scope) -> Match:
    """Restrict terms without a part to these parts. Exclusions apply everywhere."""
    wanted = [[sequence for term in group for sequence in _scope_term(term, forms, scope)] for group in query.wanted]
    return Match(wanted, [sequence for term in query.excluded for sequence in _scope_term(term, forms, ())])


def _scope_term(term: Term, forms: Forms, scope: Scope) -> list[WordSequence]:
    sequences = expand_term(term, forms)
    parts = (term.part,) if term.part else scope
    if not parts:
        return sequences
    return [
        WordSequence(tuple(PART_PREFIXES[part] + word for word in sequence.words), sequence.is_prefix)
        for part in parts
        for sequence in sequences
    ]


def render_match(match: Match) -> str:
    """Render for SQLite's FTS5: `(("war" OR "wars") AND ("white hou" *)) NOT ("x")`."""
    text = " AND ".join(map(_render_any, match.wanted))
    return f"({text}) NOT {_render_any(match.excluded)}" if match.excluded else text


def _render_any(sequences: Sequence[WordSequence]) -> str:
    return f"({' OR '.join(map(_render_phrase, sequences))})"


def _render_phrase(sequence: WordSequence) -> str:
    return f'"{" ".join(sequence.words)}"{" *" if sequence.is_prefix else ""}'


def render_tsquery(match: Match) -> str:
    """Render for PostgreSQL: `('war' | 'wars') & ('white' <-> 'hou':*) & !('x')`."""
    parts = [_join_any(sequences, _render_sequence) for sequences in match.wanted]
    return " & ".join([*parts, *([f"!{_join_any(match.excluded, _render_sequence)}"] if match.excluded else [])])


def render_candidates(match: Match) -> str:
    """Render without word order, which PostgreSQL's index does not know: it finds a superset of the matches."""
    parts = [_join_any(sequences, _render_set) for sequences in match.wanted]
    excluded = [sequence for sequence in match.excluded if len(sequence.words) == 1]
    return " & ".join([*parts, *([f"!{_join_any(excluded, _render_set)}"] if excluded else [])])


def has_phrases(match: Match) -> bool:
    """Whether the order of words matters."""
    return any(len(sequence.words) > 1 for sequences in (*match.wanted, match.excluded) for sequence in sequences)


def _join_any(sequences: Sequence[WordSequence], render: Callable[[WordSequence], str]) -> str:
    return f"({' | '.join(map(render, sequences))})"


def _render_set(sequence: WordSequence) -> str:
    quoted_words = [_quote([word]) for word in sequence.words]
    return f"({' & '.join(quoted_words)}{':*' if sequence.is_prefix else ''})"


def _render_sequence(sequence: WordSequence) -> str:
    # Positions only matter in a phrase; a prefix also matches the lexemes of further positions.
    quoted_words = [
        _quote(sequence.words) if len(sequence.words) == 1 else _quote(list_lexemes(word)) for word in sequence.words
    ]
    if sequence.is_prefix:
        quoted_words[-1] = f"{_quote(sequence.words[-1:])}:*"
    return " <-> ".join(quoted_words)


def _quote(lexemes: Sequence[str]) -> str:
    quoted = " | ".join(f"'{lexeme}'" for lexeme in lexemes)
    return f"({quoted})" if len(lexemes) > 1 else quoted
