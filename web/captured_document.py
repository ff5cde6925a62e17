"""Makes a document of a capture that can be shown: a page, a text, or JSON. It is not inert yet."""

import json
import re
from typing import Any, NamedTuple

from lxml.html import HtmlElement

from extraction.decoding import PROBE_BYTES, decode, drop_unparsable, is_html
from extraction.tree import MAX_ELEMENT_COUNT, count_elements, make_element, parse_fragment, parse_page
from schemas.article import Unreadable
from schemas.capture import Capture
from sites.encoding import is_utf16

MAX_LETTERS = 1_000_000
"""Most of a capture that is shown. Pages have 30,000 to 300,000; one of this size takes 100 MB and two seconds."""

MAX_DEPTH = 20
"""Levels of JSON that are shown as such."""

MAX_VALUE_COUNT = 5_000
"""Most values of JSON that are shown: the longest live blog has hundreds of posts, each with ten."""

CUT = f"It is longer than {MAX_LETTERS:,} characters: the rest is not shown."

OVERGROWN = "It has too many elements or attributes to be shown as a page."

CONTROL_SHARE = 0.01
"""Most control characters of what is taken for text."""

_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>")


class CapturedDocument(NamedTuple):
    """What is shown of a capture."""

    tree: HtmlElement | None
    """None if there is nothing to show."""
    notes: tuple[str, ...] = ()
    """Sentences about what is shown, and what is not."""


def make_document(capture: Capture) -> CapturedDocument:
    """Return the document of a capture."""
    if capture.too_large:
        return CapturedDocument(None, ("It is larger than the limit for pages (BROADSHEET_MAX_PAGE_BYTES).",))
    note = ("It is not whole: the transfer was broken off.",) if capture.truncated else ()
    if capture.redirect_url:
        note = (*note, f"The response redirects to {capture.redirect_url}.")
    if not capture.body.strip():
        return CapturedDocument(None, (*note, "The response has no content."))
    if capture.media_type.endswith("json"):
        found = _read_json(capture)
    elif is_html(capture) and capture.media_type != "text/plain":
        found = _read_page(capture)
    else:
        found = _read_text(capture)
    if found.tree is not None and count_elements(found.tree) > MAX_ELEMENT_COUNT:  # in JSON: others are counted before
        found = CapturedDocument(None, (OVERGROWN,))
    return found._replace(notes=(*note, *found.notes))


def decode_source(capture: Capture) -> str:
    """Return a capture's content as text, cut to what is shown at most."""
    return decode(capture)[:MAX_LETTERS]


def _read_page(capture: Capture) -> CapturedDocument:
    text = decode(capture)
    notes = (CUT,) if len(text) > MAX_LETTERS else ()
    tree = parse_page(drop_unparsable(text[:MAX_LETTERS].encode("utf-8", "replace")))
    if isinstance(tree, Unreadable):
        return CapturedDocument(None, (OVERGROWN,))
    return CapturedDocument(tree, notes)


def _read_text(capture: Capture) -> CapturedDocument:
    text = decode(capture)
    probe = text[:PROBE_BYTES]
    if len(_CONTROL.findall(probe)) > CONTROL_SHARE * len(probe) and not is_utf16(capture.body[:PROBE_BYTES]):
        return CapturedDocument(None, (f"It is no text ({capture.media_type or 'of no media type'}).",))
    shown = make_element("pre")
    shown.text = _clean(text[:MAX_LETTERS])
    return CapturedDocument(_wrap(shown), (CUT,) if len(text) > MAX_LETTERS else ())


def _read_json(capture: Capture) -> CapturedDocument:
    text = decode(capture)
    writer = _JsonWriter()
    try:
        value = json.loads(text, strict=False) if len(text) <= MAX_LETTERS else None
        shown = _wrap(writer.write(value, 0))
    except (ValueError, RecursionError):
        value = None
    if value is None:
        return _read_text(capture)
    return CapturedDocument(
        shown, () if writer.left_count > 0 else (f"Only its first {MAX_VALUE_COUNT:,} values are shown.",)
    )


class _JsonWriter:
    """Writes JSON as lists. Texts that have markup become what they mark up, and JSON within JSON what it holds."""

    def __init__(self) -> None:
        self.left_count = MAX_VALUE_COUNT

    def write(self, value: Any, depth: int) -> HtmlElement:
        """Return an element with a value."""
        self.left_count -= 1
        if isinstance(value, str):
            value = _unpack(value)
        if isinstance(value, dict) and depth < MAX_DEPTH:
            return self._write_object(value, depth)
        if isinstance(value, list) and depth < MAX_DEPTH:
            return self._write_list(value, depth)
        if isinstance(value, str) and _MARKUP.search(value):
            return parse_fragment(value)
        found = make_element("div")
        found.text = _clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)[:MAX_LETTERS])
        return found

    def _write_object(self, value: dict[str, Any], depth: int) -> HtmlElement:
        found = make_element("dl")
        for name, one in value.items():
            if self.left_count <= 0:
                break
            term, definition = make_element("dt"), make_element("dd")
            term.text = _clean(name)
            definition.append(self.write(one, depth + 1))
            found.extend((term, definition))
        return found

    def _write_list(self, value: list[Any], depth: int) -> HtmlElement:
        found = make_element("ol")
        for one in value:
            if self.left_count <= 0:
                break
            item = make_element("li")
            item.append(self.write(one, depth + 1))
            found.append(item)
        return found


def _unpack(text: str) -> Any:
    """Decode a text that is JSON; return any other unchanged."""
    if text.lstrip()[:1] not in {"[", "{"}:
        return text
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return text


def _wrap(shown: HtmlElement) -> HtmlElement:
    body = make_element("body")
    body.append(shown)
    return body


def _clean(text: str) -> str:
    return drop_unparsable(text.encode("utf-8", "replace")).decode("utf-8", "replace")
