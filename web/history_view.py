"""What the page of an article's history shows, in words."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from difflib import SequenceMatcher
from itertools import groupby
from typing import NamedTuple

from pydantic import JsonValue

from schemas.article import ArticleRecord
from schemas.revision import Difference, FieldChange, ParagraphChange, Revision, RevisionClass, WordRun
from storage.revisions.difference import compare_words
from web.capture_view import link_capture
from web.page import format_time, quote_path_part

MEANINGS = {
    None: "the first version",
    RevisionClass.TYPO: "a few typos were fixed",
    RevisionClass.HEADLINE: "the headline or the subtitle changed",
    RevisionClass.CORRECTION: "the publisher says in the text that it was corrected, clarified or updated",
    RevisionClass.SUBSTANTIVE: "the text says something else",
    RevisionClass.REMOVED: "the publisher removed the page; this is the last that was captured",
    RevisionClass.RESTORED: "the page is back, unchanged",
    RevisionClass.METADATA: "authors, section, tags, dates, pictures or kind changed, but not the text",
    RevisionClass.REPROCESSED: "the page is the same, but today's rules read it differently",
}

LABELS = {
    "edition": "Edition",
    "language": "Language",
    "kind": "Kind",
    "headline": "Headline",
    "subtitle": "Subtitle",
    "authors": "Authors",
    "agencies": "Agencies",
    "sponsor": "Paid for by",
    "section": "Section",
    "tags": "Tags",
    "published_at": "Published",
    "images": "Pictures",
}

PROSE = {"headline", "subtitle"}
"""Fields that are compared word by word."""

EMPTY: tuple[JsonValue, ...] = (None, "", [], {})


class Version(NamedTuple):
    """A version in the time line."""

    revision: Revision
    name: str
    """Its class."""
    meaning: str
    capture_url: str
    change_url: str | None
    """Where the page shows what it changed; None for the first version."""
    all_changes_url: str | None
    """Where the page shows what has changed since the first version; None if that is the one before, or itself."""


class FieldView(NamedTuple):
    """A changed field."""

    label: str
    runs: tuple[WordRun, ...]


class Block(NamedTuple):
    """Consecutive paragraphs that are all the same, or all not."""

    is_same: bool
    paragraphs: list[tuple[WordRun, ...]]


class HistoryView:
    """An article's versions, and the difference between two of them, prepared for their page."""

    def __init__(self, record: ArticleRecord, revisions: Sequence[Revision], difference: Difference | None) -> None:
        self._record = record
        self._revisions = revisions
        self.difference = difference

    @property
    def versions(self) -> list[Version]:
        """The versions, the newest first."""
        first = self._revisions[0].number
        return [
            Version(
                one,
                one.revision_class.value if one.revision_class else "first",
                MEANINGS[one.revision_class],
                self._link_capture(one),
                self.link_change(one.number - 1, one.number) if one.number > first else None,
                self.link_change(first, one.number) if one.number > first + 1 else None,
            )
            for one in reversed(self._revisions)
        ]

    def _link_capture(self, revision: Revision) -> str:
        return link_capture("/capture", self._record.id, revision.removed_capture or revision.capture)

    def link_change(self, before: int, after: int) -> str:
        """Return the URL of the difference between two versions."""
        return f"/history/{quote_path_part(self._record.id)}?from={before}&to={after}#difference"

    @property
    def fields(self) -> list[FieldView]:
        """The changed fields, except the text."""
        found = self.difference.fields if self.difference else {}
        return [FieldView(LABELS[name], tuple(self._list_runs(name, change))) for name, change in found.items()]

    def _list_runs(self, name: str, change: FieldChange) -> Iterator[WordRun]:
        if name in PROSE:
            yield from compare_words(str(change.before or ""), str(change.after or ""))
            return
        before, after = self._list_values(name, change.before), self._list_values(name, change.after)
        for op, old_start, old_end, new_start, new_end in SequenceMatcher(None, before, after).get_opcodes():
            if op == "equal":
                yield WordRun(op="same", text=", ".join(after[new_start:new_end]))
                continue
            if old_end > old_start:
                yield WordRun(op="removed", text=", ".join(before[old_start:old_end]))
            if new_end > new_start:
                yield WordRun(op="added", text=", ".join(after[new_start:new_end]))

    def _list_values(self, name: str, value: JsonValue) -> list[str]:
        """Return a field's values as texts."""
        if name == "published_at" and isinstance(value, str):
            return [format_time(datetime.fromisoformat(value), self._record.site, self._record.published_offset)]
        values = value if isinstance(value, list) else [value]
        return [_format(one) for one in values if one not in EMPTY]

    @property
    def blocks(self) -> list[Block]:
        """The paragraphs of both versions, those that are the same apart from the others."""
        changes = self.difference.paragraphs if self.difference else ()
        return [
            Block(is_same, [_list_word_runs(change) for change in group])
            for is_same, group in groupby(changes, key=lambda change: change.op == "same")
        ]

    @property
    def has_same_text(self) -> bool:
        """Whether the text is the same in both versions."""
        return all(block.is_same for block in self.blocks)


def _format(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items() if one not in EMPTY)
    return str(value)


def _list_word_runs(change: ParagraphChange) -> tuple[WordRun, ...]:
    """Return a changed paragraph's word runs; of any other, one run of all its words."""
    if change.words:
        return change.words
    if change.after is None:
        return (WordRun(op="removed", text=change.before or ""),)
    return (WordRun(op="same" if change.op == "same" else "added", text=change.after),)
