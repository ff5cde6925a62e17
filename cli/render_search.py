"""Print search hits on a terminal."""

from collections.abc import Sequence

from rich.text import Text

from cli.render import console, print_wrapped
from schemas.search import Mark, SearchCount, SearchHit

MARK_STYLE = "bold red"
"""The style of `grep --color`."""


def render_hits(hits: Sequence[SearchHit], count: SearchCount, offset: int) -> None:
    """Print each hit's headline, a line of metadata and a snippet; then which of all matches these are."""
    for hit in hits:
        print_wrapped(_mark(hit.headline or "(no headline)", hit.headline_marks, "bold"))
        if hit.subtitle and hit.subtitle_marks:
            print_wrapped(_mark(hit.subtitle, hit.subtitle_marks, "italic"))
        print_wrapped(Text(_list_facts(hit), style="cyan"))
        if hit.snippet:
            console.print(_mark(hit.snippet, hit.snippet_marks))
        console.print()
    console.print(_describe_page(len(hits), count.total_count, offset), style="dim", highlight=False)
    if count.undated_count:
        left_out = f"{count.undated_count} more without a date, left out by --from and --to"
        console.print(left_out, style="dim", highlight=False)


def _describe_page(hit_count: int, total_count: int, offset: int) -> str:
    if not total_count:
        return "nothing found"
    if hit_count == total_count:
        return f"{total_count} found"
    end = offset + hit_count
    more = f"; --offset {end} shows more" if end < total_count else ""
    return (
        f"{offset + 1} to {end} of {total_count}{more}" if hit_count else f"none from {offset + 1} on, of {total_count}"
    )


def _mark(text: str, marks: Sequence[Mark], style: str = "") -> Text:
    shown = Text(text, style=style)
    for start, end in marks:
        shown.stylize(MARK_STYLE, start, end)
    return shown


def _list_facts(hit: SearchHit) -> str:
    duplicate = f"duplicate of {hit.duplicate_of}" if hit.duplicate_of else None
    facts = (
        hit.id,
        hit.published_on.isoformat() if hit.published_on else "no date",
        hit.section,
        ", ".join(hit.authors),
        duplicate,
    )
    return " · ".join(fact for fact in facts if fact)
