"""Print search hits on a terminal."""

from collections.abc import Sequence

from rich.text import Text

from cli.render import console
from schemas.search import Mark, SearchHit
from storage.ledger.publication_date import publication_day

MARK_STYLE = "bold red"
"""The style of `grep --color`."""


def render_hits(hits: Sequence[SearchHit], limit: int) -> None:
    """Print each hit's headline, a line of metadata and a snippet."""
    for hit in hits:
        console.print(_mark(hit.headline or "(no headline)", hit.headline_marks, "bold"), soft_wrap=True)
        if hit.subtitle and hit.subtitle_marks:
            console.print(_mark(hit.subtitle, hit.subtitle_marks, "italic"), soft_wrap=True)
        console.print(Text(_list_facts(hit), style="cyan"), soft_wrap=True)
        if hit.snippet:
            console.print(_mark(hit.snippet, hit.snippet_marks))
        console.print()
    if not hits:
        console.print("nothing found")
    elif len(hits) == limit:
        console.print(f"the first {limit}; --limit shows more", style="dim", highlight=False)


def _mark(text: str, marks: Sequence[Mark], style: str = "") -> Text:
    shown = Text(text, style=style)
    for start, end in marks:
        shown.stylize(MARK_STYLE, start, end)
    return shown


def _list_facts(hit: SearchHit) -> str:
    day = publication_day(hit.published_at)
    duplicate = f"duplicate of {hit.duplicate_of}" if hit.duplicate_of else None
    facts = (hit.id, day.isoformat() if day else "no date", hit.section, ", ".join(hit.authors), duplicate)
    return " · ".join(fact for fact in facts if fact)
