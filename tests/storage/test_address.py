"""Changes of an article that make no revision: its current URL, its sponsor's spelling, a moving date."""

from datetime import UTC, datetime, timedelta

from pipeline.interpret import read_outcome
from schemas.capture import Capture
from storage.articles.article import find_article
from storage.engine import Database
from storage.revisions.version import list_revisions
from tests.extraction.pages import URL, make_block, make_capture, make_page
from tests.storage.sample import HOST, identify, read
from tests.storage.test_outcome import entry, store

ID = "moscow-times:en:85656"
TEXT = make_block("<p>The council met on Thursday and decided what it had put off for a year.</p>")
FETCHED_AT = datetime(2024, 7, 10, tzinfo=UTC)
UPDATED = '<div>Updated: <time class="byline__datetime" datetime="2024-06-30T12:00:00+03:00">June 30</time></div>'


def fetch(hours: int, page: str, url: str = URL) -> Capture:
    capture = make_capture(page, url)
    ref = capture.ref.model_copy(update={"offset": hours + 1})
    return capture.model_copy(update={"ref": ref, "fetched_at": FETCHED_AT + timedelta(hours=hours)})


def count_versions(database: Database, article_id: str) -> int:
    with database.read() as session:
        return len(list_revisions(session, article_id))


def test_a_page_whose_date_changes_with_each_fetch_has_one_version_and_one_date(database: Database) -> None:
    for hours in range(10):
        at = FETCHED_AT + timedelta(hours=hours)
        node = f'{{"@type": "NewsArticle", "headline": "A Headline", "dateModified": "{at.isoformat()}"}}'
        meta = f'<meta property="article:modified_time" content="{at.isoformat()}">'
        head = f'<script type="application/ld+json">{node}</script>{meta}'
        store(database, read_outcome(fetch(hours, make_page(TEXT, head=head, top=UPDATED))))
        with database.read() as session:
            found = find_article(session, ID)
        assert found
        assert found.modified_at == datetime(2024, 6, 30, 9, tzinfo=UTC)
        assert (found.revision, found.sources["modified_at"]) == (1, "page")
    assert count_versions(database, ID) == 1


def test_the_newest_captures_url_is_the_articles_and_makes_no_version(database: Database) -> None:
    former, current = URL, f"{HOST}/2024/06/29/at-least-nine-a85656"
    store(database, read_outcome(fetch(0, make_page(TEXT))))
    page = make_page(TEXT, head=f'<link rel="canonical" href="{current}">')
    assert store(database, read_outcome(fetch(1, page, former))) == {"unchanged": 1}
    with database.read() as session:
        found = find_article(session, former)
    assert found
    assert (found.url, found.aliases, found.revision) == (current, (former,), 1)
    assert count_versions(database, ID) == 1


def test_an_older_capture_does_not_restore_a_former_url(database: Database) -> None:
    former, current = identify(1, "six-dead"), identify(1, "nine-dead")
    store(database, read(2, 1, hours=2, url=current.url))
    store(database, read(1, 1, hours=1, url=former.url))
    with database.read() as session:
        found = find_article(session, current.key)
    assert found
    assert found.url == current.url
    assert entry(database, 1).url == current.url


def test_a_newly_named_sponsor_is_a_change_of_metadata(database: Database) -> None:
    store(database, read(1, 1))
    assert store(database, read(2, 1, hours=1, sponsor="A Bank")) == {"revised": 1}
    assert store(database, read(3, 1, hours=2, sponsor="A Bank")) == {"unchanged": 1}
    with database.read() as session:
        found = find_article(session, identify(1).key)
        assert [one.revision_class for one in list_revisions(session, identify(1).key)] == [None, "metadata"]
    assert found
    assert found.sponsor == "A Bank"
