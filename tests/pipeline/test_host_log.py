"""What the requests of a host show about the rules that were broken."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.host_log import HostLog, Pace, Response, judge_host
from schemas.capture import CaptureRef
from schemas.compliance import HostEvidence

BEGIN = datetime(2026, 6, 3, 12, tzinfo=UTC)
HOST = "https://a.example"
REF = CaptureRef(warc="a.warc.gz", offset=0, length=1, sha256="0" * 64)
ROBOTS = "User-agent: *\nDisallow: /secret/\nCrawl-delay: 5\n"


def respond(seconds: float, path: str, status: int = 200, **fields: object) -> Response:
    made = Response(f"{HOST}{path}", status, BEGIN + timedelta(seconds=seconds), None, REF, None, "")
    return made._replace(**fields)  # type: ignore[arg-type]


def judge(*responses: Response, pace: Pace | None = None) -> HostEvidence:
    by_url = {one.url: one for one in responses}
    return judge_host(HOST, HostLog(list(responses)), pace or Pace(2, 1), "broadsheet", by_url)


FILE = respond(0, "/robots.txt", text=ROBOTS)


@pytest.mark.parametrize(
    ("responses", "says"),
    [
        ([FILE, respond(2, "/a"), respond(7, "/b")], []),
        ([FILE, respond(1, "/a")], ["1.00 s after the request before it, not 2 s"]),
        ([FILE, respond(2, "/a"), respond(5, "/b")], ["3.00 s after the request before it, not 5 s"]),
        ([FILE, respond(1.9, "/a"), respond(6.8, "/b")], []),
        ([FILE, respond(2, "/secret/a")], ["/secret/a (12:00:02 UTC) was requested, and robots.txt forbids it"]),
        ([respond(0, "/a")], ["was requested before robots.txt"]),
        ([respond(0, "/robots.txt", 500), respond(2, "/a")], ["robots.txt forbids it"]),
        ([respond(0, "/robots.txt", 404), respond(2, "/secret/a")], []),
        (
            [
                respond(0, "/robots.txt", 301, redirect_url=f"{HOST}/rules"),
                respond(2, "/rules", text=ROBOTS),
                respond(9, "/secret/a"),
            ],
            ["robots.txt forbids it"],
        ),
        ([FILE, respond(2, "/a", 503, retry_after="60"), respond(62, "/a")], []),
        ([FILE, respond(2, "/a", 429, retry_after="60"), respond(32, "/a")], ["asked for 60 s", "after 30.00 s"]),
        ([FILE, respond(2, "/a", 429, retry_after="Wed, 03 Jun 2026 13:00:00 GMT"), respond(99, "/a")], ["3598 s"]),
        ([FILE, respond(2, "/a", 429), respond(7, "/a")], []),
    ],
)
def test_each_rule_that_was_broken_is_named(responses: list[Response], says: list[str]) -> None:
    found = "\n".join(judge(*responses).breaches)
    assert bool(found) == bool(says)
    assert all(part in found for part in says)


def test_requests_that_may_have_been_under_way_do_not_count_as_impatience() -> None:
    busy = respond(2, "/a", 503, retry_after="60")
    responses = (FILE, busy, respond(7, "/b"), respond(12, "/c"))
    assert len(judge(*responses, pace=Pace(2, 2)).breaches) == 1
    assert judge(*responses[:3], pace=Pace(2, 2)).breaches == ()


def test_a_host_with_many_breaches_names_some() -> None:
    found = judge(*(respond(number / 10, "/a") for number in range(100)))
    assert len(found.breaches) == 21
    assert found.breaches[-1] == "and 179 more"
