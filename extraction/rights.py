"""Read what a captured page says about its use: X-Robots-Tag, meta tags for robots, TDM reservation, licences.

Sources: https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag,
https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/, https://rslstandard.org/rsl.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from extraction.metadata import Metadata
from schemas.capture import ESCAPED_NUL, NUL, Capture
from schemas.rights import Directives, Licence, RightsSource, StatedRights, TdmStatement
from sites.profile import Site
from sites.rights import read_flag, resolve_url

ALL_BOTS = "robots"
"""The name of the meta tag for all bots."""

OTHER_CRAWLERS = frozenset(
    {"google", "slurp", "teoma", "yandex", "baiduspider", "google-extended", "applebot-extended"}
)
"""Bots without `bot` in the name of their meta tag."""

VALUED = frozenset({"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"})
"""Directives with a value after a colon, which is no bot's name before one."""

MAX_STATEMENTS = 50
"""Headers, tags and licences that are kept of one page: far more than any has."""

RESERVATION, POLICY = "tdm-reservation", "tdm-policy"
MAX_NAME_CHARS = 40

_NAME = re.compile(rf"[a-z][a-z_-]{{0,{MAX_NAME_CHARS}}}(?::[^\s,]{{1,{MAX_NAME_CHARS}}})?")
_BOT = re.compile(rf"[a-z][a-z0-9_-]{{0,{MAX_NAME_CHARS}}}")


def read_rights(capture: Capture, metadata: Metadata) -> StatedRights:
    """Return what a page says by itself, in its headers and its head."""
    metas = {name: tuple(map(_clean, contents)) for name, contents in metadata.metas.items()}
    headers: dict[str, list[str]] = {}
    for name, value in capture.headers:
        headers.setdefault(name, []).append(_clean(value))
    directives = (*_read_headers(headers.get("x-robots-tag", ())), *_read_metas(metas))
    tdm = (_read_tdm(headers, RightsSource.HEADER, capture.url), _read_tdm(metas, RightsSource.META, capture.url))
    return StatedRights(
        directives=directives[:MAX_STATEMENTS],
        tdm=tuple(filter(None, tdm)),
        licences=tuple(_read_licences(headers.get("link", ()), metadata.licence_urls, capture.url))[:MAX_STATEMENTS],
    )


def list_known_licences(site: Site, published_at: datetime | None) -> tuple[Licence, ...]:
    """Return the licences that the publisher is known to give for some articles of this time."""
    day = published_at.astimezone(site.time_zone).date() if published_at else date.min
    return tuple(
        Licence(url=one.url, source=RightsSource.PROFILE, scope=one.scope) for one in site.licences if day > one.after
    )


def _clean(text: str) -> str:
    return text.replace(NUL, ESCAPED_NUL)


def _read_headers(values: Iterable[str]) -> Iterator[Directives]:
    """Yield the directives of X-Robots-Tag headers; a bot's name applies to what follows it in the same header."""
    for value in values:
        bot: str | None = None
        names: list[str] = []
        for part in value.lower().split(","):
            named, colon, rest = part.partition(":")
            if colon and named.strip() not in VALUED and _BOT.fullmatch(named.strip()):
                yield from _make_directives(bot, names, RightsSource.HEADER)
                bot, names, part = named.strip(), [], rest  # noqa: PLW2901 - what is left of it
            names.append(part)
        yield from _make_directives(bot, names, RightsSource.HEADER)


def _read_metas(metas: Mapping[str, tuple[str, ...]]) -> Iterator[Directives]:
    for name, contents in metas.items():
        if name == ALL_BOTS or name in OTHER_CRAWLERS or ("bot" in name and _BOT.fullmatch(name)):
            for content in contents:
                bot = None if name == ALL_BOTS else name
                yield from _make_directives(bot, content.lower().split(","), RightsSource.META)


def _make_directives(bot: str | None, parts: Iterable[str], source: RightsSource) -> Iterator[Directives]:
    """Yield the directives; nothing if none of the parts is one."""
    # The time of `unavailable_after` has spaces, but names are words.
    cleaned = (":".join("_".join(piece.split()) for piece in part.split(":")) for part in parts)
    if kept := tuple(dict.fromkeys(filter(_NAME.fullmatch, cleaned)))[:MAX_STATEMENTS]:
        yield Directives(bot=bot, names=kept, source=source)


def _read_tdm(values: Mapping[str, Iterable[str]], source: RightsSource, base_url: str | None) -> TdmStatement | None:
    """Return the reservation and policy that headers or meta tags state; if they contradict each other, reserved."""
    flags = {read_flag(one) for value in values.get(RESERVATION, ()) for one in value.split(",")} - {None}
    is_reserved = (True in flags) if flags else None
    policies = (resolve_url(base_url, url) for url in values.get(POLICY, ()))
    policy_url = next(filter(None, policies), None)
    if is_reserved is None and policy_url is None:
        return None
    return TdmStatement(is_reserved=is_reserved, policy_url=policy_url, source=source)


def _read_licences(links: Iterable[str], elements: Iterable[str], base_url: str | None) -> Iterator[Licence]:
    """Yield the licences of Link headers and link elements, each once."""
    named = [(url, RightsSource.HEADER) for link in links for url in _read_links(link)]
    named += [(_clean(url), RightsSource.LINK) for url in elements]
    for url, source in dict.fromkeys(named):
        if found := resolve_url(base_url, url):
            yield Licence(url=found, source=source)


def _read_links(header: str) -> Iterator[str]:
    """Yield the targets of a Link header (RFC 8288) that have the relation `license`."""
    for link in header.split("<")[1:]:
        url, _, parameters = link.partition(">")
        for parameter in parameters.lower().split(";"):
            name, _, value = parameter.partition("=")
            if name.strip() == "rel" and "license" in value.strip(' ",').split():
                yield url
