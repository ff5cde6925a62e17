"""Markdown for generated pages."""

import re
from collections.abc import Iterable, Sequence

NOTICE = "<!-- Made from the code by `python -m documentation`. -->\n"

STRAY_PLACEHOLDER = re.compile(r"<(?=[a-zA-Z/!?])")
"""Would begin an HTML tag."""


def render_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are Markdown on one line."""
    lines = [columns, ["---"] * len(columns), *([_fit_cell(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def render_code(text: str, language: str = "") -> str:
    """Return a code block."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def quote_code(text: str) -> str:
    """Return text as inline code; nothing if it is empty."""
    return f"`{text}`" if text else ""


def escape_text(text: str) -> str:
    """Return prose of the code as Markdown: what looks like a tag is text."""
    return STRAY_PLACEHOLDER.sub("&lt;", text)


def join_lines(text: str | None) -> str:
    """Return a docstring with each paragraph on one line."""
    paragraphs = re.split(r"\n\s*\n", (text or "").strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _fit_cell(cell: str) -> str:
    return " ".join(cell.split())
