"""Records are found by any unambiguous spelling of their ids."""

from collections.abc import Iterator

import pytest

import broadsheet
from pipeline.archive import Archive, open_archive
from pipeline.status import RecordAmbiguous, RecordUnknown, find_record
from schemas.outcome import ArticleRead
from schemas.settings import Settings
from schemas.url import Identity
from storage.ledger.outcome import store_outcomes
from tests.storage.sample import SITE, START, read, read_text, see, write

TEXT = read_text(9, "A text without a URL.")


def read_identity(offset: int, path: str, record_id: str, edition: str) -> ArticleRead:
    host = {"en": "www.themoscowtimes.com", "ru": "ru.themoscowtimes.com"}[edition]
    identity = Identity(url=f"https://{host}/{path}", site=SITE, edition=edition, id=f"{SITE}:{edition}:{record_id}")
    seen = see(offset, identity.url)
    return ArticleRead(seen=seen, identity=identity, article=write(identity, seen, f"Body {offset}.", edition=edition))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("status") / "data")
    outcomes = [
        read(1, 85656),
        read(2, 5),
        read_identity(3, "2026/10/01/po-russki-a5", "5", "ru"),
        read_identity(4, "archive/an-old-story", "archive/an-old-story", "en"),
        TEXT,
    ]
    with open_archive(settings, writable=True) as opened:
        with opened.database.begin() as session:
            store_outcomes(session, outcomes, run_id=None, now=START)
        yield opened


@pytest.mark.parametrize(
    ("spelling", "record_id"),
    [
        *[(spelling, f"{SITE}:en:85656") for spelling in ("85656", "a85656", "A85656", "en:85656", " 85656 ")],
        ("Moscow-Times:EN:85656", f"{SITE}:en:85656"),
        ("ru:5", f"{SITE}:ru:5"),
        ("archive/an-old-story", f"{SITE}:en:archive/an-old-story"),
        (TEXT.article.id[:11], TEXT.article.id),
        (TEXT.article.id.upper(), TEXT.article.id),
    ],
)
def test_a_part_of_an_id_finds_its_record(archive: Archive, spelling: str, record_id: str) -> None:
    assert find_record(archive, spelling).id == record_id


def test_an_ambiguous_part_names_the_records(archive: Archive) -> None:
    with pytest.raises(RecordAmbiguous, match=rf"5 is ambiguous: {SITE}:en:5, {SITE}:ru:5"):
        find_record(archive, "5")
    with broadsheet.open(archive.settings.data_dir) as opened, pytest.raises(RecordAmbiguous):
        opened.get("5")


@pytest.mark.parametrize("spelling", ["8565", "aa85656", "text:", "text:0000", "%", "", "\u0665"])
def test_what_matches_nothing_is_unknown(archive: Archive, spelling: str) -> None:
    with pytest.raises(RecordUnknown, match="no record"):
        find_record(archive, spelling)
