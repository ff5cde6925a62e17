"""Unknown boilerplate is detected in the run that brings it; text that articles share for good reasons is not."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import sites
from boilerplate.remover import Furniture
from pipeline.archive import open_archive
from pipeline.ingest import ingest_once
from pipeline.quality.recurring import FEWEST_ARTICLES, Group, Recurrence, find_recurring
from pipeline.report import render_markdown
from pipeline.status import read_status
from replica.server import running
from replica.site import Site
from schemas.settings import Settings
from storage.reports.history import NewArticle

START = datetime(2026, 11, 1, tzinfo=UTC)
SECTIONS = ("News", "Business", "Opinion", "Climate")
MESSAGE = (
    "Reader, this winter our reporters pay for every flight, lawyer and server out of their own pockets.",
    "Give what a cup of tea costs, and the presses keep rolling for everybody behind the wall.",
)
KNOWN = "This commitment costs us $10,000 a month. Your support can help us fill the gap."
ALL_KINDS = ("article", "article", "opinion", "gallery", "video", "podcast", "live", "archive")


def write(number: int, *paragraphs: str, section: str | None = None, tags: Sequence[str] = ()) -> NewArticle:
    """Return an article; lower numbers were fetched later."""
    name = "".join("abcdefghij"[int(digit)] for digit in str(number))  # numbers do not part paragraphs
    own = f"What the article of {name} alone has to say to its readers."
    return NewArticle(
        id=f"moscow-times:en:{number}",
        section=section or SECTIONS[number % len(SECTIONS)],
        tags=list(tags),
        fetched_at=START - timedelta(hours=number),
        body="\n\n".join((own, *paragraphs)),
    )


def fill(*groups: Group, count: int = 200) -> list[Group]:
    """Return these groups, and distinct articles up to a count."""
    return [*groups, *((write(number),) for number in range(len(groups), count))]


def look(groups: list[Group]) -> Recurrence:
    return find_recurring(lambda: groups, sites.get_site("moscow-times").boilerplate)


def counts(groups: list[Group]) -> dict[str, int]:
    return {one.text: one.article_count for one in look(groups).paragraphs}


def test_a_paragraph_of_unrelated_articles_is_reported_with_text_count_share_and_examples() -> None:
    found = look(fill(*((write(number, MESSAGE[0]),) for number in range(10)))).paragraphs
    assert [(one.text, one.article_count, one.share) for one in found] == [(MESSAGE[0], 10, 0.05)]
    assert found[0].example_ids == ("moscow-times:en:0", "moscow-times:en:1", "moscow-times:en:2")


@pytest.mark.parametrize(
    ("count", "of_all", "is_reported"),
    [(FEWEST_ARTICLES - 1, 200, False), (FEWEST_ARTICLES, 200, True), (FEWEST_ARTICLES, 501, False)],
)
def test_few_articles_or_a_small_share_is_chance(count: int, of_all: int, *, is_reported: bool) -> None:
    groups = fill(*((write(number, MESSAGE[0]),) for number in range(count)), count=of_all)
    assert bool(counts(groups)) == is_reported


def test_case_spaces_and_quotes_do_not_matter() -> None:
    spellings = (
        "“Give today,” we say to you all",
        '"GIVE TODAY," we say\u00a0to you all',
        "‘Give  today’, we say to you all",
    )
    groups = fill(*((write(number, spellings[number % 3]),) for number in range(9)))
    assert counts(groups) == {spellings[0]: 9}


def test_a_message_with_a_donor_counter_is_detected_whatever_the_number() -> None:
    texts = [
        f"{17_344 + number * 97:,} people have joined them, and {number}% is left to find." for number in range(60)
    ]
    assert counts(fill(*((write(number, text),) for number, text in enumerate(texts)))) == {texts[0]: 60}


@pytest.mark.parametrize(
    ("sections", "tag"),
    [(("Business",), None), (("Business", "Business", "News"), None), (SECTIONS, "Ruble")],
    ids=["of a section", "mostly of a section", "of a tag"],
)
def test_a_notice_of_rates_is_not_boilerplate(sections: Sequence[str], tag: str | None) -> None:
    groups = [
        (
            write(
                number * 9,
                f"The dollar stood at {60 + number}.{number} rubles at the close, the euro at {70 + number}.1.",
                section=sections[number % len(sections)],
                tags=[tag] if tag and number % 3 else [],
            ),
        )
        for number in range(20)
    ]
    others = [(write(number),) for number in range(200) if number % 9]
    assert counts([*groups, *others]) == {}


def test_a_group_of_duplicates_counts_once() -> None:
    assert counts(fill([write(number, MESSAGE[0]) for number in range(30)])) == {}


@pytest.mark.parametrize(
    "text",
    ["Four words are few", "Reuters and AFP contributed reporting to this article from Kyiv.", KNOWN],
    ids=["few words", "an agency's credit", "furniture that is known"],
)
def test_text_that_is_not_unknown_boilerplate_is_not_reported(text: str) -> None:
    assert counts(fill(*((write(number, text),) for number in range(40)))) == {}


def test_the_background_of_a_story_is_not_reported() -> None:
    assert counts(fill(*((write(number, MESSAGE[0], tags=["Grain Deal"]),) for number in range(20)))) == {}


def test_a_tag_that_most_articles_have_is_no_excuse() -> None:
    groups: list[Group] = [(write(number, *MESSAGE[: number < 20], tags=["Russia"]),) for number in range(200)]
    assert counts(groups) == {MESSAGE[0]: 20}


@pytest.mark.parametrize(("step", "is_reported"), [(1, True), (3, False)], ids=["on each page", "on some pages"])
def test_a_sections_paragraph_is_boilerplate_if_most_pages_since_its_first_have_it(
    step: int, *, is_reported: bool
) -> None:
    groups: list[Group] = [
        (write(number, *MESSAGE[: number < 60 and number % step == 0], section="Business"),) for number in range(200)
    ]
    others: list[Group] = [(write(number, section="News"),) for number in range(200, 400)]
    assert bool(counts([*groups, *others])) == is_reported


@pytest.mark.parametrize("share", [0.3, 0.4, 0.45])
def test_a_message_on_some_pages_is_reported_if_nearly_all_are_of_one_section(share: float) -> None:
    rng = random.Random(1)
    groups: list[Group] = [
        (write(number, *MESSAGE[: rng.random() < share], section="News" if rng.random() < 0.9 else "Business"),)
        for number in range(200)
    ]
    assert set(counts(groups)) == {MESSAGE[0]}


@pytest.mark.parametrize(
    "text",
    ["Unlike TASS we live from you: give today, please do.", "We are not RIA Novosti. Please give five dollars."],
)
def test_a_message_that_names_an_agency_is_not_a_credit(text: str) -> None:
    assert counts(fill(*((write(number, text),) for number in range(40)))) == {text: 40}


def test_known_boilerplate_counts_in_the_leak_rate() -> None:
    assert look(fill(*((write(number, KNOWN),) for number in range(3)))).leak_rate == 3 / 200
    assert look([]).leak_rate is None


def test_a_new_message_is_a_problem_of_the_run_that_brings_it(make_settings: Callable[..., Settings]) -> None:
    site = Site(60, duplicate_share=0, bad_pages=False)
    with running(site) as server:
        before = ingest_once(make_settings(origins=dict(server.origins)), "moscow-times", "sitemaps", limit=45)
    assert (before.problems, before.recurring, before.leak_rate) == ((), (), 0.0)
    with running(replace(site, planted=MESSAGE)) as server:
        settings = make_settings(origins=dict(server.origins))
        report = ingest_once(settings, "moscow-times", "sitemaps")
    new_count = report.outcomes["stored"]
    assert {one.text: one.article_count for one in report.recurring} == dict.fromkeys(MESSAGE, new_count)
    (problem,) = report.problems
    assert problem.startswith(f"recurring: a paragraph in no boilerplate list appears in {new_count} of the newest")
    assert MESSAGE[0][:40] in problem
    assert MESSAGE[0][:40] in render_markdown(report)
    with open_archive(settings, writable=False) as archive:
        status = read_status(archive)
    assert (status.noticed_by, status.recurring) == (report.run_id, report.recurring)


def test_below_its_ceiling_a_paragraph_is_a_note(make_settings: Callable[..., Settings]) -> None:
    with running(Site(30, planted=MESSAGE)) as server:
        settings = make_settings(origins=dict(server.origins), ceilings={"recurring": 1})
        report = ingest_once(settings, "moscow-times", "sitemaps")
    assert report.problems == ()
    assert [note for note in report.notes if note.startswith("recurring: ")]


def test_boilerplate_listed_later_breaks_the_ceiling_of_the_leak_rate(
    make_settings: Callable[..., Settings],
) -> None:
    profile = sites.get_site("moscow-times")
    furniture = (*profile.boilerplate.furniture, Furniture("donation-new", MESSAGE))
    learned = replace(profile, boilerplate=replace(profile.boilerplate, furniture=furniture))
    with running(Site(30, duplicate_share=0, near_duplicate_share=0, planted=MESSAGE[:1], bad_pages=False)) as server:
        settings = make_settings(origins=dict(server.origins), ceilings={"recurring": 1})
        first = ingest_once(settings, "moscow-times", "sitemaps", limit=20)
        second = ingest_once(settings, "moscow-times", "sitemaps", publishers=sites.PUBLISHERS.replacing(learned))
    assert (first.leak_rate, second.leak_rate) == (0.0, 20 / 30)
    assert second.recurring == ()
    assert second.problems == ("leak_rate 0.6667 is above its ceiling 0.0100",)


def test_ordinary_runs_of_all_kinds_of_pages_report_nothing(make_settings: Callable[..., Settings]) -> None:
    with running(Site(300, kinds=ALL_KINDS)) as server:
        settings = make_settings(origins=dict(server.origins))
        first = ingest_once(settings, "moscow-times", "sitemaps", limit=150)
        second = ingest_once(settings, "moscow-times", "sitemaps")
    for report in (first, second):
        assert (report.problems, report.recurring, report.leak_rate) == ((), (), 0.0)
        assert report.reading


def test_a_run_without_new_articles_skips_the_check(make_settings: Callable[..., Settings]) -> None:
    with running(Site(8, bad_pages=False)) as server:
        settings = make_settings(origins=dict(server.origins))
        ingest_once(settings, "moscow-times", "sitemaps")
        report = ingest_once(settings, "moscow-times", "sitemaps")
    assert (report.leak_rate, report.recurring) == (None, ())
