"""What the page of an article shows, in words."""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import JsonValue

from pipeline.status import ArticleDetails
from schemas.article import split_paragraphs
from schemas.duplicate import KIND_MEANINGS
from schemas.export import MEANINGS
from schemas.flag import FLAG_MEANINGS

EMPTY: tuple[JsonValue, ...] = (None, "", [], {})

SHOWN_ELSEWHERE = frozenset({"body", "sources"})
"""Fields of which only the source is listed: the text, and the sources themselves."""


class Paragraph(NamedTuple):
    """A paragraph of the text."""

    text: str
    is_shared: bool
    """Whether the article that this one duplicates has it too."""


class Field(NamedTuple):
    """A field of the record, its values and where they came from."""

    name: str
    meaning: str
    values: tuple[str, ...]
    source: str | None


class ArticleView:
    """An article's details, prepared for its page."""

    def __init__(self, details: ArticleDetails) -> None:
        self._record = details.record
        self._explanation = details.explanation

    @property
    def paragraphs(self) -> list[Paragraph]:
        """The paragraphs, with those marked that a duplicate shares with its primary."""
        shared = set(self._explanation.shared_paragraphs) if self._explanation else set()
        return [Paragraph(text, text in shared) for text in split_paragraphs(self._record.body)]

    @property
    def relation(self) -> str:
        """What a duplicate is, before the id of its primary."""
        return KIND_MEANINGS[self._explanation.kind] if self._explanation else ""

    @property
    def flags(self) -> list[tuple[str, str]]:
        """The flags, each with its meaning in words."""
        return [(name, FLAG_MEANINGS.get(name, name.replace("-", " "))) for name in self._record.flags]

    @property
    def captioned_images(self) -> list[dict[str, str | None]]:
        """The pictures that have a caption or a credit: the archive does not hold the pictures themselves."""
        images = [image.model_dump() for image in self._record.images]
        return [image for image in images if image["caption"] or image["credit"]]

    @property
    def fields(self) -> Iterator[Field]:
        """The record's fields that have a value or a source."""
        for name, value in self._record.model_dump(mode="json").items():
            source = self._record.sources.get(name)
            values = value if isinstance(value, list) else [value]
            shown = () if name in SHOWN_ELSEWHERE else tuple(_format(one) for one in values if one not in EMPTY)
            if shown or source:
                yield Field(name, MEANINGS[name], shown, source)


def _format(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items() if one not in EMPTY)
    return str(value)
