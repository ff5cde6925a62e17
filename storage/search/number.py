"""The numbers of the search index: the order of its hits, newest first, is theirs, and no hit has to be looked up."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from zlib import crc32

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.batch import select_in
from storage.day import PUBLICATION_ZONE
from storage.search.table import Searched

SLOT_BITS = 8
"""Of one second, 256 articles: old stock has a day and no time, and no day has more. Should one have, the rest of them
stand in the seconds after it. Each further bit would make the index larger: it keeps the gaps between the numbers."""

BEGINNING = datetime.min.replace(tzinfo=UTC)


def first_number(at: datetime) -> int:
    """The smallest number of what was published in this second; what has no time has a number below 0."""
    return int((at - BEGINNING).total_seconds()) << SLOT_BITS


def first_number_of(day: date) -> int:
    """The smallest number of what was published on this day, in Moscow, or later."""
    start = datetime.combine(day, time(), PUBLICATION_ZONE)
    return first_number(max(start, BEGINNING))  # in Moscow, the calendar begins some hours earlier


def assign_numbers(session: Session, moments: Mapping[str, datetime | None]) -> dict[int, str]:
    """Number -> article, by their publication times; within a second in any order."""
    assigned: dict[int, str] = {}
    waiting, tries = sorted(moments), 0
    while waiting:
        wanted = {article_id: _number(article_id, moments[article_id], tries) for article_id in waiting}
        taken = set(select_in(session, select(Searched.number), Searched.number, set(wanted.values())))
        for article_id, number in wanted.items():
            if number not in taken:
                assigned.setdefault(number, article_id)
        waiting = [article_id for article_id, number in wanted.items() if assigned.get(number) != article_id]
        tries += 1
    return assigned


def _number(article_id: str, at: datetime | None, tries: int) -> int:
    """Each further try has twice the room: however many are of one second, each finds a place in a few tries."""
    digest = crc32(article_id.encode(), tries)
    return -1 - digest if at is None else first_number(at) + digest % (1 << SLOT_BITS + tries)
