"""How far a record can be trusted, as one number from 0 to 1: what the page's own evidence says of it.

It is a product of weights: of the text, the headline, the day, and whether the page is an article at all. Each weight
is 1 where nothing speaks against the value. Weights below 1 were chosen on one half of two public sets, by the share of
right values among the pages with such a sign; `python -m benchmarks quality` prints how well the product tells right
from wrong on both halves. What hardly any page of the sets shows is set by judgement, and says so.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from boilerplate.remover import squeeze

DIGITS = 2
"""Decimal places. More would claim what a few hundred pages cannot show."""

# The text.

DIFFERING = 0.9
"""A known publisher's blocks and trafilatura differ, and the blocks are taken; by judgement."""

TEXTLESS = 0.9
"""A known publisher's page whose text element is empty, as those of galleries are; by judgement."""

UNEXPECTED = 0.6
"""A known publisher's page without the elements that its articles have, read as any page; by judgement: the layout may
have changed, or it is another kind of page."""

OVERGROWN = 0.6
"""All paragraphs of an overgrown page were taken, without choosing among them; by judgement."""

EMPTY = 0.3
"""No text was found on an unknown publisher's page, or outside of a known one's elements; by judgement."""

MIN_SENTENCE_SHARE = 0.8
"""The share of the text in paragraphs that end as sentences do is its weight: menus, lists of links and tables do not.
It counts no lower than this, because a poem or a recipe does not either."""

SECOND_MODE = 0.85
"""trafilatura's fast mode had far less or far more than the text in `<p>`, so another mode was taken: right on 79 %."""

LOW_SHARE, HIGH_SHARE = 0.5, 1.3
ODD_LENGTH = 0.9
"""The text's length is not between these shares of the text in all `<p>`: something is missing, or was added. Right on
82 %, against 92 % of all."""

SENTENCE_ENDS = frozenset(".!?…:;。！？")
CLOSING_SIGNS = "\"'”’»)]"

# The headline.

CONTRADICTED = 0.75
"""JSON-LD, `og:title`, `<title>` and the only `<h1>` do not all have the headline, as one may be for search engines:
right on 56 %, against 96 % where they agree. It counts less than that, because the text matters more."""

UNCONFIRMED = 0.9
"""Only one place has a headline; by judgement."""

NO_HEADLINE = 0.6
"""None was found; by judgement."""

# The day.

OTHER_DAY = 0.7
"""Metadata and the URL do not all name the same day; by judgement."""

NO_DAY = 0.7
"""None was found; by judgement."""

DAY_SOURCES = {"path": 0.9, "posts": 0.9, "htmldate": 0.8}
"""Source -> weight of a day that is not stated, but concluded: from the URL, from a live blog's first post, by
htmldate. Two of eight guesses of the last were wrong; the others by judgement."""

# The page.

DOUBTFUL = 0.5
"""`maybe-no-article`, which 56 % of listings, shops and forums have, and 0.4 % of newspapers' articles; by
judgement."""


class Evidence(NamedTuple):
    """What was seen of a text when it was extracted from a page whose structure is unknown."""

    paragraph_chars: int
    """Characters in all `<p>`."""
    is_second_mode: bool = False
    """Whether the fast mode's text was replaced by another mode's."""
    is_overgrown: bool = False


def weigh_blocks(*, has_differences: bool) -> float:
    """Return the weight of a text from a known publisher's elements, read in two ways."""
    return DIFFERING if has_differences else 1.0


def weigh_text(paragraphs: Sequence[str], evidence: Evidence) -> float:
    """Return the weight of a text that was found on a page of unknown structure, or in a part of one."""
    char_count = sum(map(len, paragraphs))
    if not char_count:
        return EMPTY
    weight = max(MIN_SENTENCE_SHARE, sum(len(text) for text in paragraphs if _ends(text)) / char_count)
    if evidence.is_overgrown:
        weight *= OVERGROWN
    if evidence.is_second_mode:
        weight *= SECOND_MODE
    if not LOW_SHARE * evidence.paragraph_chars <= char_count <= HIGH_SHARE * evidence.paragraph_chars:
        weight *= ODD_LENGTH
    return weight


def _ends(text: str) -> bool:
    return text.rstrip(CLOSING_SIGNS)[-1:] in SENTENCE_ENDS


def weigh_headline(headline: str | None, titles: Iterable[str | None]) -> float:
    """Return the weight of a headline by what the places of the page that have one say. They may add a name to it."""
    if not headline:
        return NO_HEADLINE
    given = [title for title in titles if title]
    if any(not _is_alike(headline, title) for title in given):
        return CONTRADICTED
    return 1.0 if len(given) > 1 else UNCONFIRMED


def _is_alike(headline: str, title: str) -> bool:
    if headline in title:  # the usual case, without looking at letters
        return True
    one, other = squeeze(headline), squeeze(title)
    return one in other or other in one


def weigh_day(day: date | None, source: str | None, others: Iterable[date]) -> float:
    """Return the weight of a publication day by its source, and by the days that other places of the page name.

    A day more or less is a time zone.
    """
    if day is None:
        return NO_DAY
    if any(abs((other - day).days) > 1 for other in others):
        return OTHER_DAY
    return DAY_SOURCES.get(source or "", 1.0)


def combine(text: float, headline: float, day: float, *, is_doubtful: bool) -> float:
    """Return the confidence in a record."""
    return round(text * headline * day * (DOUBTFUL if is_doubtful else 1.0), DIGITS)
