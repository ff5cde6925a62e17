"""Sources that are off by default: the search, and the old site's lists."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sites
from schemas.url import SourceKind
from sites.source_page import SourceUnreadable

SITE = sites.get_site("moscow-times")
NOW = datetime(2026, 10, 1, tzinfo=UTC)
WWW = "https://www.themoscowtimes.com"
OLD = "http://old.themoscowtimes.com"
SEARCH = f"{WWW}/api/search?query=&section=&from=2003-01-01&to=2003-01-04&order=date"
YEAR, DAY = f"{OLD}/sitemap/free/1999.html", f"{OLD}/1999/5/7.html"


def hits(archived_count: int) -> bytes:
    archived = [
        {"title": f"Story {n}", "type": "archive", "date": "2003-01-02 00:00:00", "url": f"{WWW}/archive/story-{n}"}
        for n in range(archived_count)
    ]
    articles = [{"title": "A", "type": "article", "date": "2003-01-03T10:00:00+03:00", "url": "/2003/01/03/a-a12"}]
    return json.dumps({"articles": articles, "archive": archived, "total": archived_count}).encode()


def test_extra_sources_are_off_by_default() -> None:
    assert SITE.extra_sources(()) == ()
    extra = SITE.extra_sources(("search", "old-site"))
    assert all(source.is_optional and SITE.is_extra_source(source.url) for source in extra)
    assert {source.url for source in extra}.isdisjoint(source.url for source in SITE.sources("all"))
    assert not any(SITE.is_extra_source(source.url) for source in SITE.sources("all"))
    assert {SITE.recognize_source(source.url) for source in extra} == {SourceKind.SITEMAP}
    assert len(SITE.extra_sources(("search",))) == len(SITE.extra_sources(("old-site",))) == 2017 - 1992 + 1


def test_a_search_gives_archive_pages_and_their_days() -> None:
    page = SITE.read_source(hits(3), SEARCH, "application/json", NOW)
    assert [one.url for one in page.sightings] == [
        f"{WWW}/2003/01/03/a-a12",
        *(f"{WWW}/archive/story-{number}" for number in range(3)),
    ]
    assert page.children == ()
    assert page.sightings[0].published_at == datetime(2003, 1, 3, 7, tzinfo=UTC)
    # Without an offset, only the day is known.
    assert (page.sightings[1].published_at, page.sightings[1].published_on) == (None, date(2003, 1, 2))
    assert SITE.identify(page.sightings[1].url).id == "moscow-times:en:archive/story-0"


def test_a_search_that_reaches_the_limit_is_split_down_to_days() -> None:
    first, second = SITE.read_source(hits(200), SEARCH, "", NOW).children
    assert "from=2003-01-01&to=2003-01-02" in first
    assert "from=2003-01-03&to=2003-01-04" in second
    days = SITE.read_source(hits(200), first, "", NOW).children
    assert ["from=2003-01-01&to=2003-01-01" in days[0], "from=2003-01-02&to=2003-01-02" in days[1]] == [True, True]
    last = SITE.read_source(hits(200), days[0], "", NOW)
    assert (last.children, len(last.sightings)) == ((), 201)


@pytest.mark.parametrize("body", [b"", b"<html>Oops!</html>", b"[" * 100_000])
def test_a_search_response_that_is_not_json_is_an_error(body: bytes) -> None:
    with pytest.raises(SourceUnreadable, match="no JSON"):
        SITE.read_source(body, SEARCH, "", NOW)


def test_a_year_of_the_old_site_lists_its_days_and_a_day_lists_its_articles() -> None:
    year = (
        '<a href="/1999/5/7.html">7</a><a href="http://old.themoscowtimes.com/1999/12/31.html">31</a><a href="/x">x</a>'
    )
    assert SITE.read_source(year.encode(), YEAR, "text/html", NOW).children == (DAY, f"{OLD}/1999/12/31.html")
    day = '<div><a href="/1999/5/article/a-story/275000.html">Рубль растёт</a><a href="/1999/5/8.html">next</a></div>'
    page = SITE.read_source(day.encode("cp1251"), DAY, "text/html", NOW)
    (sighting,) = page.sightings
    assert (sighting.title, sighting.published_on, page.children) == ("Рубль растёт", date(1999, 5, 7), ())
    identity = SITE.identify(sighting.url)
    # Today's site redirects from there to the same story under /archive/.
    assert (identity.url, identity.rule) == (f"{WWW}/news/article/a-story/275000.html", None)
    assert sites.identify(identity.url) == identity


def test_an_old_list_without_links_is_an_error() -> None:
    with pytest.raises(SourceUnreadable, match="neither days nor articles"):
        SITE.read_source(b"<html><body>Domain for sale</body></html>", YEAR, "text/html", NOW)


@pytest.mark.parametrize(
    ("url", "since", "until", "is_due"),
    [
        (SEARCH, None, None, True),
        (SEARCH, date(2026, 9, 1), None, False),
        (SEARCH, date(2003, 1, 4), date(2003, 1, 31), True),
        (YEAR, None, date(1998, 12, 31), False),
        (DAY, date(1999, 5, 7), date(1999, 5, 7), True),
        (DAY, date(1999, 5, 8), None, False),
    ],
)
def test_an_extra_source_is_due_only_for_its_days(
    url: str, since: date | None, until: date | None, *, is_due: bool
) -> None:
    assert SITE.is_child_due(url, since, until) is is_due


@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f'[{{"url":"{text}","type":"archive"}}]'.encode())
)
def test_any_bytes_are_read_or_unreadable(body: bytes) -> None:
    for url in (SEARCH, YEAR, DAY):
        with suppress(SourceUnreadable):
            SITE.read_source(body, url, "", NOW)
