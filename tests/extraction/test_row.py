"""A row of a table: a text with metadata is cleaned like any text, and its columns are taken at their word."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from extraction.row import RowRead, find_fetched_at, read_row
from schemas.article import Draft, Kind, Unreadable
from schemas.table import COLUMN_NAMES, ROW_MEDIA_TYPE
from sites import PUBLISHERS
from tests.extraction.pages import URL, make_capture

TEXT = "The ministry said on Thursday that the talks would go on.\n\nIt gave no further details of them."
SEED = next((Path(__file__).parent.parent.parent / "seeds").glob("001*"))
CLEAN = next((Path(__file__).parent.parent.parent / "seeds" / "expected").glob("001*"))


def read(**values: object) -> RowRead:
    return read_row(make_capture(json.dumps(values), None, (("content-type", ROW_MEDIA_TYPE),)), PUBLISHERS)


def read_draft(**values: object) -> Draft:
    draft = read(**values).draft
    assert isinstance(draft, Draft), draft
    return draft


def read_reason(**values: object) -> str:
    draft = read(**values).draft
    assert isinstance(draft, Unreadable)
    return f"{draft.reason}: {draft.detail}"


def test_every_column_becomes_its_field_and_the_table_is_its_source() -> None:
    found = read(
        url=URL,
        title="  A  Headline ",
        text=TEXT,
        date="2024-06-29T10:00:00+03:00",
        byline="By Jane Doe and John Roe",
        section="News",
        tags="kremlin, war",
        kind="Opinion",
        crawled_at="2024-06-30T10:00:00Z",
    )
    assert found.identity
    assert found.identity.id == "moscow-times:en:85656"
    draft = found.draft
    assert isinstance(draft, Draft)
    assert (draft.headline, draft.authors, draft.body) == ("A Headline", ("Jane Doe", "John Roe"), TEXT)
    assert (draft.section, draft.tags, draft.kind) == ("News", ("kremlin", "war"), Kind.OPINION)
    assert (draft.edition, draft.language) == ("en", "en")
    assert draft.published_at == datetime(2024, 6, 29, 7, tzinfo=UTC)
    sourced = {"authors", "body", "headline", "kind", "published_at", "section", "tags"}
    assert draft.sources == dict.fromkeys(sorted(sourced), "table")
    assert draft.flags == ()


@pytest.mark.parametrize(("field", "name"), [(field, name) for field, names in COLUMN_NAMES.items() for name in names])
def test_every_name_of_a_column_is_read_in_any_spelling(field: str, name: str) -> None:
    values = {"body": TEXT, "url": URL, "kind": "video", "language": "de"}
    value = values.get(field, "2024-06-29T10:00:00Z")
    row: dict[str, Any] = {"Text": TEXT} | {name.replace("_", " ").title(): value}
    if field == "url":
        assert read(**row).identity
    elif field == "fetched_at":
        assert find_fetched_at(row) == datetime(2024, 6, 29, 10, tzinfo=UTC)
    else:
        assert getattr(read_draft(**row), field)


def test_the_first_filled_of_several_columns_counts() -> None:
    assert read_draft(text=TEXT, headline="nan", title="A Title", article_title="Another").headline == "A Title"


def test_boilerplate_is_removed_from_a_text_as_from_any_other() -> None:
    draft = read_draft(
        text=SEED.read_text(encoding="utf-8"), title="PUTIN defends Syria Stance, But Calls for ‘End to Violence’"
    )
    assert draft.site == "moscow-times"
    assert draft.body == CLEAN.read_text(encoding="utf-8").strip()


def test_a_headline_that_the_text_repeats_is_no_part_of_the_body() -> None:
    draft = read_draft(text=f"A Headline\n\nBy Jane Doe\n\n{TEXT}", headline="A Headline")
    assert (draft.body, draft.authors) == (TEXT, ("Jane Doe",))
    assert (draft.sources["headline"], draft.sources["authors"]) == ("table", "text")


def test_what_a_table_does_not_say_is_missing() -> None:
    draft = read_draft(url="https://example.org/a", text=TEXT)
    assert draft.flags == ("authors-missing", "fetched-at-missing", "headline-missing", "published-at-missing")
    assert (draft.site, draft.language, draft.published_at) == ("generic", None, None)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (["Jane Doe", "John Roe"], ("Jane Doe", "John Roe")),
        ([{"name": "Jane Doe"}, {"name": None}], ("Jane Doe",)),
        ('["Jane Doe", "John Roe"]', ("Jane Doe", "John Roe")),
        ("['Jane Doe', 'John Roe']", ("Jane Doe", "John Roe")),
        ("Jane Doe; John Roe", ("Jane Doe", "John Roe")),
        ("By Jane Doe, Reuters", ("Jane Doe",)),
        ("[Jane Doe", ("[Jane Doe",)),
        ("None", ()),
    ],
)
def test_authors_are_read_in_any_form(value: object, names: tuple[str, ...]) -> None:
    assert read_draft(text=TEXT, author=value).authors == names


@pytest.mark.parametrize(
    ("value", "at", "flags"),
    [
        ("2024-06-29 10:00:00", datetime(2024, 6, 29, 7, tzinfo=UTC), {"published-at-without-offset"}),
        ("June 29, 2024", datetime(2024, 6, 28, 21, tzinfo=UTC), {"published-at-day-only"}),
        (1_719_644_400, datetime(2024, 6, 29, 7, tzinfo=UTC), set()),
        ("1719644400.0", datetime(2024, 6, 29, 7, tzinfo=UTC), set()),
        ("NaT", None, {"published-at-missing"}),
    ],
)
def test_a_date_is_read_in_the_publishers_time_zone(value: object, at: datetime | None, flags: set[str]) -> None:
    draft = read_draft(url=URL, text=TEXT, title="A Headline", date=value)
    assert draft.published_at == at
    assert {flag for flag in draft.flags if flag.startswith("published")} == flags


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"date": "32.13.2024"}, "invalid-value: published_at: '32.13.2024' is no time that can be read"),
        ({"date": "0001-01-01"}, "invalid-value: published_at: '0001-01-01' is no time"),
        ({"date": "99999-01-01"}, "invalid-value: published_at: '99999-01-01' is no time"),
        ({"date": True}, "invalid-value: published_at: True is no time"),
        ({"date": 1e300}, "invalid-value: published_at: 1e+300 is no time"),
        (
            {"fetched_at": "1984-01-01"},
            "invalid-value: fetched_at: 1984-01-01T00:00:00+00:00 is before there was a web",
        ),
        ({"text": " \n"}, "empty-page: no text in the row"),
        ({"text": 5}, "invalid-value: body: 5 is no text"),
        ({"text": "<p>One.</p><p>Two.</p>"}, "invalid-value: body: HTML (</p>), no text"),
        ({"text": "\1\2\3\4"}, "not-text: control characters"),
        ({"url": ["a"]}, "invalid-value: url: ['a'] is no text"),
        ({"title": {"a": 1}}, "invalid-value: headline: {'a': 1} is no text"),
        ({"author": [1]}, "invalid-value: authors: 1 is no text"),
        ({"kind": "novel"}, "invalid-value: kind: 'novel' is none of article, opinion"),
    ],
)
def test_a_value_that_is_not_what_its_column_says_is_the_reason(values: dict[str, Any], reason: str) -> None:
    assert read_reason(**{"text": TEXT, **values}).startswith(reason)
