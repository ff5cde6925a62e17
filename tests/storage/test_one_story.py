from typing import Any

import pytest

from benchmarks.story import list_paragraphs, seed_random
from schemas.article import Image, Kind
from storage.articles.selection import ArticleFilter, iterate_articles
from storage.engine import Database
from storage.ledger.outcome import store_outcomes
from tests.storage.sample import HOST, SITE, at, identify, identify_url, read, read_text, see, write

LONG = list(dict.fromkeys(text for text in list_paragraphs() if len(text.split()) >= 30))
WORDS = " ".join(LONG).split()

Special = dict[str, Any]
NO_AGENCY: Special = {"agencies": ()}


def take(start: int, count: int) -> list[str]:
    """Return paragraphs of some 40 words, different for each start."""
    return LONG[start : start + count]


def say(start: int, count: int) -> str:
    """Return consecutive words, different for each start."""
    return " ".join(WORDS[start : start + count])


def join(*parts: list[str]) -> str:
    return "\n\n".join(paragraph for part in parts for paragraph in part)


def store(database: Database, pair: list[tuple[str, Special]], order: tuple[int, ...]) -> set[str | None]:
    outcomes = [read(number, number, body, **(NO_AGENCY | special)) for number, (body, special) in enumerate(pair)]
    return store_all(database, [outcomes[number] for number in order])


def store_all(database: Database, outcomes: list[Any]) -> set[str | None]:
    for outcome in outcomes:
        with database.begin() as session:
            store_outcomes(session, [outcome], run_id=None, now=at(100))
    with database.read() as session:
        stored = list(iterate_articles(session, ArticleFilter(include_duplicates=True)))
    assert len(stored) == len(outcomes)
    return {one.duplicate_kind for one in stored}


EARLY: Special = {"published_at": at(0), "headline": "One thing"}
LATE: Special = {"published_at": at(30), "headline": "Another"}
LATE_SAME: Special = {"published_at": at(30), "headline": "One Thing!"}
WIRE: Special = {"agencies": ("Reuters",)}
DATELESS: Special = {"published_at": None}

A, B, C, D = take(0, 5), take(10, 5), take(20, 5), take(30, 5)

PARTS: dict[str, tuple[tuple[str, Special], tuple[str, Special], str | None]] = {
    "the first item of a digest": ((join(A), EARLY), (join(A, B, C), LATE), None),
    "another item of it": ((join(B), EARLY), (join(A, B, C), LATE), None),
    "its last item, in a digest of an agency's": ((join(C), EARLY | WIRE), (join(A, B, C), LATE | WIRE), None),
    "an item with another intro": ((join(D[:1], B[1:]), EARLY), (join(A, B, C), LATE), None),
    "a statement in an analysis": ((join(B[:3]), EARLY), (join(A, B[:3], C), LATE), None),
    "a statement that came later": ((join(B[:3]), LATE), (join(A, B[:3], C), EARLY), None),
    "the first third": ((join(A), LATE), (join(A, B, C), EARLY), "truncated"),
    "the first third, of unknown times": ((join(A), EARLY | DATELESS), (join(A, B, C), LATE | DATELESS), "truncated"),
    "the first third, within a paragraph": ((join(A, [B[0][:120]]), EARLY), (join(A, B, C), LATE), "truncated"),
    "a third, under one headline": ((join(B), LATE_SAME), (join(A, B, C), EARLY), "truncated"),
    "grown threefold, under one headline": ((join(A), EARLY), (join(A, B, C), LATE_SAME), "update"),
    "grown threefold within hours": (
        (join(A), LATE | {"published_at": at(27)}),
        (join(A, B, C), EARLY | {"published_at": at(30)}),
        "update",
    ),
    "grown threefold, of an agency": ((join(A), EARLY | WIRE), (join(A, B, C), LATE | WIRE), "syndicated"),
    "the first half": ((join(A), LATE), (join(A, B), EARLY), "truncated"),
    "the second half": ((join(B), LATE), (join(A, B), EARLY), "truncated"),
    "two paragraphs more": ((join(A), EARLY), (join(A, B[:2]), LATE), "update"),
}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("name", PARTS)
def test_a_quotation_is_not_a_truncated_copy(database: Database, name: str, order: tuple[int, ...]) -> None:
    *pair, kind = PARTS[name]
    assert store(database, pair, order) == {None, kind}


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 3, 0, 1)])
def test_a_digest_is_not_grouped_with_its_items(database: Database, order: tuple[int, ...]) -> None:
    items = [(join(body), EARLY | {"headline": f"Item {number}"}) for number, body in enumerate((A, B, C))]
    assert store(database, [*items, (join(A, B, C), LATE)], order) == {None}


GALLERY: Special = {"kind": Kind.GALLERY, "images": (Image(url=f"{HOST}/1.jpg", caption="One"),)}
GALLERY_LATER: Special = LATE | {"kind": Kind.GALLERY, "images": (Image(url=f"{HOST}/2.jpg", caption="Another"),)}
NAMELESS: Special = {"headline": None}

SHORT: dict[str, tuple[str, str, Special, Special, str | None]] = {
    "a week's pictures": (say(0, 29), say(0, 29), EARLY | GALLERY, GALLERY_LATER, None),
    "with a word changed": (say(0, 45), say(0, 44) + " instead", EARLY | GALLERY, GALLERY_LATER, None),
    "of an agency": (say(0, 29), say(0, 29), EARLY | GALLERY | WIRE, GALLERY_LATER | WIRE, None),
    "the same pictures": (say(0, 29), say(0, 29), EARLY | GALLERY, LATE | GALLERY, "exact"),
    "the same headline": (say(0, 29), say(0, 29), EARLY | GALLERY, LATE_SAME, "exact"),
    "no headline": (say(0, 29), say(0, 29), EARLY, LATE | NAMELESS, "exact"),
    "no headlines": (say(0, 29), say(0, 29), EARLY | NAMELESS, LATE | NAMELESS, "exact"),
    "pictures without a URL": (say(0, 29), say(0, 29), EARLY, LATE, None),
    "enough words": (say(0, 60), say(0, 60), EARLY | GALLERY, GALLERY_LATER, "exact"),
    "enough words of an agency": (say(0, 60), say(0, 60), EARLY | WIRE, LATE | WIRE, "syndicated"),
}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("name", SHORT)
def test_a_few_shared_words_make_no_duplicate(database: Database, name: str, order: tuple[int, ...]) -> None:
    body, other, special, other_special, kind = SHORT[name]
    assert store(database, [(body, special), (other, other_special)], order) == {None, kind}


def test_a_short_archive_copy_is_recognized_under_any_headline(database: Database) -> None:
    identity = identify_url("/archive/pictures").model_copy(update={"id": f"{SITE}:en:archive/pictures"})
    seen = see(7, f"{HOST}/archive/pictures")
    copy = read(7, 7).model_copy(
        update={"seen": seen, "identity": identity, "article": write(identity, seen, say(0, 29), **LATE)}
    )
    assert store_all(database, [read(1, 1, say(0, 29), **EARLY), copy]) == {None, "archive-copy"}


def test_a_short_imported_text_is_a_duplicate_of_the_page(database: Database) -> None:
    text = read_text(2, say(0, 29))
    text = text.model_copy(update={"article": text.article.model_copy(update=NAMELESS)})
    assert store_all(database, [read(1, 1, say(0, 29), **EARLY), text]) == {None, "exact"}


OPENING, CLOSING = say(300, 31), say(400, 29)

REWRITTEN: dict[str, tuple[str, str, Special, Special, str | None]] = {
    "episodes of a series": (
        join([OPENING, say(500, 26), CLOSING]),
        join([OPENING, say(600, 26), CLOSING]),
        EARLY,
        LATE,
        None,
    ),
    "another intro": (join(A[:1], B), join(C[:1], B), EARLY, LATE, "syndicated"),
    "other news, one background": (join(A[:2], B[:3]), join(C[:2], B[:3]), EARLY, LATE, None),
    "the same of unknown times": (
        join(A[:2], B[:3]),
        join(C[:2], B[:3]),
        EARLY | DATELESS,
        LATE | DATELESS,
        None,
    ),
    "other news, without a headline": (join(A[:2], B[:3]), join(C[:2], B[:3]), EARLY, LATE | NAMELESS, None),
    "under one headline": (join(A[:2], B[:3]), join(C[:2], B[:3]), EARLY, LATE_SAME, "syndicated"),
    "of one agency": (join(A[:2], B), join(C[:2], B), EARLY | WIRE, LATE | WIRE, "syndicated"),
    "one background, of one agency": (join(A[:4], B[:3]), join(C[:4], B[:3]), EARLY | WIRE, LATE | WIRE, None),
    "a paragraph rewritten in the middle": (join(A, B[:1], C, D), join(A, B[1:2], C, D), EARLY, LATE, "syndicated"),
    "other news in the middle": (join(A[:2], B[:2], C), join(A[:2], D[:2], C), EARLY, LATE, None),
    "other order": (join(A, B), join(B, A), EARLY, LATE, "syndicated"),
}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("name", REWRITTEN)
def test_a_rewritten_text_shares_more_than_background(database: Database, name: str, order: tuple[int, ...]) -> None:
    body, other, special, other_special, kind = REWRITTEN[name]
    assert store(database, [(body, special), (other, other_special)], order) == {None, kind}


AGENCY: dict[str, tuple[str, str, Special, str | None]] = {
    "a paragraph in front": (join(A), join(B[:1], A), LATE | WIRE, "syndicated"),
    "cut from five to three": (join(A), join(A[:3]), LATE | WIRE, "syndicated"),
    "the same text": (join(A), join(A), LATE | WIRE, "syndicated"),
    "a word edited": (join(A), join(A[:4], [A[4] + " again"]), LATE | WIRE, "syndicated"),
    "further paragraphs, one headline": (join(A), join(A, B[:2]), LATE_SAME | WIRE, "update"),
    "cut, one headline": (join(A), join(A[:3]), LATE_SAME | WIRE, "truncated"),
    "a paragraph in front, no agency": (join(A), join(B[:1], A), LATE, "update"),
    "another agency": (join(A), join(A[:3]), LATE | {"agencies": ("AFP",)}, "truncated"),
}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("name", AGENCY)
def test_an_agencys_text_under_another_headline_is_syndicated(
    database: Database, name: str, order: tuple[int, ...]
) -> None:
    body, other, special, kind = AGENCY[name]
    assert store(database, [(body, EARLY | WIRE), (other, special)], order) == {None, kind}


@pytest.mark.parametrize("seed", range(4))
def test_a_series_and_its_copies_do_not_depend_on_the_order(database: Database, seed: int) -> None:
    bodies = [join([OPENING, say(500 + 26 * number, 26), CLOSING]) for number in range(6)]
    bodies += [bodies[3], f"{bodies[4]} too", join(A), join(A, B, C), join(A, B[:2])]
    times: list[Special] = [
        {"headline": f"Number {number}", "published_at": at(number)} for number in range(len(bodies))
    ]
    outcomes = [
        read(number, number, body, **(NO_AGENCY | special))
        for number, (body, special) in enumerate(zip(bodies, times, strict=True))
    ]
    seed_random(seed).shuffle(outcomes)
    for start in range(0, len(outcomes), seed + 1):
        with database.begin() as session:
            store_outcomes(session, outcomes[start : start + seed + 1], run_id=None, now=at(100))
    with database.read() as session:
        stored = {one.id: one for one in iterate_articles(session, ArticleFilter(include_duplicates=True))}
    assert {key: (one.duplicate_of, one.duplicate_kind) for key, one in stored.items() if one.duplicate_of} == {
        identify(6).key: (identify(3).key, "exact"),
        identify(7).key: (identify(4).key, "near"),
        identify(8).key: (identify(9).key, "update"),
        identify(10).key: (identify(9).key, "truncated"),
    }
