"""The captures of an article, on both databases: its own, those of its former versions, its companions, lost ones."""

import pytest
from sqlalchemy import update

from schemas.outcome import Outcome
from storage.captures.capture import list_article_captures
from storage.engine import Database
from storage.ledger.outcome import store_outcomes
from storage.revisions.version import VersionUnknown, find_body
from storage.schema.tables import Capture
from tests.storage.sample import HOST, START, advertise, identify, read, read_text

POSTS_URL = f"{HOST}/live/1/0"
ID = "moscow-times:en:1"


@pytest.fixture
def filled(database: Database) -> Database:
    outcomes: list[Outcome] = [
        read(10, 1, "The first text."),
        read(20, 1, "The second text, which says more.", 5),
        advertise(30, identify(1), source_url=POSTS_URL, hours=2),  # kept, and of no entry
        read(40, 2, "Another article."),
        read_text(50, "A text without a URL."),
    ]
    for one in outcomes:
        with database.begin() as session:
            store_outcomes(session, [one], run_id=None, now=START)
    return database


def test_captures_are_listed_the_oldest_first_with_companions(filled: Database) -> None:
    with filled.read() as session:
        assert [one.ref.offset for one in list_article_captures(session, ID)] == [10, 20]
        found = list_article_captures(session, ID, (POSTS_URL,))
        assert [one.ref.offset for one in found] == [10, 30, 20]
        (text,) = list_article_captures(session, read_text(50, "A text without a URL.").article.id)
        assert (text.ref.offset, text.url) == (50, None)
        assert list_article_captures(session, "moscow-times:en:99") == []


def test_lost_captures_are_listed_if_wanted(filled: Database) -> None:
    with filled.begin() as session:
        session.execute(update(Capture).where(Capture.offset == 10).values(length=0))
    with filled.read() as session:
        assert [one.ref.offset for one in list_article_captures(session, ID)] == [20]
        found = list_article_captures(session, ID, with_lost=True)
        assert [(one.ref.offset, one.ref.is_lost) for one in found] == [(10, True), (20, False)]


def test_the_text_of_each_version_is_found(filled: Database) -> None:
    with filled.read() as session:
        assert find_body(session, ID, 1) == "The first text."
        assert find_body(session, ID, 2) == "The second text, which says more."
        with pytest.raises(VersionUnknown):
            find_body(session, ID, 3)
