"""Render citations of a record: BibTeX, RIS, and CSL JSON."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from urllib.parse import urlsplit

from schemas.article import ArticleRecord
from sites import find_title
from storage.ledger.publication_date import publication_day

BIBTEX_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    }
)
URL_ESCAPES = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})


class CitationStyle(StrEnum):
    """The formats of citations."""

    BIBTEX = "bibtex"
    RIS = "ris"
    CSL = "csl"
    """CSL JSON, which Zotero, Pandoc and others read."""


def render_citation(record: ArticleRecord, style: CitationStyle) -> str:
    """Render a citation of a record, as text with a line feed at its end.

    The date is the publication day in the publisher's time zone. Names are not taken apart: which part of one is the
    family name is not known. Without an author, the agencies are named.
    """
    return RENDERERS[style](record)


def _render_bibtex(record: ArticleRecord) -> str:
    issued = _find_issued(record)
    publication = _find_publication(record)
    fields = {
        "author": " and ".join(_escape_name(name, publication) for name in _list_authors(record)),
        "title": f"{{{_escape(record.headline or '')}}}" if record.headline else "",
        "journal": _escape(publication or ""),
        "year": f"{issued:%Y}" if issued else "",
        "date": f"{issued:%Y-%m-%d}" if issued else "",
        "url": (record.url or "").translate(URL_ESCAPES),
        "urldate": f"{record.fetched_at:%Y-%m-%d}" if record.url else "",
        "langid": {"en": "english", "ru": "russian"}.get(record.language or "", ""),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    key = re.sub(r"[^A-Za-z0-9]+", "-", record.id).strip("-")
    return "\n".join([f"@article{{{key},", *lines, "}"]) + "\n"


def _render_ris(record: ArticleRecord) -> str:
    return "".join(f"{tag}  - {' '.join(value.split())}\n" for tag, value in _list_ris_fields(record))


def _list_ris_fields(record: ArticleRecord) -> Iterator[tuple[str, str]]:
    issued = _find_issued(record)
    yield "TY", "NEWS"
    yield "ID", record.id
    yield from (("AU", name) for name in _list_authors(record))
    single: Mapping[str, str | None] = {
        "TI": record.headline,
        "T2": _find_publication(record),
        "SE": record.section,
        "PY": f"{issued:%Y}" if issued else None,
        "DA": f"{issued:%Y/%m/%d}/" if issued else None,
        "LA": record.language,
        "UR": record.url,
        "Y2": f"{record.fetched_at:%Y/%m/%d}/" if record.url else None,
    }
    yield from ((tag, value) for tag, value in single.items() if value)
    yield from (("KW", tag) for tag in record.tags)
    yield "ER", ""


def _render_csl(record: ArticleRecord) -> str:
    issued = _find_issued(record)
    item = {
        "id": record.id,
        "type": "article-newspaper",
        "title": record.headline,
        "author": [{"literal": name} for name in _list_authors(record)],
        "container-title": _find_publication(record),
        "section": record.section,
        "issued": _as_parts(issued) if issued else None,
        "accessed": _as_parts(record.fetched_at) if record.url else None,
        "URL": record.url,
        "language": record.language,
    }
    return json.dumps([{name: value for name, value in item.items() if value}], ensure_ascii=False, indent=2) + "\n"


def _as_parts(day: date | datetime) -> dict[str, list[list[int]]]:
    return {"date-parts": [[day.year, day.month, day.day]]}


def _list_authors(record: ArticleRecord) -> tuple[str, ...]:
    return record.authors or record.agencies


def _find_issued(record: ArticleRecord) -> date | None:
    return publication_day(record.published_at, record.site, record.published_offset)


def _find_publication(record: ArticleRecord) -> str | None:
    """Return the publication's name, or the URL's host if the publisher has no profile."""
    return find_title(record.site) or urlsplit(record.url or "").hostname


def _escape(text: str) -> str:
    return text.translate(BIBTEX_ESCAPES)


def _escape_name(name: str, publication: str | None) -> str:
    """Return a name for BibTeX, in braces if it must not be taken apart: an organization, or a name with `and`."""
    is_whole = name == publication or bool(re.search(r"\band\b", name)) or " " not in name
    return f"{{{_escape(name)}}}" if is_whole else _escape(name)


RENDERERS: Mapping[CitationStyle, Callable[[ArticleRecord], str]] = {
    CitationStyle.BIBTEX: _render_bibtex,
    CitationStyle.RIS: _render_ris,
    CitationStyle.CSL: _render_csl,
}
