"""What the site holds, and what it says will become of it."""

import pickle
import re
from collections import Counter
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest

from replica.furniture import list_furniture_lines
from replica.model import MOSCOW
from replica.seed import SEED_PAGES, SeedPage, read_expected
from replica.site import Article, Site
from replica.writing import find_cast


def body_of(article: Article) -> str:
    return str(article.expected["body"])


def test_the_same_numbers_make_the_same_site_to_the_byte(site: Site) -> None:
    again = Site(200)
    assert [article.page_html() for article in again.articles] == [article.page_html() for article in site.articles]
    assert again.advertised == site.advertised


def test_another_seed_makes_other_texts(site: Site) -> None:
    bodies = {article.expected["body"] for article in site.articles[len(SEED_PAGES) :]}
    others = {article.expected["body"] for article in Site(200, seed=1).articles[len(SEED_PAGES) :]}
    assert not bodies & others


def test_a_site_travels_to_a_child_process_by_its_numbers(site: Site) -> None:
    frozen = pickle.dumps(site)
    assert pickle.loads(frozen).advertised == site.advertised  # noqa: S301 - our own bytes
    assert len(frozen) < 1_000


@pytest.mark.parametrize("count", [0, 1, 3, 5, 6, 40])
def test_a_site_has_as_many_articles_as_asked_for(count: int) -> None:
    assert len(Site(count).articles) == count


def test_the_first_five_articles_are_the_seeds(site: Site, seeds: Path) -> None:
    for article, page in zip(site.articles, SEED_PAGES, strict=False):
        expected = (seeds / "expected" / f"{page.name}.txt").read_text(encoding="utf-8")
        assert article.expected["body"] == expected.strip()
        assert article.head.headline == page.headline


def test_the_third_seeds_caption_and_credits_stand_in_fields_of_their_own(site: Site) -> None:
    expected = site.articles[3].expected
    assert expected["agencies"] == ["AP", "Reuters"]
    assert [(image["caption"][:7], image["credit"]) for image in expected["images"]] == [("Syrians", "Muhammad Hamed")]
    assert "(AP" not in expected["body"]
    assert "Amman" not in expected["body"]


@pytest.mark.parametrize("page", SEED_PAGES, ids=lambda page: page.name)
def test_an_expected_body_holds_lines_of_its_seed_only(seeds: Path, page: SeedPage) -> None:
    text = (seeds / f"{page.name}.txt").read_text(encoding="utf-8").replace("\u00a0", " ")
    lines = text.split("\n")
    body = read_expected(page.name)
    assert [line for line in lines if line in body] == list(body)
    assert not set(body) & set(list_furniture_lines())


def test_what_a_seed_has_beside_its_body_is_known_by_name(seeds: Path) -> None:
    furniture = {*list_furniture_lines(), "Read more", ""}
    for page in SEED_PAGES:
        lines = (seeds / f"{page.name}.txt").read_text(encoding="utf-8").replace("\u00a0", " ").split("\n")
        known = {*read_expected(page.name), page.headline, f"{page.caption} {page.credit}", "(AP, Reuters)"}
        assert {line.strip() for line in lines} - known - furniture == set()


def test_no_two_articles_have_one_body_unless_planned(site: Site) -> None:
    originals = [article for article in site.articles if article.id not in site.duplicates]
    assert len({article.expected["body"] for article in originals}) == len(originals)
    assert len({article.id for article in site.articles}) == len(site.articles)


def test_a_planned_duplicate_has_the_body_of_an_earlier_article() -> None:
    site = Site(400, duplicate_share=0.1)
    by_id = {article.id: article for article in site.articles}
    assert 20 < len(site.duplicates) < 60
    for copy_id, original_id in site.duplicates.items():
        copy, original = by_id[copy_id], by_id[original_id]
        assert copy.expected["body"] == original.expected["body"]
        assert copy.head.published_at > original.head.published_at
        assert copy.url != original.url
        assert original_id not in site.duplicates


def test_a_near_duplicate_differs_in_its_first_paragraph_alone() -> None:
    site = Site(300, near_duplicate_share=0.1, duplicate_share=0)
    by_id = {article.id: article for article in site.articles}
    assert len(site.near_duplicates) > 10
    for copy_id, original_id in site.near_duplicates.items():
        copied = body_of(by_id[copy_id]).split("\n\n")
        original = body_of(by_id[original_id]).split("\n\n")
        assert copied != original
        assert copied[-2:] == original[-2:]
        assert len(set(original) - set(copied)) <= 2  # the opening, and an intro above it


def test_shares_of_nothing_plan_nothing() -> None:
    site = Site(200, duplicate_share=0, near_duplicate_share=0, moved_share=0, bad_pages=False)
    assert not site.duplicates
    assert not site.near_duplicates
    assert set(site.advertised.values()) == {"stored"}
    assert len(site.advertised) == 200
    assert site.count_outcomes() == {"stored": 200}


def test_every_article_and_every_bad_page_is_counted_once(site: Site) -> None:
    counts = site.count_outcomes()
    assert counts.total() == len(site.articles) + len(site.troubles)
    assert counts["duplicate"] == len(site.duplicates) + len(site.near_duplicates) > 0
    assert counts["stored"] == len(site.articles) - counts["duplicate"]
    assert set(counts) == {"stored", "duplicate", "missing", "quarantined", "excluded", "blocked"}
    assert set(site.advertised.values()) == set(counts)


def test_a_moved_article_is_advertised_by_its_old_address_in_the_sitemap() -> None:
    site = Site(300, moved_share=0.2)
    moved = [article for article in site.articles if article.head.old_paths]
    assert len(moved) > 30
    assert all(article.sitemap_url != article.url for article in moved)
    assert all(article.sitemap_url.endswith(f"-a{article.head.number}") for article in moved)
    assert any(article.sitemap_url[:40] != article.url[:40] for article in moved)


def test_the_path_has_moscows_day(site: Site) -> None:
    for article in site.articles:
        day = article.head.published_at.astimezone(MOSCOW)
        assert re.fullmatch(rf"/{day:%Y/%m/%d}/[a-z0-9-]+-a\d+", article.path)
    seed = site.articles[3]
    assert seed.expected["published_at"][:10] == "2011-09-27"
    assert seed.path.startswith("/2011/09/28/")


def test_times_are_in_utc_and_in_order(site: Site) -> None:
    for article in site.articles:
        published = datetime.fromisoformat(article.expected["published_at"])
        assert published.tzinfo == UTC
        if modified := article.expected["modified_at"]:
            assert published < datetime.fromisoformat(modified)
        assert published < site.last_at


def test_texts_vary_in_every_way_that_a_reader_must_know() -> None:
    expected = [article.expected for article in Site(200).articles]
    assert {len(record["authors"]) for record in expected} == {0, 1, 2, 3}
    assert {record["kind"] for record in expected} == {"article", "opinion"}
    assert {bool(record["subtitle"]) for record in expected} == {True, False}
    assert {bool(record["agencies"]) for record in expected} == {True, False}
    assert {len(record["images"]) for record in expected} >= {0, 1, 2}
    assert len({record["section"] for record in expected}) == 10
    assert max(Counter(record["headline"] for record in expected).values()) == 1


def test_no_paragraph_recurs_so_often_that_it_looks_like_furniture() -> None:
    articles = [article for article in Site(400).articles if not article.copy_of]
    counts = Counter(paragraph for article in articles for paragraph in set(body_of(article).split("\n\n")))
    assert max(counts.values()) < len(articles) * 0.02


def list_shingles(body: str) -> set[tuple[str, ...]]:
    words = body.lower().split()
    return {tuple(words[place : place + 3]) for place in range(len(words) - 2)}


def test_unrelated_articles_are_not_alike() -> None:
    site = Site(300, duplicate_share=0, near_duplicate_share=0)
    shingles = [list_shingles(body_of(article)) for article in site.articles[len(SEED_PAGES) :]]
    shares = [len(one & other) / len(one | other) for one, other in combinations(shingles, 2)]
    assert max(shares) < 0.3
    assert sum(shares) / len(shares) < 0.03


def test_lengths_are_those_of_briefs_and_of_long_reports() -> None:
    counts = sorted(len(body_of(article).split()) for article in Site(300).articles[len(SEED_PAGES) :])
    assert counts[0] < 150
    assert 250 < counts[len(counts) // 2] < 450
    assert counts[-1] > 500


def test_paragraphs_are_made_of_whole_sentences(site: Site) -> None:
    for article in site.articles[len(SEED_PAGES) :]:
        body = body_of(article)
        assert not re.search(r"[\[\]{}|]", body.replace(" | ", "")), article.url
        assert not re.search(r"  | [,.;]|\.\.|\b[Aa] [aeio][a-z]+ |, ”", body), article.url
        sentences = [line for line in body.split("\n\n") if len(line.split()) > 12 and "\n" not in line]
        ended = re.compile(r"[.?!:]”?$|\.”$|year$|month$|[a-z]$")
        assert all(line[0].isupper() or line[0] in "“‘" or line[0].isdigit() for line in sentences), article.url
        assert all(ended.search(line) for line in sentences), article.url


def test_a_story_keeps_to_its_place_and_its_persons(site: Site) -> None:
    for article in site.articles[len(SEED_PAGES) :]:
        parts = find_cast(article.head).parts
        told = article.expected["headline"] + body_of(article)
        assert any(parts[name] in told for name in ("city", "region", "capital", "company")), article.url


def test_no_line_of_furniture_is_in_a_body(site_of_all_kinds: Site) -> None:
    furniture = set(list_furniture_lines())
    for article in site_of_all_kinds.articles:
        assert not furniture & set(body_of(article).split("\n\n"))
