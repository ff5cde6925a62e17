"""Renders pages, and responds with them."""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import Response

from schemas.search import Mark
from sites import find_time_zone
from web.context import Link

HTML = "text/html; charset=utf-8"

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
"""A language, with a script or a region (BCP 47)."""


def make_templates(menu: Sequence[Link], tabs: Sequence[Link], *, is_static: bool = False) -> Environment:
    """Return the templates. Every value is escaped: what comes from a publisher is hostile."""
    templates = Environment(
        loader=PackageLoader("web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.globals.update(menu=menu, article_tabs=tabs, is_static=is_static)
    templates.filters.update(
        marked=mark_text,
        language_tag=keep_language_tag,
        local_time=format_time,
        day=format_day,
        path_part=quote_path_part,
        utc_time=format_utc,
        duration=format_duration,
        web_url=keep_web_url,
    )
    return templates


def render_page(
    request: Request, name: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: object
) -> Response:
    """Return a response with the template of this name and these values; 304 if the client has the same page."""
    templates: Environment = request.app.state.context.templates
    body = templates.get_template(name).render(path=request.url.path, **values)
    return respond(request, body.encode(), HTML, status=status, headers=headers)


def respond(
    request: Request, body: bytes, media_type: str, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response with an ETag of its body; 304 if the client has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    given = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"} | dict(headers or {})
    if status == 200 and has_tag(request.headers.get("if-none-match", ""), tag):  # noqa: PLR2004 - HTTP
        return Response(status_code=304, headers=given)
    return Response(body, status, given, media_type)


def has_tag(if_none_match: str, tag: str) -> bool:
    """Whether the header names the tag, strong or weak."""
    named = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return tag in named or "*" in named


def mark_text(text: str, marks: Collection[Mark]) -> Markup:
    """Return the text, escaped, with its hits in `<mark>`."""
    parts, end = [], 0
    for start, stop in marks:
        parts += [escape(text[end:start]), Markup("<mark>"), escape(text[start:stop]), Markup("</mark>")]
        end = stop
    return Markup("").join([*parts, escape(text[end:])])


def format_time(at: datetime, site: str, offset: str | None) -> str:
    """Return a time in the publisher's time zone, and in UTC if that is another.

    `offset` is the UTC offset that the article's page gives, which counts if the site has no profile.
    """
    local = at.astimezone(find_time_zone(site, offset))
    shown = f"{local.day} {local:%B %Y, %H:%M %Z}"
    if not local.utcoffset():
        return shown
    is_same_day = local.date() == at.date()
    return f"{shown} ({at:{'%H:%M' if is_same_day else '%Y-%m-%d %H:%M'}} UTC)"


def format_day(day: date) -> str:
    """Return a day as people write it."""
    return f"{day.day} {day:%B %Y}"


def format_utc(at: datetime) -> str:
    """Return a time in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def format_duration(duration: timedelta) -> str:
    """Return a duration: `2 h 5 min`, `3 min 20 s`, `7 s`."""
    seconds = max(round(duration.total_seconds()), 0)
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def quote_path_part(article_id: str) -> str:
    """Return an id as a part of a URL's path."""
    return quote(article_id, safe="/:")


def keep_language_tag(language: str | None) -> str:
    """Return a language that an attribute `lang` may have; an empty text for what is no tag of a language."""
    return language if language and LANGUAGE_TAG.fullmatch(language) else ""


def keep_web_url(url: Any) -> str:
    """Return a URL that a link may have; an empty text for any other scheme, such as `javascript:`."""
    text = str(url or "").strip()
    return text if text.lower().startswith(("http://", "https://")) else ""
