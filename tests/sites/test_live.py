"""Which pages are live blogs, and the URLs of their posts."""

import pytest

import sites
from replica.site import Site

PAGE = "https://www.themoscowtimes.com/2024/06/29/a-slug-a85656"
POSTS = "https://www.themoscowtimes.com/live/85656/0"
SITE = sites.get_site("moscow-times")


@pytest.mark.parametrize(
    "mark",
    [
        '<div class="live-posts" data-live="1">',
        '<div data-live-id=7 class="x">',
        '<section class="x liveblog y">',
        '<article class="article article--live">',
        '<script>{"@type": "LiveBlogPosting"}</script>',
        '<script>fetch("/live/85656/0")</script>',
    ],
)
def test_any_mark_of_a_live_blog_gives_the_url_of_its_posts(mark: str) -> None:
    assert SITE.companion_urls(PAGE, mark.encode()) == (POSTS,)


@pytest.mark.parametrize(
    "page",
    [
        '<div class="article-excerpt-default--live">',
        "<p>The match was shown live.</p>",
        '<a href="/live/85657/0">',
        '<div class="live-posture">',
        '<a href="/live">Live</a>',
    ],
)
def test_marks_on_other_pages_give_no_companion(page: str) -> None:
    assert SITE.companion_urls(PAGE, page.encode()) == ()


@pytest.mark.parametrize("kind", ["article", "opinion", "gallery", "video", "podcast", "archive", "live"])
def test_only_live_blogs_of_the_replica_have_companions(kind: str) -> None:
    for article in Site(16, kinds=(kind,)).articles[5:]:
        urls = SITE.companion_urls(article.url, article.page_html().encode())
        assert bool(urls) == (article.head.kind == "live")
        assert all(SITE.recognize_companion(url) == article.id for url in urls)


@pytest.mark.parametrize(
    ("url", "record_id"),
    [
        (POSTS, "moscow-times:en:85656"),
        ("http://themoscowtimes.com/live/85656/0?x=1", "moscow-times:en:85656"),
        ("https://www.moscowtimes.ru/live/41774/0", "moscow-times:ru:41774"),
        ("https://www.themoscowtimes.com/live/85656", None),
        ("https://www.themoscowtimes.com/live/85656/1", None),
        ("https://static.themoscowtimes.com/live/85656/0", None),
        ("https://www.example.org/live/85656/0", None),
        (PAGE, None),
        ("http://[", None),
    ],
)
def test_a_url_of_posts_has_the_record_of_its_live_blog(url: str, record_id: str | None) -> None:
    assert SITE.recognize_companion(url) == record_id


@pytest.mark.parametrize(
    "url", ["https://www.themoscowtimes.com/archive/slug", "https://www.themoscowtimes.com/", "http://["]
)
def test_a_page_without_a_number_has_no_posts(url: str) -> None:
    assert SITE.companion_urls(url, b"<div data-live>") == ()


def test_an_unknown_publishers_pages_have_no_companions() -> None:
    assert sites.get_site("generic").companion_urls("https://www.example.org/live", b"<div data-live>") == ()
    assert sites.get_site("generic").recognize_companion("https://www.example.org/live/1/0") is None


@pytest.mark.parametrize("record_id", ["moscow-times:en:85656", "moscow-times:ru:41774"])
def test_the_posts_of_a_record_are_where_they_are_recognized(record_id: str) -> None:
    (url,) = SITE.locate_companions(record_id)
    assert SITE.recognize_companion(url) == record_id


@pytest.mark.parametrize(
    "record_id", ["moscow-times:en:archive/slug", "moscow-times:xx:1", "text:1234", "moscow-times", ""]
)
def test_a_record_without_a_number_has_no_posts(record_id: str) -> None:
    assert SITE.locate_companions(record_id) == ()
    assert sites.get_site("generic").locate_companions(record_id) == ()
