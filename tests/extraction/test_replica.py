"""The replica's pages, compared field by field with the expected records."""

from functools import cache

import pytest

import sites
from extraction.decoding import decode
from extraction.page import read_page
from replica.furniture import list_furniture_lines
from replica.seed import SEED_PAGES, read_expected
from replica.site import Site
from schemas.article import Draft
from tests.extraction.pages import make_capture, make_companions

KINDS = ("article", "opinion", "gallery", "video", "podcast", "live", "archive", "sponsored", "partner", "picture")
COUNT = 85
UNKNOWN = (
    "A newspaper costs what it costs, whoever reads it.",
    "If this page was worth a coffee to you, put the price of one into our jar before you go.",
)
"""A donation message that is in no boilerplate list."""

VARIANTS = {f"period {period}": Site(COUNT, kinds=KINDS, furniture_period=period) for period in range(1, 7)} | {
    "another seed": Site(COUNT, seed=7, kinds=KINDS, furniture_period=5),
    "a message that no list knows": Site(COUNT, seed=7, kinds=KINDS, donation=UNKNOWN),
}
FIELDS = (
    "url",
    "site",
    "edition",
    "language",
    "kind",
    "headline",
    "subtitle",
    "authors",
    "agencies",
    "section",
    "sponsor",
    "tags",
    "published_at",
    "modified_at",
    "body",
    "images",
)


@cache
def _read(variant: str) -> list[tuple[dict[str, object], dict[str, object], Draft]]:
    """Return, for each article, the expected values, the extracted ones (as JSON), and the draft."""
    found = []
    for article in VARIANTS[variant].articles:
        url = str(article.expected["url"])
        draft = read_page(make_capture(article.page_html(), url), sites.find_site(url), make_companions(article))
        assert isinstance(draft, Draft), (url, draft)
        found.append((dict(article.expected), draft.model_dump(mode="json"), draft))
    return found


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", FIELDS)
def test_every_page_has_the_expected_value(variant: str, name: str) -> None:
    assert len(_read(variant)) == COUNT
    for expected, read, _ in _read(variant):
        assert read[name] == expected[name], expected["url"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_line_of_furniture_is_in_any_body(variant: str) -> None:
    long_lines = [line for line in (*list_furniture_lines(), *UNKNOWN) if len(line) > len("Remind me later.")]
    for _, _, draft in _read(variant):
        assert not [line for line in long_lines if line in draft.body]
        assert not sites.get_site("moscow-times").boilerplate.find_leaks(draft.body)


def test_every_value_has_a_source() -> None:
    for _, read, draft in _read("period 6"):
        for name in ("headline", "published_at", "modified_at", "section", "tags", "subtitle", "agencies", "authors"):
            assert bool(read[name]) == (name in draft.sources), (name, draft.url, draft.sources)
        assert draft.extractor.startswith("broadsheet/")


def test_a_seed_as_a_page_has_the_body_of_its_text() -> None:
    drafts = [draft for _, _, draft in _read("period 6")]
    for page, draft in zip(SEED_PAGES, drafts, strict=False):
        assert draft.headline == page.headline
        assert draft.body == "\n\n".join(read_expected(page.name))


@pytest.mark.parametrize("number", range(4))
def test_a_live_blog_without_its_posts_is_flagged(number: int) -> None:
    article = Site(40, kinds=("live",)).articles[6 + number]
    draft = read_page(make_capture(article.page_html(), article.url), sites.find_site(article.url))
    assert isinstance(draft, Draft)
    assert (draft.kind, list(draft.authors)) == ("live", article.expected["authors"])
    assert "posts-missing" in draft.flags


def test_decoding_keeps_every_character_of_a_page() -> None:
    html = Site(6).articles[5].page_html()
    assert decode(make_capture(html)) == html
