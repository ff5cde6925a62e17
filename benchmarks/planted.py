"""Measures which planted copies are found among many unrelated articles, and whether their kind is right."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.edit import (
    Edit,
    add_donation,
    add_in_front,
    add_line,
    add_paragraph,
    change_words,
    combine,
    cut,
    keep,
    keep_first_half,
    keep_second_half,
    quote,
    replace_intro,
    replace_start,
)
from benchmarks.story import list_originals, seed_random, write_unrelated
from schemas.article import Article, Kind, content_sha256
from schemas.capture import CaptureRef
from schemas.outcome import ArticleRead, Seen
from storage.engine import Database, open_database
from storage.ledger.outcome import store_outcomes
from storage.schema import tables

UNRELATED_COUNT = 20_000
PAIR_COUNT = 120
"""Pairs per case: enough that one miss is less than a hundredth."""
BATCH_COUNT = 250
"""The loader's batch size."""
RECALL_TARGET = 0.98
KIND_TARGET = 0.95
PRECISION_TARGET = 0.99

AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=3)

Special = dict[str, Any]


class Case(NamedTuple):
    """A way in which a copy differs from its original, and its expected kind."""

    kind: str | None
    """None if it is another story that contains part of the first one's text, and so is not a duplicate."""
    edit: Edit
    original: Special
    copy: Special
    has_target: bool = True
    """Whether the recall target applies."""
    id_prefix: str = "moscow-times:en:"
    """Prefix of the copies' ids."""


REPUBLISHED: Special = {"published_at": LATER}
DATELESS: Special = {"published_at": None}
AGENCY: Special = {"agencies": ("Reuters",)}
ELSEWHERE: Special = {"headline": "Another Headline"}
AGENCY_ELSEWHERE: Special = AGENCY | ELSEWHERE
ARCHIVE = "moscow-times:en:archive/"

CASES = {
    "exact": Case("exact", keep, {}, {}),
    "1 % of the words edited": Case("near", change_words(0.01), {}, {}),
    "2 %": Case("near", change_words(0.02), {}, REPUBLISHED),
    "5 %": Case("near", change_words(0.05), {}, {}),
    "10 %": Case("near", change_words(0.10), {}, REPUBLISHED),
    "15 %": Case("near", change_words(0.15), {}, {}, has_target=False),
    "20 %": Case("near", change_words(0.20), {}, {}, has_target=False),
    # Fewer than a dozen additional words do not make an update.
    "furniture: a line": Case("near", add_line, {}, REPUBLISHED),
    # Furniture that is in no list counts as text.
    "furniture: a message": Case("update", add_donation, {}, REPUBLISHED),
    "a paragraph more": Case("update", add_paragraph, {}, REPUBLISHED),
    "a paragraph more, 3 %": Case("update", combine(change_words(0.03), add_paragraph), {}, REPUBLISHED),
    "another intro": Case("syndicated", replace_intro, {}, {}),
    "another intro, 5 %": Case("syndicated", combine(change_words(0.05), replace_intro), AGENCY, AGENCY_ELSEWHERE),
    "agency, another headline": Case("syndicated", keep, AGENCY, AGENCY_ELSEWHERE),
    "agency, headline, 5 %": Case("syndicated", change_words(0.05), AGENCY, AGENCY_ELSEWHERE),
    "agency, headline, longer": Case("syndicated", add_in_front, AGENCY, AGENCY_ELSEWHERE | REPUBLISHED),
    "agency, headline, cut": Case("syndicated", cut(0.6), AGENCY, AGENCY_ELSEWHERE | REPUBLISHED),
    "first half, paragraphs": Case("truncated", keep_first_half, {}, {}),
    "second half, paragraphs": Case("truncated", keep_second_half, {}, DATELESS),
    "first half, anywhere": Case("truncated", cut(0.5), {}, REPUBLISHED),
    "first half, 5 %": Case("truncated", combine(change_words(0.05), cut(0.5)), {}, {}, has_target=False),
    "first 60 %, anywhere": Case("truncated", cut(0.6), {}, DATELESS),
    "archive, 3 %": Case("archive-copy", change_words(0.03), {}, DATELESS, id_prefix=ARCHIVE),
    "no copy: quoted in full": Case(None, quote(0.33), {}, ELSEWHERE | REPUBLISHED),
    "no copy: the background": Case(None, replace_start(0.4), {}, ELSEWHERE | REPUBLISHED),
}
"""Name -> the case. An `update` is published later than its original."""


class Score(NamedTuple):
    """The result for the pairs of a case."""

    pair_count: int
    found_count: int
    named_count: int
    """Found pairs with the right kind."""
    false_count: int
    """Articles, planted or not, that were taken for a duplicate of anything but their counterpart."""


def main() -> bool:
    """Store unrelated articles, then each case beside them; return whether the targets are met."""
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'archive.db'}")
        store_unrelated(database, UNRELATED_COUNT)
        scores = {name: measure_case(database, name, PAIR_COUNT) for name in CASES}
        database.close()
    return render(scores)


def render(scores: dict[str, Score]) -> bool:
    """Print the figures; return whether they meet the targets."""
    print(f"{'case':28}{'pairs':>7}{'found':>8}{'named':>8}  as")
    for name, score in scores.items():
        found, named = score.found_count / score.pair_count, score.named_count / max(score.found_count, 1)
        note = "" if meets_targets(name, score) else "   missed"
        print(f"{name:28}{score.pair_count:7}{found:8.3f}{named:8.3f}  {CASES[name].kind or 'none'}{note}")
    found_count = sum(score.found_count for score in scores.values())
    false_count = sum(score.false_count for score in scores.values())
    precision = found_count / (found_count + false_count)
    print(f"unrelated articles          {UNRELATED_COUNT:7}")
    print(f"precision                   {precision:7.4f}   target {PRECISION_TARGET:g} or more")
    print(f"found of each case          target {RECALL_TARGET:g} or more; edits of 15 and 20 %, edited halves: none")
    print(f"named right of those        target {KIND_TARGET:g} or more")
    return precision >= PRECISION_TARGET and all(meets_targets(name, score) for name, score in scores.items())


def meets_targets(name: str, score: Score) -> bool:
    """Return whether a case meets the targets for recall and kind, or for precision if it has no kind."""
    if CASES[name].kind is None:
        return score.false_count <= (1 - PRECISION_TARGET) * score.pair_count
    has_found = score.found_count >= RECALL_TARGET * score.pair_count or not CASES[name].has_target
    return has_found and score.named_count >= KIND_TARGET * score.found_count


def store_unrelated(database: Database, count: int) -> int:
    """Store unrelated articles; return how many are (wrongly) taken for duplicates."""
    outcomes = (make_read(f"text:{number}", body) for number, body in enumerate(write_unrelated(count)))
    while batch := [outcome for _, outcome in zip(range(BATCH_COUNT), outcomes, strict=False)]:
        with database.begin() as session:
            store_outcomes(session, batch, run_id=None, now=LATER)
    with database.read() as session:
        return len(_read_verdicts(session))


def measure_case(database: Database, name: str, count: int) -> Score:
    """Store `count` pairs of a case, score them, and roll back.

    In every second pair, the copy comes first.
    """
    case, rng = CASES[name], seed_random(name)
    pairs = [
        (
            make_read(f"moscow-times:en:{number}", body, **case.original),
            make_read(f"{case.id_prefix}a-copy-of-{number}", case.edit(body, rng), **case.copy),
        )
        for number, body in enumerate(list_originals(count))
    ]
    with database.begin() as session:
        for turn in (0, 1):
            batch = [pair[(number + turn) % 2] for number, pair in enumerate(pairs)]
            store_outcomes(session, batch, run_id=None, now=LATER)
        score = _score(case, pairs, _read_verdicts(session))
        session.rollback()
    return score


def _read_verdicts(session: Session) -> dict[str, tuple[str, str]]:
    """Return duplicate -> its primary and kind."""
    columns = select(tables.Article.id, tables.Article.duplicate_of, tables.Article.duplicate_kind)
    rows = session.execute(columns.where(tables.Article.duplicate_of.is_not(None)))
    return {row[0]: (row[1] or "", row[2] or "") for row in rows}


def _score(case: Case, pairs: Sequence[tuple[ArticleRead, ...]], verdicts: dict[str, tuple[str, str]]) -> Score:
    planted = {frozenset(read.article.id for read in pair) for pair in pairs if case.kind}
    found = {one: kind for one, (other, kind) in verdicts.items() if frozenset((one, other)) in planted}
    return Score(
        pair_count=len(pairs),
        found_count=len(found),
        named_count=sum(kind == case.kind for kind in found.values()),
        false_count=len(verdicts) - len(found),
    )


def make_read(record_id: str, body: str, **special: Any) -> ArticleRead:
    """Return an article with default fields, except for its body and those given."""
    ref = CaptureRef(warc=f"{record_id}.warc.gz", offset=0, length=1, sha256="0" * 64)
    fields: Special = {
        "id": record_id,
        "site": "moscow-times",
        "edition": "en",
        "language": "en",
        "url": None,
        "kind": Kind.ARTICLE,
        "headline": "A Headline",
        "subtitle": None,
        "authors": (),
        "agencies": (),
        "sponsor": None,
        "section": "news",
        "tags": (),
        "published_at": AT,
        "modified_at": None,
        "fetched_at": LATER,
        "body": body,
        "word_count": len(body.split()),
        "images": (),
        "content_sha256": content_sha256(body),
        "extractor": "benchmark",
        "sources": {},
        "flags": (),
        "capture": ref,
    }
    seen = Seen(ref=ref, url=None, status=200, fetched_at=LATER, media_type="text/plain")
    return ArticleRead(seen=seen, identity=None, article=Article(**(fields | special)))
