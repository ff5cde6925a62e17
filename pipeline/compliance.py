"""The evidence of how a run treated its hosts, from its WARC files and the database, held against the rules."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.archive import Archive
from pipeline.host_log import HostLog, Pace, Response, judge_host
from pipeline.run import now
from schemas.capture import Capture
from schemas.compliance import ComplianceReport, HostEvidence
from schemas.failure import UsageFailure
from schemas.rights import ROBOTS_PATH, TDM_RESERVED
from sites.rights import HOST_FILE_BYTES, host_url, is_host_file
from spiders.warc import RUN_ID_LENGTH
from storage.captures.capture import list_positions
from storage.engine import Session
from storage.reports.compliance import list_forbidden, list_page_terms
from storage.runs.run import RunRecord, find_runs, list_runs
from storage.warc.capture import NotAWarc, iterate_captures
from storage.warc.crawl_info import CrawlInfo, read_crawl_info
from storage.warc.remote import StoreUnreachable
from storage.warc.store import is_own

LAST_COUNT = 100
"""Runs among which the last that fetched anything is looked for: a day of the usual schedule."""

EXAMPLE_COUNT = 5
"""URLs that are named of those that robots.txt forbids."""


class RunUnknown(UsageFailure):
    """No run has this id, or none has fetched anything."""


class _Log(NamedTuple):
    """What the WARC files of a run hold."""

    hosts: Mapping[str, HostLog]
    infos: Sequence[CrawlInfo]
    problems: Sequence[str]


def make_compliance_report(archive: Archive, run_id: str | None = None) -> ComplianceReport:
    """Return the evidence of a run, by its id or the end of it; by default, of the last run that fetched anything.

    Raises:
        RunUnknown: there is no such run.
        StoreUnreachable: its WARC files are in a store that does not respond.
    """
    with archive.database.read() as session:
        names = sorted(filter(is_own, {*list_positions(session), *archive.warcs.list_local()}))
        run = _find_run(session, run_id) if run_id else _find_last(session, names)
        warcs = _list_files(names, run)
        forbidden = list_forbidden(session, run, now())
        pages = list_page_terms(session, warcs)
    log = _read_log(archive, warcs)
    agents = tuple(dict.fromkeys(info.user_agent for info in log.infos if info.user_agent))
    return ComplianceReport(
        run_id=run.id,
        kind=run.kind,
        site=run.site,
        started_at=run.started_at,
        ended_at=run.ended_at,
        user_agents=agents,
        contact=next((info.fields["operator"] for info in log.infos if "operator" in info.fields), ""),
        warc_files=tuple(warcs),
        hosts=tuple(_judge_hosts(log, agents, forbidden, pages)),
        problems=tuple(log.problems),
    )


def _find_run(session: Session, run_id: str) -> RunRecord:
    found = find_runs(session, run_id, 2)
    if not found:
        raise RunUnknown(f"no run has the id {run_id}: see `broadsheet status --runs`")
    if len(found) > 1 and found[0].id != run_id:
        raise RunUnknown(f"several runs have ids that end in {run_id}")
    return found[0]


def _find_last(session: Session, names: Sequence[str]) -> RunRecord:
    found = next((run for run in list_runs(session, LAST_COUNT) if _list_files(names, run)), None)
    if found is None:
        raise RunUnknown(f"none of the last {LAST_COUNT} runs has fetched anything")
    return found


def _list_files(names: Sequence[str], run: RunRecord) -> list[str]:
    """Return the WARC files that a run wrote, whichever run loaded them: their names have the end of its id."""
    return [name for name in names if f"-{run.id[-RUN_ID_LENGTH:]}-" in name]


def _read_log(archive: Archive, warcs: Sequence[str]) -> _Log:
    hosts: dict[str, HostLog] = defaultdict(HostLog)
    infos: list[CrawlInfo] = []
    problems: list[str] = []
    wanted: set[str] = set()
    for name in warcs:
        try:
            infos.append(read_crawl_info(archive.warcs, name))
            captures = iterate_captures(archive.warcs.at(name), name, 0, archive.settings.max_page_bytes)
            for capture, _ in captures:
                if capture.url:
                    hosts[host_url(capture.url, "")].responses.append(_as_response(capture, wanted))
            problems += [f"a record could not be read: {damage}" for damage in captures.corrupt]
        except StoreUnreachable:
            raise
        except (OSError, NotAWarc) as error:
            problems.append(f"{name} could not be read: {error}")
    return _Log(hosts, infos, problems)


def _as_response(capture: Capture, wanted: set[str]) -> Response:
    """Return what the rules need of a capture; `wanted` collects the URLs to which a robots.txt redirects."""
    url = capture.url or ""
    is_rules = is_host_file(url, ROBOTS_PATH) or url in wanted
    if is_rules and capture.redirect_url:
        wanted.add(capture.redirect_url)
    return Response(
        url=url,
        status=capture.status,
        at=capture.fetched_at,
        retry_after=capture.header("retry-after"),
        ref=capture.ref,
        redirect_url=capture.redirect_url if is_rules else None,
        text=capture.body[:HOST_FILE_BYTES].decode("utf-8", errors="replace") if is_rules else "",
    )


def _judge_hosts(
    log: _Log, agents: Sequence[str], forbidden: Sequence[str], pages: Sequence[tuple[str, Sequence[str]]]
) -> Iterator[HostEvidence]:
    pace = _read_pace(log.infos)
    token = agents[0].partition("/")[0].strip() if agents else ""
    page_counts = Counter(host_url(url, "") for url, _ in pages)
    reserved_counts = Counter(host_url(url, "") for url, terms in pages if TDM_RESERVED in terms)
    by_url = {response.url: response for host in log.hosts.values() for response in host.responses}
    for host in sorted(log.hosts):
        not_fetched = [url for url in forbidden if host_url(url, "") == host]
        yield judge_host(host, log.hosts[host], pace, token, by_url).model_copy(
            update={
                "page_count": page_counts[host],
                "reserved_count": reserved_counts[host],
                "forbidden_count": len(not_fetched),
                "forbidden_examples": tuple(not_fetched[:EXAMPLE_COUNT]),
            }
        )


def _read_pace(infos: Sequence[CrawlInfo]) -> Pace:
    """Return the settings that the WARC files record; those written before they did record none."""
    fields = infos[0].fields if infos else {}
    try:
        delay = float(fields["delay-seconds"]) if "delay-seconds" in fields else None
        return Pace(delay, int(fields.get("concurrency", "1")))
    except ValueError:
        return Pace(None, 1)
