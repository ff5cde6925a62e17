"""What a host's files say about the use of its pages: tdmrep.json, and the lines of robots.txt that are no rules."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from protego import Protego

from schemas.capture import ESCAPED_NUL, MAX_URL_BYTES, NUL
from schemas.rights import HostFile, Licence, Rights, RightsSource, StatedRights, TdmStatement, merge_tdm

HOST_FILE_BYTES = 500 * 1024
"""Limit for these files, as RFC 9309 (2.5) has it for robots.txt."""

MAX_RULES = 1_000
"""Of a tdmrep.json: a host with more directories uses patterns or headers."""

MAX_LINES = 50
"""Licences and content signals of a robots.txt: far more than any has."""

CACHED_COUNT = 64
"""Files whose rules are kept: of all hosts of a site, with some versions of each."""

_SIGNAL = re.compile(r"[a-z][a-z-]{0,30}=[a-z-]{1,30}")
_EVERYONE = "*"


class _TdmRule(NamedTuple):
    """A rule of tdmrep.json."""

    pattern: Protego
    statement: TdmStatement


def clean_tdm_file(body: bytes) -> str:
    """Return the text of a tdmrep.json; empty if the body is no JSON array, such as an error page."""
    text = body.decode("utf-8-sig", errors="replace").replace(NUL, ESCAPED_NUL)
    return text if len(body) <= HOST_FILE_BYTES and _parse_array(text) is not None else ""


def find_tdm_rule(text: str, url: str) -> TdmStatement | None:
    """Return what a tdmrep.json says about a URL: the first rule that matches; None if none does."""
    return next((rule.statement for rule in _read_tdm_rules(text) if not rule.pattern.can_fetch(url, _EVERYONE)), None)


def read_licences(robots_text: str) -> tuple[Licence, ...]:
    """Return the licences that a robots.txt names (`License: URL`, https://rslstandard.org/rsl)."""
    found = (value for _, name, value in _read_lines(robots_text) if name == "license" and is_web_url(value))
    return tuple(Licence(url=url, source=RightsSource.ROBOTS) for url in list(dict.fromkeys(found))[:MAX_LINES])


def read_content_signals(robots_text: str) -> tuple[str, ...]:
    """Return the content signals for all bots (`Content-Signal: ai-train=no`, https://contentsignals.org)."""
    lines = (value for agents, name, value in _read_lines(robots_text) if name == "content-signal" and "*" in agents)
    # A path may precede the first signal.
    parts = (part.split() for line in lines for part in line.lower().replace("=", " = ").split(","))
    found = ("".join(words[-3:]) for words in parts)  # name, `=`, value
    return tuple(list(dict.fromkeys(filter(_SIGNAL.fullmatch, found)))[:MAX_LINES])


def is_web_url(url: str) -> bool:
    """Return whether it is an absolute HTTP URL of a sensible length."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and len(url) <= MAX_URL_BYTES


def resolve_url(base: str | None, url: str) -> str | None:
    """Return a URL, relative to its page, as an absolute one; None if it is none."""
    try:
        found = urljoin(base or "", url.strip()) if url.strip() else ""
    except ValueError:
        return None
    return found if is_web_url(found) else None


def host_url(url: str, path: str) -> str:
    """Return the URL of a file of the URL's host."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}{path}"


def is_host_file(url: str, path: str) -> bool:
    """Return whether the URL is that of this file of its host."""
    return bool(url.partition("://")[1]) and url == host_url(url, path)


def _parse_array(text: str) -> list[object] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


@lru_cache(CACHED_COUNT)
def _read_tdm_rules(text: str) -> tuple[_TdmRule, ...]:
    rules = (_parse_rule(one) for one in (_parse_array(text) or [])[:MAX_RULES])
    return tuple(rule for rule in rules if rule)


def _parse_rule(found: object) -> _TdmRule | None:
    """Return a rule; None for one that breaks the protocol, so that it says nothing."""
    if not isinstance(found, dict):
        return None
    location, is_reserved = found.get("location"), read_flag(found.get("tdm-reservation"))
    if not isinstance(location, str) or not location.strip() or is_reserved is None:
        return None
    policy = found.get("tdm-policy")
    url = policy.strip() if isinstance(policy, str) and is_web_url(policy.strip()) else None
    statement = TdmStatement(is_reserved=is_reserved, policy_url=url, source=RightsSource.TDM_FILE)
    # Patterns are those of robots.txt; a line break or `#` inside one would end the line.
    line = "".join(location.split()).replace("#", "%23")
    return _TdmRule(Protego.parse(f"User-agent: *\nDisallow: {line}\n"), statement)


def read_flag(value: object) -> bool | None:
    """Return a `tdm-reservation`: 1 is reserved, 0 is not; None for any other value, which counts as unset."""
    text = str(value).strip() if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    return {"1": True, "0": False}.get(text)


def _read_lines(robots_text: str) -> Iterator[tuple[frozenset[str], str, str]]:
    """Yield each line as (bots of its group, name, value); a line before the first group is for all bots."""
    agents, is_open = frozenset({_EVERYONE}), False
    for line in robots_text.splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "user-agent":
            agents = (agents if is_open else frozenset()) | {value.lower()}
        if colon:
            is_open = name == "user-agent"
            yield agents, name, value


def combine_rights(
    stated: StatedRights, url: str | None, robots: tuple[HostFile, str] | None, tdm: tuple[HostFile, str] | None
) -> Rights:
    """Return what a page says together with its host's files, each with its text.

    By TDMRep (Processing priority), headers supersede the host's file, and the page's meta tags supersede headers.
    """
    rule = find_tdm_rule(tdm[1], url) if tdm and url else None
    return Rights(
        tdm=merge_tdm((*((rule,) if rule else ()), *stated.tdm)),
        directives=stated.directives,
        licences=(*stated.licences, *(read_licences(robots[1]) if robots else ())),
        content_signals=read_content_signals(robots[1]) if robots else (),
        robots_txt=robots[0] if robots else None,
        tdm_file=tdm[0] if tdm else None,
    )
