"""Titles and times as shown on the publisher's pages."""

from datetime import UTC, datetime

import pytest

from extraction.page import read_page
from schemas.article import Draft
from sites.moscow_times import MOSCOW_TIMES
from tests.extraction.pages import make_block, make_capture, make_page

AT = datetime(2024, 7, 2, 9, tzinfo=UTC)
TIME = '<time class="byline__datetime" datetime="2024-07-02T12:00:00+03:00">{}</time>'
BARE = TIME.format("July 2")
HEADING = '<h1><a href="#">A Headline</a></h1>'


def _read(page: str) -> Draft:
    draft = read_page(make_capture(page), MOSCOW_TIMES)
    assert isinstance(draft, Draft), draft
    return draft


@pytest.mark.parametrize(
    "shown",
    [
        TIME.format("Updated: July 2"),
        TIME.format("Last updated July 2"),
        f"Updated: {BARE}",
        f"<div>Updated: {BARE}</div>",
        f"<div><span>Updated:</span> {BARE}</div>",
        f"<div><span>Updated</span><span>{BARE}</span></div>",
        f"<p>By Jane Doe | Last updated: {BARE}</p>",
        f"<div>Обновлено: {BARE}</div>",
    ],
)
def test_a_time_labelled_as_an_update_is_not_the_publication_time(shown: str) -> None:
    draft = _read(make_page(make_block("<p>Text.</p>"), top=shown))
    assert (draft.modified_at, draft.sources["modified_at"]) == (AT, "page")
    assert draft.sources["published_at"] == "path"


@pytest.mark.parametrize(
    "shown",
    [
        BARE,
        f"Published: {BARE}",
        f"<p>This story was updated by hand many times.</p>{BARE}",
        f"<div>Published {BARE} Updated: <time>July 3</time></div>",
    ],
)
def test_any_other_time_is_the_publication_time(shown: str) -> None:
    draft = _read(make_page(make_block("<p>Text.</p>"), top=shown))
    assert (draft.published_at, draft.sources["published_at"]) == (AT, "page")
    assert draft.modified_at is None


def test_each_of_two_times_has_the_label_before_it() -> None:
    earlier = BARE.replace("07-02", "07-01")
    draft = _read(make_page(make_block("<p>Text.</p>"), top=f"<div>Published: {earlier} Updated: {BARE}</div>"))
    assert (draft.published_at, draft.modified_at) == (datetime(2024, 7, 1, 9, tzinfo=UTC), AT)


@pytest.mark.parametrize(
    "title",
    [
        "Заголовок - The Moscow Times",
        "Заголовок — Русская служба The Moscow Times",
        "Заголовок | The Moscow Times на русском",
        "The Moscow Times. Заголовок",
        "Русская служба The Moscow Times. Заголовок",
        "The Moscow Times | Заголовок",
        "Мнение | Заголовок - The Moscow Times",
    ],
)
@pytest.mark.parametrize("head", ["<title>{}</title>", '<meta property="og:title" content="{}">'])
def test_the_publishers_name_is_not_part_of_a_title(title: str, head: str) -> None:
    page = make_page(make_block("<p>Text.</p>")).replace(HEADING, "")
    page = page.replace("<title>A Headline - The Moscow Times</title>", head.format(title))
    assert _read(page).headline == "Заголовок"


@pytest.mark.parametrize(
    "headline", ["The Moscow Times. A History", "How It Ended - The Moscow Times", "The Moscow Times"]
)
def test_a_headline_on_the_page_is_unchanged(headline: str) -> None:
    page = make_page(make_block("<p>Text.</p>")).replace(HEADING, f"<h1>{headline}</h1>")
    assert _read(page).headline == headline
