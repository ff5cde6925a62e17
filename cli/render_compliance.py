"""Print the evidence of how a run treated its hosts."""

from collections.abc import Iterator

from rich.text import Text

from cli.render import console, print_sentences, print_wrapped
from schemas.compliance import BusyResponse, ComplianceReport, HostEvidence
from schemas.rights import HostFile

LABEL_COLUMNS = 16
"""The longest label, and spaces."""

BUSY_SHOWN = 10
"""Responses of a busy host that are listed: half a screen."""


def render_compliance(report: ComplianceReport) -> None:
    """Print a run's evidence, host by host."""
    console.print(Text(f"{report.kind} {report.site or ''} {report.run_id}", style="bold"), soft_wrap=True)
    _print("user agent", ", ".join(report.user_agents) or "unknown: no request is stored")
    _print("contact", report.contact or "not recorded")
    for host in report.hosts:
        console.print(Text(f"\n{host.host}", style="bold"))
        for label, value in _list_lines(host):
            _print(label, value)
        print_sentences("broken", host.breaches, "red")
    console.print()
    print_sentences("problem", report.problems, "red")
    if not report.hosts:
        console.print("this run fetched nothing")
    elif report.is_sound:
        console.print("no rule was broken")


def _list_lines(host: HostEvidence) -> Iterator[tuple[str, str]]:
    yield "requests", f"{host.request_count}, {host.first_at:%Y-%m-%d %H:%M:%S} to {host.last_at:%H:%M:%S} UTC"
    yield "rule", _describe_rule(host)
    if host.smallest_pause_seconds is not None and host.median_pause_seconds is not None:
        yield "pauses", f"at least {host.smallest_pause_seconds:.2f} s, median {host.median_pause_seconds:.2f} s"
    for label, files in (("robots.txt", host.robots_txt), ("tdmrep.json", host.tdm_file)):
        yield from ((label, _describe_file(one)) for one in files)
        if not files:
            yield label, "not requested"
    if host.forbidden_count:
        urls = "URL that robots.txt forbids" if host.forbidden_count == 1 else "URLs that robots.txt forbids"
        yield "not requested", f"{host.forbidden_count} {urls}"
        yield from (("", url) for url in host.forbidden_examples)
    yield from (("busy", _describe_busy(one)) for one in host.busy[:BUSY_SHOWN])
    if host.busy[BUSY_SHOWN:]:
        yield "", f"and {len(host.busy) - BUSY_SHOWN} more"
    if host.page_count:
        yield "reserved (TDM)", f"{host.reserved_count} of {host.page_count} pages"
    yield from (("licence", licence.url) for licence in host.licences)
    if host.content_signals:
        yield "signals", ", ".join(host.content_signals)


def _describe_rule(host: HostEvidence) -> str:
    setting = "delay not recorded" if host.delay_seconds is None else f"{host.delay_seconds:g} s by the setting"
    if host.crawl_delay_seconds is None:
        return f"{setting}, no Crawl-delay"
    return f"{setting}, Crawl-delay {host.crawl_delay_seconds:g} s"


def _describe_file(file: HostFile) -> str:
    place = f"{file.capture.warc} at {file.capture.offset}"
    return f"HTTP {file.status} at {file.fetched_at:%H:%M:%S} UTC, {place}, SHA-256 {file.capture.sha256}"


def _describe_busy(one: BusyResponse) -> str:
    asked = "without Retry-After" if one.asked_seconds is None else f"asked for {one.asked_seconds:g} s"
    waited = "no further request" if one.waited_seconds is None else f"next request after {one.waited_seconds:.2f} s"
    return f"HTTP {one.status} at {one.at:%H:%M:%S} UTC, {asked}, {waited}: {one.url}"


def _print(label: str, value: str) -> None:
    print_wrapped(Text.assemble((f"{label:<{LABEL_COLUMNS}}", "cyan"), value))
