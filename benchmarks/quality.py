"""Measures how well and how fast unknown publishers' pages are read, beside trafilatura, on two public sets.

The sets are read where they lie, and are not part of the project: article-extraction-benchmark (its own evaluation, of
the text alone) and the test pages of Fundus (headline, authors, day and text).
"""

import gzip
import json
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from runpy import run_path
from statistics import fmean
from time import process_time
from typing import Any

import trafilatura
from trafilatura.settings import Document

import sites
from benchmarks.calibration import JudgedReading, print_calibration
from extraction.agency import AGENCIES
from extraction.page import read_page
from schemas.article import Draft
from schemas.capture import Capture, CaptureRef
from sites.publishers import GENERIC_NAME
from storage.ledger.publication_date import publication_day

AEB_TARGET = 0.965
FUNDUS_TARGETS = {"text": 0.955, "headline": 0.84, "authors": 0.87, "day": 0.985}
RIGHT_F1 = 0.9
"""F1 of the words from which a text counts as right."""

RESAMPLE_COUNT = 1_000
"""Resamples of the pages from which the interval of a difference is taken."""

SEED = 1
OWN = "broadsheet"
PEER = "trafilatura"
AEB_PAGES = "html"
FUNDUS_PAGES = "tests/resources/parser/test_data"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Reading:
    """What a page has, or what a reader finds in it; None is a field that the set does not give."""

    text: str = ""
    headline: str | None = None
    authors: tuple[str, ...] | None = None
    day: date | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class Page:
    """A page of a set, with what people found in it."""

    name: str
    url: str
    html: bytes
    expected: Reading
    fetched_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    """For sets that do not say it, later than any of their pages: no date is rejected for being after the fetch."""


Reader = Callable[[Page], Reading]
Score = Any
"""What a page contributes to a metric."""

Metric = Callable[[Sequence[Score]], float]


@dataclass(frozen=True)
class Field:
    """A field, how a page's reading of it is scored, and what is made of the scores of all pages."""

    name: str
    score: Callable[[Reading, Reading], Score]
    """Expected and read -> score; None if nothing is expected."""
    metric: Metric
    target: float


def main(aeb: Path | None, fundus: Path | None) -> bool:
    """Measure and print; return whether the targets are met."""
    is_met = True
    judged: list[JudgedReading] = []
    if aeb:
        is_met &= measure("article-extraction-benchmark", list(load_aeb(aeb)), [make_aeb_field(aeb)], judged)
    if fundus:
        is_met &= measure("Fundus' test pages", list(load_fundus(fundus)), FUNDUS_FIELDS, judged)
    if judged:
        print_calibration(judged)
    return is_met


def measure(title: str, pages: Sequence[Page], fields: Sequence[Field], judged: list[JudgedReading]) -> bool:
    """Read all pages with every reader, print the table, and return whether the targets are met.

    Appends to `judged` what our own reading of each page came to.
    """
    print(f"{title}: {len(pages)} pages; the halves are those with an even and an odd digest of their names")
    readings = _read_all(pages)
    judged += [judge(page.expected, read, is_odd=is_odd(page)) for page, read in zip(pages, readings[OWN], strict=True)]
    missed = [field.name for field in fields if not _render_field(field, pages, readings)]
    return not missed


def _read_all(pages: Sequence[Page]) -> dict[str, list[Reading]]:
    """Read every page with one reader after the other, and print the processor time that each took.

    Readers take turns, so that a load on the machine slows all of them.
    """
    seconds = dict.fromkeys(READERS, 0.0)
    readings: dict[str, list[Reading]] = {name: [] for name in READERS}
    for page in pages:  # what is loaded and compiled once does not count; some of it only a page without a date needs
        read_own(page)
    for read in READERS.values():
        read(pages[0])
    for page in pages:
        for name, read in READERS.items():
            began = process_time()
            readings[name].append(read(page))
            seconds[name] += process_time() - began
    print(f"  {'processor time':32}{'seconds':>7}   pages for each of trafilatura's")
    for name, spent in seconds.items():
        print(f"    {name:30}{spent:7.1f}   {seconds[PEER] / spent:.2f}")
    return readings


def _render_field(field: Field, pages: Sequence[Page], readings: Mapping[str, Sequence[Reading]]) -> bool:
    """Print a field's figures of every reader; return whether ours reaches the target."""
    columns = {
        name: [field.score(page.expected, read) for page, read in zip(pages, found, strict=True)]
        for name, found in readings.items()
    }
    print(f"  {field.name:32}{'all':>7}{'even':>8}{'odd':>8}   ours less theirs, 95 % of resamples")
    for name, scores in columns.items():
        halves = [[one for one, page in zip(scores, pages, strict=True) if is_odd(page) == odd] for odd in (0, 1)]
        figures = "".join(f"{_apply(field.metric, part):8.4f}" for part in (scores, *halves))
        print(
            f"    {name:29}{figures}   {_render_difference(field.metric, columns[OWN], scores) if name != OWN else ''}"
        )
    reached = _apply(field.metric, columns[OWN])
    print(f"    {'target':29}{field.target:8.4f}: {'met' if reached >= field.target else 'missed'}")
    return reached >= field.target


def is_odd(page: Page) -> bool:
    """Return the half that a page belongs to."""
    return sha256(page.name.encode()).digest()[0] % 2 == 1


def _apply(metric: Metric, scores: Sequence[Score]) -> float:
    known = [score for score in scores if score is not None]
    return metric(known) if known else 0.0


def _render_difference(metric: Metric, own: Sequence[Score], other: Sequence[Score]) -> str:
    """Return the paired difference of two readers, and where 95 % of the resamples of the pages have it."""
    chance = random.Random(SEED)  # noqa: S311 - statistics, not a secret
    pairs = [pair for pair in zip(own, other, strict=True) if None not in pair]
    found = []
    for _ in range(RESAMPLE_COUNT):
        sample = chance.choices(pairs, k=len(pairs))
        found.append(metric([one for one, _ in sample]) - metric([two for _, two in sample]))
    found.sort()
    low, high = found[RESAMPLE_COUNT * 25 // 1000], found[RESAMPLE_COUNT * 975 // 1000 - 1]
    return f"{_apply(metric, own) - _apply(metric, other):+.4f}  {low:+.4f} to {high:+.4f}"


def load_aeb(folder: Path) -> Iterator[Page]:
    """Yield the pages of a copy of article-extraction-benchmark."""
    for name, found in json.loads((folder / "ground-truth.json").read_text(encoding="utf-8")).items():
        html = gzip.decompress((folder / AEB_PAGES / f"{name}.html.gz").read_bytes())
        yield Page(name, found.get("url") or "", html, Reading(found["articleBody"]))


def make_aeb_field(folder: Path) -> Field:
    """Return the text as the set's own program evaluates it."""
    program = run_path(str(folder / "evaluate.py"))
    match, combine = program["string_shingle_matching"], program["metrics_from_tp_fp_fns"]
    return Field(
        "text: F1 of 4-grams",
        lambda expected, read: match(true=expected.text, pred=read.text),
        lambda scores: float(combine(scores)["f1"]),
        AEB_TARGET,
    )


def load_fundus(folder: Path) -> Iterator[Page]:
    """Yield the test pages of a copy of Fundus: one for each version of a publisher's parser, in its order."""
    for path in sorted((folder / FUNDUS_PAGES).glob("*/*.json")):
        versions = json.loads(path.read_text(encoding="utf-8"))
        files = sorted(path.parent.glob(f"{path.stem}_[0-9]*.html.gz"))
        origins = json.loads((path.parent / "meta.info").read_text(encoding="utf-8"))
        if len(files) == len(versions):
            for file, version in zip(files, sorted(versions), strict=True):
                origin = origins[file.name]
                crawled_at = datetime.fromisoformat(origin["crawl_date"]).replace(tzinfo=UTC)
                expected = _read_fundus(versions[version])
                yield Page(file.name, origin["url"], _unzip(file.read_bytes()), expected, crawled_at)


def _unzip(data: bytes) -> bytes:
    """Return the page; some files are compressed twice."""
    while data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    return data


def _read_fundus(found: Mapping[str, Any]) -> Reading:
    body = found.get("body") or {}
    lines = list(body.get("summary") or [])
    for section in body.get("sections") or []:
        lines += [*(section.get("headline") or []), *(section.get("paragraphs") or [])]
    at = found.get("publishing_date")
    return Reading(
        "\n\n".join(lines),
        found.get("title"),
        tuple(found["authors"]) if found.get("authors") else None,
        datetime.fromisoformat(at).date() if at else None,
    )


def _simplify(text: str) -> str:
    """Return a text's letters and digits: spaces, quotation marks and case do not count."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def score_text(expected: Reading, read: Reading) -> float | None:
    """Return the F1 of the words."""
    wanted, found = Counter(_WORD.findall(expected.text)), Counter(_WORD.findall(read.text))
    return 2 * (wanted & found).total() / (wanted.total() + found.total()) if wanted else None


def score_headline(expected: Reading, read: Reading) -> bool | None:
    """Return whether the headline is the same."""
    return _simplify(expected.headline) == _simplify(read.headline or "") if expected.headline else None


def score_authors(expected: Reading, read: Reading) -> bool | None:
    """Return whether the authors are the same, in any order."""
    if not expected.authors:
        return None
    wanted, found = ({_name_alike(name) for name in names} for names in (expected.authors, read.authors or ()))
    return wanted == found


def _name_alike(name: str) -> str:
    """Return a name as it is compared: `AP` and `The Associated Press` are the same."""
    return _simplify(AGENCIES.get(name.casefold(), name))


def score_day(expected: Reading, read: Reading) -> bool | None:
    """Return whether the day of publication is the same."""
    return expected.day == read.day if expected.day else None


def judge(expected: Reading, read: Reading, *, is_odd: bool) -> JudgedReading:
    """Return what is right in our reading of a page."""
    f1 = score_text(expected, read)
    return JudgedReading(
        is_odd=is_odd,
        confidence=read.confidence,
        is_text_right=None if f1 is None else f1 >= RIGHT_F1,
        is_headline_right=score_headline(expected, read),
        is_day_right=score_day(expected, read),
    )


FUNDUS_FIELDS = (
    Field("text: F1 of words, mean", score_text, fmean, FUNDUS_TARGETS["text"]),
    Field("headline: pages", score_headline, fmean, FUNDUS_TARGETS["headline"]),
    Field("authors: pages", score_authors, fmean, FUNDUS_TARGETS["authors"]),
    Field("day: pages", score_day, fmean, FUNDUS_TARGETS["day"]),
)


def make_capture(page: Page) -> Capture:
    """Return a page as a crawl would capture it."""
    return Capture(
        ref=CaptureRef(warc="quality.warc.gz", offset=0, length=len(page.html), sha256=sha256(page.html).hexdigest()),
        url=page.url,
        fetched_at=page.fetched_at,
        status=200,
        headers=(("content-type", "text/html"),),
        body=page.html,
    )


def read_own(page: Page) -> Reading:
    """Read as any publisher's page."""
    draft = read_page(make_capture(page), sites.get_site(GENERIC_NAME))
    if not isinstance(draft, Draft):
        return Reading()
    day = publication_day(draft.published_at, GENERIC_NAME, draft.published_offset)
    return Reading(draft.body, draft.headline, (*draft.authors, *draft.agencies), day, draft.confidence)


def read_trafilatura(page: Page, **options: Any) -> Reading:
    """Read with trafilatura in one of its modes."""
    found = trafilatura.bare_extraction(page.html, url=page.url or None, with_metadata=True, **options)
    if not isinstance(found, Document):
        return Reading()
    authors = tuple(filter(None, (found.author or "").split("; ")))
    return Reading(found.text or "", found.title, authors, date.fromisoformat(found.date) if found.date else None)


READERS: Mapping[str, Reader] = {
    OWN: read_own,
    PEER: read_trafilatura,
    "trafilatura without comments": partial(read_trafilatura, include_comments=False),
    "trafilatura for precision": partial(read_trafilatura, include_comments=False, favor_precision=True),
    "trafilatura for recall": partial(read_trafilatura, include_comments=False, favor_recall=True),
    "trafilatura, fast": partial(read_trafilatura, include_comments=False, fast=True),
}
