"""Print a record, its revisions and their differences on a terminal."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from pydantic import JsonValue
from rich.text import Text

from cli.render import console, print_table, print_wrapped
from pipeline.status import ArticleDetails
from schemas.article import ArticleRecord, split_paragraphs
from schemas.duplicate import KIND_MEANINGS, Explanation
from schemas.revision import Difference, FieldChange, ParagraphChange, Revision, WordRun
from schemas.rights import Rights, RightsSource
from sites import find_time_zone

OPENING = {"same": "", "removed": "[-", "added": "{+"}
CLOSING = {"same": "", "removed": "-]", "added": "+}"}
"""Marks of `git diff --word-diff`, used without colours."""

EMPTY: tuple[JsonValue, ...] = (None, "", [], {})

READING_COLUMNS = 80
"""The longest lines of a text: longer ones tire the eye."""

LABEL_COLUMNS = 16
"""The longest name of a field, and a space."""

SHOWN_ABOVE = frozenset({"headline", "subtitle", "body"})
"""Fields of which only the source is listed: they are the text above."""

STYLES = {"same": "", "removed": "red strike", "added": "green"}


def render_details(shown: ArticleDetails) -> None:
    """Print one article with its metadata, revisions and duplicates."""
    record, revisions = shown.record, shown.revisions
    _print_text(record)
    _print_metadata(record)
    _print_rights(shown.rights)
    if len(revisions) > 1:
        _print_revisions(revisions)
    if shown.explanation:
        _print_explanation(shown.explanation)
    if shown.duplicates:
        print_wrapped(Text(f"\nduplicates: {', '.join(shown.duplicates)}"))


def _print_text(record: ArticleRecord) -> None:
    """Print what a reader reads: headline, subtitle, byline, time, and the text in lines that are easy to read."""
    width = min(console.width, READING_COLUMNS)
    console.print(Text(record.headline or "(no headline)", style="bold"), width=width)
    if record.subtitle:
        console.print(Text(record.subtitle, style="italic"), width=width)
    agencies = f"({', '.join(record.agencies)})" if record.agencies else ""
    byline = " ".join(filter(None, ("By" if record.authors else "", ", ".join(record.authors), agencies)))
    line = " · ".join(filter(None, (byline, _format_time(record), record.section)))
    console.print(Text(line, style="dim"), width=width)
    for paragraph in split_paragraphs(record.body):
        console.print()
        console.print(Text(paragraph), width=width)


def _format_time(record: ArticleRecord) -> str:
    """Return the publication time in the publisher's time zone, and in UTC if that is another."""
    if record.published_at is None:
        return "no date"
    local = record.published_at.astimezone(find_time_zone(record.site, record.published_offset))
    shown = f"{local.day} {local:%B %Y, %H:%M %Z}"
    if not local.utcoffset():
        return shown
    is_same_day = local.date() == record.published_at.date()
    return f"{shown} ({record.published_at:{'%H:%M' if is_same_day else '%Y-%m-%d %H:%M'}} UTC)"


def _print_metadata(record: ArticleRecord) -> None:
    """Print the record's other fields, complete, with the source of each value; a list has a line for each element."""
    console.print(Text(f"\n{'─' * min(console.width, READING_COLUMNS)}", style="dim"))
    for name in sorted(SHOWN_ABOVE & record.sources.keys()):
        console.print(Text.assemble((f"{name:<{LABEL_COLUMNS}}", "cyan"), (f"({record.sources[name]})", "dim")))
    for name, value in record.model_dump(mode="json", exclude={*SHOWN_ABOVE, "sources"}).items():
        values = value if isinstance(value, list) else [value]
        source = record.sources.get(name)
        for place, one in enumerate(one for one in values if one not in EMPTY):
            label = Text(f"{name if not place else '':<{LABEL_COLUMNS}}", style="cyan")
            end = Text(f"  ({source})" if source and not place else "", style="dim")
            print_wrapped(Text.assemble(label, _format_metadata(one), end))


def _print_rights(rights: Rights | None) -> None:
    """Print what the publisher says about the page's use, each with its source."""
    if rights is None:
        _print_field("rights", "unknown: no page of it has been read for that")
        return
    for label, value, source in _list_statements(rights):
        _print_field(label, value, source)


def _list_statements(rights: Rights) -> Iterator[tuple[str, str, str]]:
    if rights.tdm:
        state = "reserved" if rights.tdm.is_reserved else "not reserved"
        policy = f", policy: {rights.tdm.policy_url}" if rights.tdm.policy_url else ""
        yield "tdm", state + policy, rights.tdm.source
    else:
        yield "tdm", "no reservation seen", ""
    for one in rights.directives:
        yield "robots", f"{f'{one.bot}: ' if one.bot else ''}{', '.join(one.names)}", one.source
    if rights.content_signals:
        yield "signals", ", ".join(rights.content_signals), RightsSource.ROBOTS
    for licence in rights.licences:
        yield "licence", f"{licence.url}, for {licence.scope}" if licence.scope else licence.url, licence.source
    for label, file in (("robots.txt", rights.robots_txt), ("tdmrep.json", rights.tdm_file)):
        when = f"HTTP {file.status} at {file.fetched_at:%Y-%m-%d %H:%M} UTC" if file else "not requested"
        yield label, f"{when}, {file.capture.warc} at {file.capture.offset}" if file else when, ""


def _print_field(label: str, value: str, source: str = "") -> None:
    end = Text(f"  ({source})" if source else "", style="dim")
    print_wrapped(Text.assemble((f"{label:<{LABEL_COLUMNS}}", "cyan"), value, end))


def _format_metadata(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_format_value(one)}" for name, one in value.items() if one not in EMPTY)
    return _format_value(value)


def _print_revisions(revisions: Sequence[Revision]) -> None:
    rows = (
        (str(one.number), one.revision_class or "first", f"{one.revised_at:%Y-%m-%d %H:%M}", one.extractor)
        for one in revisions
    )
    print_table("revisions", ("revision", "class", "when (UTC)", "read by"), rows)


def _print_explanation(found: Explanation) -> None:
    shared = f"{found.shared_word_count} of {found.word_count} words are in shared paragraphs"
    title = f"\n{KIND_MEANINGS[found.kind]} {found.duplicate_of}; similarity {found.similarity:.2f}, {shared}"
    console.print(Text(title, style="yellow"))
    for paragraph in found.shared_paragraphs:
        console.print(Text(f"  = {paragraph}", style="dim"), no_wrap=True, overflow="ellipsis")


def render_difference(found: Difference) -> None:
    """Print the difference between two revisions, word by word."""
    before, after = found.before, found.after
    is_coloured = console.color_system is not None and not console.no_color
    if before.number == after.number:
        print_wrapped(Text(f"{found.id} has never changed"))
        return
    print_wrapped(Text(f"{found.id} · {_describe_change(before, after)}", style="bold"))
    for side, version in (("from", before), ("to", after)):
        source = f"{side}: {version.capture.warc} at {version.capture.offset}, {version.extractor}"
        print_wrapped(Text(source, style="dim"))
    if after.removed_capture and not before.removed_capture:
        print_wrapped(Text(f"the page is gone: {after.removed_capture.warc} at {after.removed_capture.offset}"))
    for field, change in found.fields.items():
        print_wrapped(_render_field(field, change, is_coloured=is_coloured))
    console.print()
    for line in _render_paragraphs(found.paragraphs, is_coloured=is_coloured):
        print_wrapped(line)


def _describe_change(before: Revision, after: Revision) -> str:
    """Return the two revisions; if `after` is the later one, also its class and when it was made."""
    if before.number > after.number:
        return f"backwards, revision {before.number} to {after.number}"
    name = f"revision {before.number} to {after.number} · {after.revision_class or 'first'}"
    return f"{name} · {after.revised_at:%Y-%m-%d %H:%M} UTC"


def _render_field(name: str, change: FieldChange, *, is_coloured: bool) -> Text:
    runs = []
    if change.before not in EMPTY:
        runs.append(WordRun(op="removed", text=_format_value(change.before)))
    if change.after not in EMPTY:
        runs.append(WordRun(op="added", text=_format_value(change.after)))
    return Text.assemble((f"{name}: ", "cyan"), _render_runs(runs, is_coloured=is_coloured))


def _format_value(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _render_paragraphs(changes: Sequence[ParagraphChange], *, is_coloured: bool) -> Iterator[Text]:
    for is_same, group in groupby(changes, key=lambda change: change.op == "same"):
        found = list(group)
        if is_same:
            yield Text(f"… {len(found)} paragraph{'s' if len(found) > 1 else ''} unchanged", style="dim")
            continue
        for change in found:
            yield _render_runs(_list_word_runs(change), is_coloured=is_coloured)


def _list_word_runs(change: ParagraphChange) -> tuple[WordRun, ...]:
    """Return a changed paragraph's word runs; if it was added or removed as a whole, one run of all its words."""
    if change.words:
        return change.words
    if change.after is None:
        return (WordRun(op="removed", text=change.before or ""),)
    return (WordRun(op="added", text=change.after),)


def _render_runs(runs: Sequence[WordRun], *, is_coloured: bool) -> Text:
    if is_coloured:
        return Text(" ").join(Text(run.text, style=STYLES[run.op]) for run in runs)
    return Text(" ".join(f"{OPENING[run.op]}{run.text}{CLOSING[run.op]}" for run in runs))
