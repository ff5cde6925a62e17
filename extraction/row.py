"""Extract a draft from a row of a table: a text with metadata, or a record of our own export.

A text goes through what a plain text goes through, never through the extraction from HTML. A record of an export went
through all of that before: it is stored as it was, unless it has been changed since.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from extraction.byline import Byline, clean_names, read_names
from extraction.normalization import tidy
from extraction.text import read_plain
from extraction.timestamps import Timestamp, parse_timestamp
from schemas.article import ArticleRecord, Draft, Kind, Unreadable, content_sha256, text_id
from schemas.capture import NUL, Capture
from schemas.table import TABLE_SOURCE, TIME_UNKNOWN, is_empty, is_export, list_columns
from schemas.url import Identity
from sites.profile import Site
from sites.publishers import Publishers

FIRST_WEB_YEAR = 1991
"""Nothing was fetched from the web before."""

SHOWN_CHARS = 60
"""Of a value, in a message."""

SHOWN_ERRORS = 5
"""At most this many of an invalid record's errors are listed in a message."""

_MARKUP = re.compile(r"</(?:p|div|span|a|strong|em|b|i|ul|li|h[1-6]|td|html|body)>|<br ?/?>", re.IGNORECASE)
_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_]\w+)?", re.ASCII)


class RowRead(NamedTuple):
    """What a row says."""

    draft: Draft | Unreadable
    identity: Identity | None = None
    """None for a text without a URL."""
    record: ArticleRecord | None = None
    """The record, if the row is one of our own export."""


class ValueUnusable(ValueError):  # noqa: N818 - it states a fact
    """A column's value is not what its name says. The message is one line."""


def read_row(capture: Capture, publishers: Publishers) -> RowRead:
    """Return the draft of a row, or the reason why it is not one."""
    if capture.too_large:
        return RowRead(Unreadable(reason="too-large", detail="larger than the limit for a page"))
    values: Mapping[str, Any] = orjson.loads(capture.body)
    if is_export(values):
        return _read_record(capture.body, values, publishers)
    identity: Identity | None = None
    try:
        url = _read_line(values, "url")
        identity = publishers.identify(url) if url else None
        return RowRead(_read_text(values, publishers.find(url) if url else None, identity), identity)
    except ValueUnusable as error:
        return RowRead(Unreadable(reason="invalid-value", detail=str(error)), identity)


def find_fetched_at(values: Mapping[str, Any]) -> datetime | None:
    """Return when a row's text was fetched, in UTC; None if it does not say.

    Raises:
        ValueUnusable: what it says is no such time.
    """
    found = _read_time(values, "fetched_at", UTC)
    if found and found.at.year < FIRST_WEB_YEAR:
        raise ValueUnusable(f"fetched_at: {found.at.isoformat()} is before there was a web")
    return found.at if found else None


def _read_record(body: bytes, values: Mapping[str, Any], publishers: Publishers) -> RowRead:
    if _has_nul(values):  # before it gets into an identity or a message
        return RowRead(Unreadable(reason="invalid-value", detail="it contains NUL"))
    try:
        record = ArticleRecord.model_validate_json(body)
    except ValidationError as error:
        lines = map(_describe, error.errors()[:SHOWN_ERRORS])
        return RowRead(Unreadable(reason="invalid-value", detail="; ".join(lines)))
    identity = publishers.identify(record.url) if record.url else None
    if problem := _find_contradiction(record, identity, publishers):
        return RowRead(Unreadable(reason="changed-record", detail=problem), identity)
    try:
        _audit_values(record, values)
    except ValueUnusable as error:
        return RowRead(Unreadable(reason="invalid-value", detail=str(error)), identity)
    fields = {name: getattr(record, name) for name in Draft.model_fields if name != "rights"}
    return RowRead(Draft(**fields), identity, record)


def _describe(error: ErrorDetails) -> str:
    """Return what is wrong with a value of a record."""
    field = ".".join(map(str, error["loc"]))
    if error["input"] is None or error["type"] == "missing":
        return f"{field}: there is none, but every record has one"
    return f"{field}: {_show(error['input'])} is no such value"


def _find_contradiction(record: ArticleRecord, identity: Identity | None, publishers: Publishers) -> str | None:
    """Return in what a record differs from any that we write; None if in nothing."""
    if content_sha256(record.body) != record.content_sha256:
        return "content_sha256 is not that of the body: the text was changed or truncated after the export"
    expected = identity.key if identity else text_id(record.body)
    if record.id != expected:
        return f"its id is {record.id[:SHOWN_CHARS]}, but that of its {'url' if identity else 'body'} is {expected}"
    return None if record.site in publishers.profiles else f"site: unknown: {record.site[:SHOWN_CHARS]}"


def _audit_values(record: ArticleRecord, values: Mapping[str, Any]) -> None:
    """Check what the types of a record allow, but no archive has.

    Raises:
        ValueUnusable: there is such a value.
    """
    find_fetched_at(values)  # raises if it is no time
    for name in ("published_at", "modified_at", "first_seen_at"):
        at: datetime | None = getattr(record, name)
        try:
            at = at and at.astimezone(UTC)
        except OverflowError:
            raise ValueUnusable(f"{name}: {_show(values[name])} is no time that can be stored") from None


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return NUL in value
    if isinstance(value, dict):
        return any(map(_has_nul, (*value.keys(), *value.values())))
    return isinstance(value, list) and any(map(_has_nul, value))


def _read_text(values: Mapping[str, Any], site: Site | None, identity: Identity | None) -> Draft | Unreadable:
    body = _find_value(values, "body")
    if body is None:
        return Unreadable(reason="empty-page", detail="no text in the row")
    if not isinstance(body, str):
        raise ValueUnusable(f"body: {_show(body)} is no text")
    if found := _MARKUP.search(body):
        raise ValueUnusable(f"body: HTML ({found[0]}), no text; import pages as .html or WARC files")
    headline = _read_line(values, "headline")
    draft = read_plain(body, headline=headline, site=site)
    if isinstance(draft, Unreadable):
        return draft
    return _add_columns(draft, values, site, identity)


def _add_columns(draft: Draft, values: Mapping[str, Any], site: Site | None, identity: Identity | None) -> Draft:
    zone = site.time_zone if site else UTC
    byline = _read_byline(values)
    times = {name: _read_time(values, name, zone) for name in ("published_at", "modified_at")}
    is_time_known = find_fetched_at(values) is not None
    edition = identity.edition if identity else draft.edition
    found: dict[str, Any] = {
        "headline": _read_line(values, "headline"),
        "subtitle": _read_line(values, "subtitle"),
        "authors": byline.authors,
        "agencies": tuple(dict.fromkeys((*byline.agencies, *draft.agencies))) if byline.agencies else (),
        "section": _read_line(values, "section"),
        "tags": tuple(dict.fromkeys(_list_texts(values, "tags"))),
        "kind": _read_kind(values),
        **{name: one.at for name, one in times.items() if one},
    }
    filled = {name: value for name, value in found.items() if value}
    language = (site.language_of(edition) if site else draft.language) or _read_language(values)
    sources = draft.sources | dict.fromkeys(("body", *filled), TABLE_SOURCE)
    flags = {flag for flag in draft.flags if flag.removesuffix("-missing").replace("-", "_") not in filled}
    flags |= {_flag_time(name, one) for name, one in times.items() if one and not one.is_aware}
    flags |= set() if is_time_known else {TIME_UNKNOWN}
    return draft.model_copy(
        update={
            **filled,
            "edition": edition,
            "language": language,
            "sources": dict(sorted(sources.items())),
            "flags": tuple(sorted(flags)),
        }
    )


def _flag_time(name: str, found: Timestamp) -> str:
    return f"{name.replace('_', '-')}-{'day-only' if found.is_day else 'without-offset'}"


def _find_value(values: Mapping[str, Any], field: str) -> Any:
    """Return the first value of a field's columns that is filled."""
    for column in list_columns(field, values):
        value = values[column]
        if not is_empty(value):
            return value
    return None


def _read_line(values: Mapping[str, Any], field: str) -> str | None:
    value = _find_value(values, field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueUnusable(f"{field}: {_show(value)} is no text")
    return tidy(value) or None


def _read_time(values: Mapping[str, Any], field: str, zone: tzinfo) -> Timestamp | None:
    value = _find_value(values, field)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    found = parse_timestamp(f"{value:.0f}" if is_number else value, zone)
    if found is None:
        raise ValueUnusable(f"{field}: {_show(value)} is no time that can be read")
    return found


def _read_byline(values: Mapping[str, Any]) -> Byline:
    return read_names(clean_names(_list_texts(values, "authors", is_list_of_names=True)))


def _read_kind(values: Mapping[str, Any]) -> Kind | None:
    kind = _read_line(values, "kind")
    if kind and kind.lower() not in set(Kind):
        raise ValueUnusable(f"kind: {_show(kind)} is none of {', '.join(Kind)}")
    return Kind(kind.lower()) if kind else None


def _read_language(values: Mapping[str, Any]) -> str | None:
    found = _LANGUAGE.fullmatch((_read_line(values, "language") or "").lower())
    return found[1] if found else None


def _list_texts(values: Mapping[str, Any], field: str, *, is_list_of_names: bool = False) -> Iterator[str]:
    """Yield the texts of a list, in any of the ways that tables have one."""
    value = _find_value(values, field)
    if isinstance(value, str):
        value = _parse_list(value, ";" if is_list_of_names or ";" in value else ",")
    for one in value if isinstance(value, list) else [value]:
        text = one.get("name") if isinstance(one, dict) else one
        if text is not None and not isinstance(text, str):
            raise ValueUnusable(f"{field}: {_show(text)} is no text")
        if text and (line := tidy(text)):
            yield line


def _parse_list(text: str, separator: str) -> list[Any]:
    """Return the items of a cell: a JSON list, a Python one (as pandas writes it), or with separators."""
    if text.lstrip().startswith("["):
        try:
            found = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            found = None
        if isinstance(found, list):
            return found
    return text.split(separator)


def _show(value: object) -> str:
    return repr(value)[:SHOWN_CHARS]
