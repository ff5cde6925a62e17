"""Holds the requests that a host got, as its WARC records show them, against the rules that were in force."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from protego import Protego

from schemas.capture import SUCCESS_STATUSES, CaptureRef
from schemas.compliance import BusyResponse, HostEvidence
from schemas.rights import ROBOTS_PATH, TDM_FILE_PATH, HostFile
from sites.rights import host_url, read_content_signals, read_licences
from spiders.retry_after import BUSY_STATUSES, read_retry_after

TOLERANCE_SECONDS = 0.25
"""How much shorter a measured pause may be: a busy machine may send one request later than it was due, and the next one
on time. Of a pause below half a second, half of it."""

BREACHES_SHOWN = 20
"""Sentences about one host: a screenful."""

FIRST_SERVER_ERROR = 500
MAX_REDIRECTS = 5
"""Of robots.txt (RFC 9309, 2.3.1.2)."""

FORBIDS_ALL = Protego.parse("User-agent: *\nDisallow: /\n")
ALLOWS_ALL = Protego.parse("")


class Pace(NamedTuple):
    """The settings of a crawl."""

    delay_seconds: float | None
    """Between two requests to a host; None if unknown."""
    concurrency: int


class Response(NamedTuple):
    """What the rules need of a capture."""

    url: str
    status: int
    at: datetime
    """When its request was sent."""
    retry_after: str | None
    ref: CaptureRef
    redirect_url: str | None
    """Of robots.txt, or of what that redirects to."""
    text: str
    """Of the same; empty for any other response."""


@dataclass
class HostLog:
    """A host's responses, in the order of the WARC files."""

    responses: list[Response] = field(default_factory=list)


class _Judged(NamedTuple):
    """A response, with the rules that were in force when it was requested."""

    response: Response
    rules: Protego | None
    """None before robots.txt was fetched."""
    is_robots: bool


def judge_host(host: str, log: HostLog, pace: Pace, token: str, by_url: Mapping[str, Response]) -> HostEvidence:
    """Return a host's evidence. `token` is the crawler's name for robots.txt; `by_url` are all hosts' responses."""
    responses = sorted(log.responses, key=lambda one: one.at)
    robots_url = host_url(f"{host}/", ROBOTS_PATH)
    judged = list(_attach_rules(responses, robots_url, by_url))
    pauses = [_measure(before, after) for before, after in pairwise(responses)]
    busy = tuple(_list_busy(responses, pace.concurrency))
    breaches = (*_list_forbidden(judged, token), *_list_hasty(judged, pace, token), *_list_impatient(busy))
    more = (f"and {len(breaches) - BREACHES_SHOWN} more",) if len(breaches) > BREACHES_SHOWN else ()
    texts = [_follow(one, by_url).text for one in responses if one.url == robots_url]
    delays = [seconds for one in judged if one.rules and (seconds := _read_delay(one.rules, token))]
    return HostEvidence(
        host=host.partition("://")[2],
        request_count=len(responses),
        first_at=responses[0].at,
        last_at=responses[-1].at,
        smallest_pause_seconds=min(pauses, default=None),
        median_pause_seconds=median(pauses) if pauses else None,
        delay_seconds=pace.delay_seconds,
        crawl_delay_seconds=max(delays, default=None),
        robots_txt=tuple(_list_files(responses, robots_url)),
        tdm_file=tuple(_list_files(responses, host_url(robots_url, TDM_FILE_PATH))),
        licences=tuple(dict.fromkeys(licence for text in texts for licence in read_licences(text))),
        content_signals=tuple(dict.fromkeys(signal for text in texts for signal in read_content_signals(text))),
        page_count=0,
        reserved_count=0,
        forbidden_count=0,
        forbidden_examples=(),
        busy=busy,
        breaches=(*breaches[:BREACHES_SHOWN], *more),
    )


def _measure(before: Response, after: Response) -> float:
    return (after.at - before.at).total_seconds()


def _list_files(responses: Sequence[Response], url: str) -> Iterator[HostFile]:
    for one in responses:
        if one.url == url:
            yield HostFile(url=url, status=one.status, fetched_at=one.at, capture=one.ref)


def _attach_rules(responses: Sequence[Response], robots_url: str, by_url: Mapping[str, Response]) -> Iterator[_Judged]:
    """Yield each response with the rules of the robots.txt that was fetched last before it."""
    rules: Protego | None = None
    files = {robots_url}
    for one in responses:
        yield _Judged(one, rules, one.url in files)
        if one.url in files and one.redirect_url:
            files.add(one.redirect_url)
        if one.url == robots_url:
            rules = _read_rules(_follow(one, by_url))


def _follow(robots: Response, by_url: Mapping[str, Response]) -> Response:
    """Return the response that a robots.txt's redirects lead to."""
    for _ in range(MAX_REDIRECTS):
        target = by_url.get(robots.redirect_url or "")
        if target is None:
            break
        robots = target
    return robots


def _read_rules(robots: Response) -> Protego:
    """Return the rules by RFC 9309 (2.3.1): a missing file allows everything, an unreachable one nothing."""
    if robots.status >= FIRST_SERVER_ERROR or robots.status in BUSY_STATUSES:
        return FORBIDS_ALL
    return Protego.parse(robots.text) if robots.status in SUCCESS_STATUSES else ALLOWS_ALL


def _read_delay(rules: Protego, token: str) -> float | None:
    seconds = rules.crawl_delay(token)
    return None if seconds is None or math.isnan(seconds) else float(seconds)


def _list_forbidden(judged: Sequence[_Judged], token: str) -> Iterator[str]:
    for one in judged:
        if one.is_robots:
            continue
        if one.rules is None:
            yield f"{_name(one.response)} was requested before robots.txt"
        elif not one.rules.can_fetch(one.response.url, token):
            yield f"{_name(one.response)} was requested, and robots.txt forbids it"


def _list_hasty(judged: Sequence[_Judged], pace: Pace, token: str) -> Iterator[str]:
    """Yield a sentence for each pause that is shorter than the setting, or than the Crawl-delay that was known."""
    for before, after in pairwise(judged):
        # The request after robots.txt may follow by the setting: the Crawl-delay is for what comes then.
        asked = None if before.is_robots or after.rules is None else _read_delay(after.rules, token)
        required = max(pace.delay_seconds or 0.0, asked or 0.0)
        pause = _measure(before.response, after.response)
        if _is_shorter(pause, required):
            yield f"{_name(after.response)} was requested {pause:.2f} s after the request before it, not {required:g} s"


def _list_busy(responses: Sequence[Response], concurrency: int) -> Iterator[BusyResponse]:
    for place, one in enumerate(responses):
        if one.status not in BUSY_STATUSES:
            continue
        # As many others as may be under way at a time may have been sent before its response came.
        later = responses[place + max(1, concurrency) :]
        yield BusyResponse(
            url=one.url,
            status=one.status,
            at=one.at,
            asked_seconds=read_retry_after(one.retry_after, one.at),
            waited_seconds=_measure(one, later[0]) if later else None,
        )


def _list_impatient(busy: Sequence[BusyResponse]) -> Iterator[str]:
    for one in busy:
        if one.asked_seconds is None or one.waited_seconds is None:
            continue
        if _is_shorter(one.waited_seconds, one.asked_seconds):
            yield (
                f"{one.url} ({one.at:%H:%M:%S} UTC) asked for {one.asked_seconds:g} s, and the next request came after "
                f"{one.waited_seconds:.2f} s"
            )


def _is_shorter(pause: float, required: float) -> bool:
    return pause < required - min(TOLERANCE_SECONDS, required / 2)


def _name(response: Response) -> str:
    return f"{response.url} ({response.at:%H:%M:%S} UTC)"
