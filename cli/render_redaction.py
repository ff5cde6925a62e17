"""Print redactions: tombstones, and what a redaction took out."""

from collections.abc import Sequence

from rich.text import Text

from cli.render import console, print_json, print_sentences, print_table
from schemas.redaction import RedactionReport, Removal, Tombstone


def render_tombstone(tombstone: Tombstone, *, as_json: bool) -> None:
    """Print what stays of a redacted article."""
    if as_json:
        print_json({"redacted": tombstone.model_dump(mode="json")})
        return
    console.print(Text(tombstone.id, "bold"))
    console.print(Text(f"redacted on {tombstone.redacted_at:%Y-%m-%d}: {tombstone.reason}"))
    if tombstone.erased_at:
        console.print(Text(f"erased from the WARC files on {tombstone.erased_at:%Y-%m-%d}"))


def render_tombstones(found: Sequence[Tombstone]) -> None:
    """Print all redactions."""
    if not found:
        console.print("nothing is redacted")
        return
    rows = (
        (f"{one.redacted_at:%Y-%m-%d}", one.id, f"{one.erased_at:%Y-%m-%d}" if one.erased_at else "", one.reason)
        for one in found
    )
    print_table("redacted articles", ("on", "id", "erased on", "reason"), rows)


def render_redaction(report: RedactionReport, *, is_erased: bool) -> None:
    """Print what a redaction took out, what stays, and what may still be found."""
    for one in report.removals:
        _print_removal(one, is_dry_run=report.is_dry_run)
    records = sum(one.capture_count for one in report.removals)
    sources = sum(one.source_count for one in report.removals)
    if is_erased:
        verb = "would be overwritten" if report.is_dry_run else "were overwritten"
        _print(f"WARC records that {verb}: {report.erased_count}")
    elif records or sources:
        _print(f"WARC records that have it: {records}; of feeds and listings that quote it: {sources}")
        _print("--erase overwrites them")
    _print("headlines in links on other articles' pages stay")
    _print("exports, releases and backups made before still have it: no command reaches them")
    print_sentences("problem", report.problems, "red")


def _print(sentence: str) -> None:
    console.print(Text(sentence), soft_wrap=False)


def _print_removal(one: Removal, *, is_dry_run: bool) -> None:
    verb = "would be redacted" if is_dry_run else "is redacted"
    if one.was_redacted:
        verb = f"was redacted before, on {one.tombstone.redacted_at:%Y-%m-%d}"
    console.print(Text(f"{one.tombstone.id} {verb}: {one.tombstone.reason}"))
    if one.article_ids:
        console.print(Text(f"  articles: {', '.join(one.article_ids)}; former versions: {one.revision_count}"))
    if one.duplicates:
        console.print(Text(f"  other articles that have its text, and stay: {', '.join(one.duplicates)}"))
        console.print(Text("  --with-duplicates redacts them too"))
