"""The confidence in a record: each sign by itself, and what whole pages come to."""

from datetime import date
from itertools import pairwise

import pytest

import sites
from benchmarks.calibration import QUESTIONS, JudgedReading, measure_area
from extraction.confidence import (
    CONTRADICTED,
    DAY_SOURCES,
    DIFFERING,
    DOUBTFUL,
    EMPTY,
    MIN_SENTENCE_SHARE,
    NO_DAY,
    NO_HEADLINE,
    ODD_LENGTH,
    OTHER_DAY,
    OVERGROWN,
    SECOND_MODE,
    TEXTLESS,
    UNCONFIRMED,
    UNEXPECTED,
    Evidence,
    combine,
    weigh_blocks,
    weigh_day,
    weigh_headline,
    weigh_text,
)
from extraction.page import read_page
from extraction.text import read_text
from schemas.article import Draft
from tests.extraction.pages import URL, make_block, make_capture, make_page
from tests.golden.folder import FOLDERS, read_golden

SENTENCES = ["The council of the town decided that day.", "“It was late,” the mayor said, “and cold.”"] * 5
CHARS = sum(map(len, SENTENCES))
DAY = date(2024, 6, 29)
STATED = (
    '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "A Headline",'
    ' "datePublished": "2024-06-29T12:00:00+03:00"}</script>'
)


def read_any(head: str, body: str, url: str = "https://www.example.org/2024/06/29/a-story") -> Draft:
    draft = read_page(make_capture(f"<html><head>{head}</head><body>{body}</body></html>", url), sites.find_site(url))
    assert isinstance(draft, Draft)
    return draft


def read_known(content: str, head: str = STATED) -> Draft:
    draft = read_page(make_capture(make_page(content, head=head)), sites.find_site(URL))
    assert isinstance(draft, Draft)
    return draft


def test_a_text_of_sentences_as_long_as_the_paragraphs_has_full_weight() -> None:
    assert weigh_text(SENTENCES, Evidence(CHARS)) == 1


def test_the_share_of_sentences_counts_down_to_a_floor() -> None:
    labels = ["Politics", "Business and finance"]
    share = CHARS / (CHARS + sum(map(len, labels)))
    assert MIN_SENTENCE_SHARE < share < 1
    assert weigh_text([*SENTENCES, *labels], Evidence(CHARS)) == pytest.approx(share)
    assert weigh_text(labels, Evidence(sum(map(len, labels)))) == MIN_SENTENCE_SHARE


@pytest.mark.parametrize("sign", [".", "?”", "!»", "…", ":", "。", ".)"])
def test_a_sentence_may_end_in_any_sign(sign: str) -> None:
    assert weigh_text([f"They went home{sign}"], Evidence(len("They went home") + len(sign))) == 1


@pytest.mark.parametrize(
    ("evidence", "weight"),
    [
        (Evidence(CHARS, is_second_mode=True), SECOND_MODE),
        (Evidence(3 * CHARS), ODD_LENGTH),
        (Evidence(CHARS // 2), ODD_LENGTH),
        (Evidence(CHARS, is_overgrown=True), OVERGROWN),
        (Evidence(0, is_second_mode=True), SECOND_MODE * ODD_LENGTH),
    ],
)
def test_each_doubt_about_a_text_lowers_its_weight(evidence: Evidence, weight: float) -> None:
    assert weigh_text(SENTENCES, evidence) == pytest.approx(weight)


def test_a_missing_text_has_little_weight() -> None:
    assert weigh_text([], Evidence(CHARS)) == EMPTY


def test_two_readings_that_differ_have_less_weight_than_two_that_agree() -> None:
    assert weigh_blocks(has_differences=False) == 1
    assert weigh_blocks(has_differences=True) == DIFFERING


@pytest.mark.parametrize(
    ("headline", "titles", "weight"),
    [
        ("War and Peace", ["War and Peace", "War and Peace | The Times", None, ""], 1),
        ("“War” and Peace", ['"War" and peace - The Times', "War and Peace"], 1),
        ("War and Peace", ["War and Peace", "What Happens Next"], CONTRADICTED),
        ("War and Peace", ["War and Peace", None], UNCONFIRMED),
        ("War and Peace", [], UNCONFIRMED),
        (None, ["War and Peace"], NO_HEADLINE),
    ],
)
def test_a_headline_counts_by_the_places_that_have_it(
    headline: str | None, titles: list[str | None], weight: float
) -> None:
    assert weigh_headline(headline, titles) == weight


@pytest.mark.parametrize(
    ("day", "source", "others", "weight"),
    [
        (DAY, "json-ld", [], 1),
        (DAY, "meta", [DAY, DAY.replace(day=28)], 1),  # a day less is a time zone
        (DAY, "json-ld", [DAY.replace(month=5)], OTHER_DAY),
        (DAY, "path", [], DAY_SOURCES["path"]),
        (DAY, "htmldate", [], DAY_SOURCES["htmldate"]),
        (None, None, [DAY], NO_DAY),
    ],
)
def test_a_day_counts_by_its_source_and_by_the_other_places(
    day: date | None, source: str | None, others: list[date], weight: float
) -> None:
    assert weigh_day(day, source, others) == weight


def test_the_confidence_is_the_product_with_two_decimals() -> None:
    assert combine(1.0, 1.0, 1.0, is_doubtful=False) == 1
    assert combine(0.9, 0.9, 0.9, is_doubtful=False) == 0.73
    assert combine(1.0, 1.0, 1.0, is_doubtful=True) == DOUBTFUL


PARAGRAPHS = "".join(f"<p>Number {n} tells what the council of the town decided that day.</p>" for n in range(12))
NAMED = (
    '<meta property="og:type" content="article"><meta property="og:title" content="A Headline">'
    "<title>A Headline</title>"
)
DATED = '<meta property="article:published_time" content="2024-06-29T10:00:00Z">'
ARTICLE = f"<article><h1>A Headline</h1>{PARAGRAPHS}</article>"


def test_a_page_on_which_all_agrees_has_full_confidence() -> None:
    assert read_any(NAMED + DATED, ARTICLE).confidence == 1


@pytest.mark.parametrize(
    ("head", "body", "url", "confidence"),
    [
        (NAMED.replace("<title>A Headline", "<title>What Happens Next") + DATED, ARTICLE, "story", CONTRADICTED),
        (NAMED + DATED.replace("2024", "2021"), ARTICLE, "2024/06/29/story", OTHER_DAY),
        (NAMED, ARTICLE, "2024/06/29/story", DAY_SOURCES["path"]),
        (NAMED, ARTICLE, "story", NO_DAY),
        (
            "<title>A Headline</title>",
            f"<h1>A Headline</h1>{PARAGRAPHS}",
            "story",
            round(NO_DAY * DOUBTFUL, 2),
        ),
    ],
)
def test_a_contradiction_or_a_gap_on_a_page_lowers_it(head: str, body: str, url: str, confidence: float) -> None:
    assert read_any(head, body, f"https://www.example.org/{url}").confidence == confidence


def test_a_known_publishers_page_is_judged_by_its_own_structure() -> None:
    text = make_block(PARAGRAPHS)
    assert read_known(text).confidence == 1
    assert read_known(text, STATED.replace("A Headline", "Another One")).confidence == CONTRADICTED
    assert read_known(text, "").confidence == round(UNCONFIRMED * DAY_SOURCES["path"], 2)
    twitter = make_block(f"{PARAGRAPHS}<p>Twitter</p>")
    assert read_known(twitter).sources["body"] == "blocks"
    assert read_known(twitter).confidence == DIFFERING


def test_a_known_publishers_page_without_its_structure_has_low_confidence() -> None:
    page = f"<html><head>{STATED}<title>A Headline</title></head><body><h1>A Headline</h1>{PARAGRAPHS}</body></html>"
    draft = read_page(make_capture(page), sites.find_site(URL))
    assert isinstance(draft, Draft)
    assert "container-missing" in draft.flags
    assert draft.confidence == UNEXPECTED


def test_a_text_without_a_page_has_none() -> None:
    draft = read_text(make_capture("\n\n".join(SENTENCES), None))
    assert isinstance(draft, Draft)
    assert draft.confidence is None


def test_the_area_is_the_chance_that_a_right_record_has_a_higher_confidence_than_a_wrong_one() -> None:
    right = [JudgedReading(is_odd=True, confidence=one, is_text_right=True) for one in (0.9, 0.5)]
    wrong = [JudgedReading(is_odd=True, confidence=one, is_text_right=False) for one in (0.5, 0.1)]
    unknown = JudgedReading(is_odd=True, confidence=0.3, is_text_right=None)
    ask = QUESTIONS["text F1 >= .9"]
    assert measure_area([*right, *wrong, unknown], ask) == (1 + 1 + 0.5 + 1) / 4
    assert measure_area([*right, unknown], ask) is None


def test_golden_pages_rank_as_they_should() -> None:
    found = {name: read_golden(name) for name in FOLDERS}
    confidences = {name: one["confidence"] for name, one in found.items() if "unreadable" not in one}
    flags = {name: set(found[name]["flags"]) for name in confidences}
    doubtful = [confidences[name] for name, own in flags.items() if "maybe-no-article" in own]
    fallen = [confidences[name] for name, own in flags.items() if own & {"container-missing", "content-missing"}]
    sound = [
        confidence
        for name, confidence in confidences.items()
        if name.startswith("moscow-times/")
        and confidence not in fallen
        and found[name]["sources"]["headline"] == "json-ld"
        and found[name]["body"]
    ]
    textless = [
        one for name, one in confidences.items() if name.startswith("moscow-times/") and not found[name]["body"]
    ]
    assert set(textless) == {TEXTLESS}
    groups = [doubtful, fallen, sound]
    assert all(groups)
    assert all(max(lower) < min(higher) for lower, higher in pairwise(groups))
    assert min(sound) == 1
