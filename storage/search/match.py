"""A query in the words of the index, as each database wants to be asked.

Whatever a person typed, only letters, digits and our own marks get here: there is nothing to escape.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from schemas.search import SearchPart, SearchQuery, Term
from storage.search.document import SIGNS, place_names

Forms = Mapping[str, Sequence[str]]
"""Word -> its other forms."""

Scope = tuple[SearchPart, ...]
"""The parts in which a term is looked for that names none; none of them for anywhere."""


class WordSequence(NamedTuple):
    """Words of the index in a row."""

    words: tuple[str, ...]
    is_prefix: bool = False
    """The last one may go on."""


class Match(NamedTuple):
    """Of each group of runs, one occurs; of the excluded ones, none."""

    wanted: list[list[WordSequence]]
    excluded: list[WordSequence]


def expand_term(term: Term, forms: Forms) -> list[WordSequence]:
    """The words of a term in a row, or each form of its word."""
    others = () if term.is_exact else forms.get(term.words[0], ())
    return [WordSequence(term.words, term.is_prefix), *(WordSequence((form,)) for form in others)]


def scope_query(query: SearchQuery, forms: Forms, scope: Scope) -> Match:
    """The query with its open terms looked for in these parts alone. What is excluded, is so wherever it stands."""
    wanted = [[run for term in group for run in _place(term, forms, scope)] for group in query.wanted]
    return Match(wanted, [run for term in query.excluded for run in _place(term, forms, ())])


def _place(term: Term, forms: Forms, scope: Scope) -> list[WordSequence]:
    runs = expand_term(term, forms)
    parts = (term.part,) if term.part else scope
    if not parts:
        return runs
    return [
        WordSequence(tuple(SIGNS[part] + word for word in run.words), run.is_prefix) for part in parts for run in runs
    ]


def render_match(match: Match) -> str:
    """For SQLite's FTS5: `(("war" OR "wars") AND ("white hou" *)) NOT ("x")`."""
    text = " AND ".join(map(_render_any, match.wanted))
    return f"({text}) NOT {_render_any(match.excluded)}" if match.excluded else text


def _render_any(runs: Sequence[WordSequence]) -> str:
    return f"({' OR '.join(map(_render_phrase, runs))})"


def _render_phrase(run: WordSequence) -> str:
    return f'"{" ".join(run.words)}"{" *" if run.is_prefix else ""}'


def render_tsquery(match: Match) -> str:
    """For PostgreSQL: `('war' | 'wars') & ('white' <-> 'hou':*) & !('x')`."""
    parts = [_join_any(runs, _render_sequence) for runs in match.wanted]
    return " & ".join([*parts, *([f"!{_join_any(match.excluded, _render_sequence)}"] if match.excluded else [])])


def render_candidates(match: Match) -> str:
    """The same without what its index cannot tell, the order of the words: what matches is among what this finds."""
    parts = [_join_any(runs, _render_set) for runs in match.wanted]
    excluded = [run for run in match.excluded if len(run.words) == 1]
    return " & ".join([*parts, *([f"!{_join_any(excluded, _render_set)}"] if excluded else [])])


def has_phrases(match: Match) -> bool:
    """Whether an order of words is asked for."""
    return any(len(run.words) > 1 for runs in (*match.wanted, match.excluded) for run in runs)


def _join_any(runs: Sequence[WordSequence], render: Callable[[WordSequence], str]) -> str:
    return f"({' | '.join(map(render, runs))})"


def _render_set(run: WordSequence) -> str:
    names = [_name([word]) for word in run.words]
    return f"({' & '.join(names)}{':*' if run.is_prefix else ''})"


def _render_sequence(run: WordSequence) -> str:
    # Only in a phrase do the places count; what begins with a word is also what its further places stand under.
    names = [_name(run.words) if len(run.words) == 1 else _name(place_names(word)) for word in run.words]
    if run.is_prefix:
        names[-1] = f"{_name(run.words[-1:])}:*"
    return " <-> ".join(names)


def _name(names: Sequence[str]) -> str:
    quoted = " | ".join(f"'{name}'" for name in names)
    return f"({quoted})" if len(names) > 1 else quoted
