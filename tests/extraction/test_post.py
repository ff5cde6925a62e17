"""The posts of live blogs."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction.page import read_page
from extraction.post import Posts, read_posts
from schemas.article import Draft, Kind
from sites.generic import GENERIC
from sites.moscow_times import MOSCOW_TIMES
from tests.extraction.pages import JSON, make_block, make_capture, make_page

POSTS_URL = "https://www.themoscowtimes.com/live/85656/0"
ID = "moscow-times:en:85656"
LIVE = make_block("<p>What is known so far.</p>") + '<div class="live-posts" data-live="1"></div>'


def _post(time: Any, *items: Any) -> dict[str, Any]:
    return {"id": 1, "time": time, "body": list(items)}


def _html(text: str) -> dict[str, str]:
    return {"type": "html", "body": text}


def _read(posts: Any, url: str = POSTS_URL) -> Posts | None:
    body = posts if isinstance(posts, bytes) else json.dumps(posts).encode()
    return read_posts((make_capture(body, url, JSON),), MOSCOW_TIMES, ID)


def _paragraphs(posts: Any) -> tuple[str, ...]:
    found = _read(posts)
    assert found is not None
    return found.paragraphs


def test_posts_are_ordered_by_time() -> None:
    found = _read(
        [
            _post("2024-06-29T12:00:00+03:00", _html("<p>Second.</p><p>Third.</p>")),
            _post("2024-06-29T10:30:00Z", _html("<p>Fourth.</p>")),
            _post("2024-06-29T11:00:00+03:00", _html("<p>First.</p>")),
        ]
    )
    assert found is not None
    assert found.paragraphs == ("First.", "Second.", "Third.", "Fourth.")
    assert found.first_at == datetime(2024, 6, 29, 8, tzinfo=UTC)


def test_posts_without_times_keep_their_order_oldest_first() -> None:
    assert _paragraphs([_post(None, _html("A")), _post(None, _html("B"))]) == ("A", "B")


@pytest.mark.parametrize(
    ("times", "order"),
    [
        (["12:00", "11:00", "10:00"], "CBA"),
        (["12:00", None, "10:00"], "CBA"),
        ([None, "11:00", "10:00"], "CBA"),
        (["12:00", "11:00", None], "CBA"),
        (["10:00", None, "12:00"], "ABC"),
        (["12:00", "soon", "13:00", None, "10:00"], "EDACB"),
        ([0, "11:00", "10:00"], "CBA"),
    ],
)
def test_a_post_without_a_time_keeps_its_position_and_is_flagged(times: list[str | None], order: str) -> None:
    spelled = [f"2024-06-29T{time}Z" if isinstance(time, str) and ":" in time else time for time in times]
    found = _read([_post(time, _html(text)) for time, text in zip(spelled, "ABCDE", strict=False)])
    assert found is not None
    assert "".join(found.paragraphs) == order
    assert found.flags == (("times-missing",) if spelled != [f"2024-06-29T{time}Z" for time in times] else ())


@pytest.mark.parametrize("factor", [1, 1000, 1000.0])
def test_milliseconds_are_accepted_like_seconds(factor: float) -> None:
    found = _read([_post(1719655200 * factor, _html("B")), _post(1719651600 * factor, _html("A"))])
    assert found is not None
    assert (found.paragraphs, found.flags) == (("A", "B"), ())
    assert found.first_at == datetime(2024, 6, 29, 9, tzinfo=UTC)


@pytest.mark.parametrize("value", [0, 5, -1, 10**30, float("inf"), True, [], {}])
def test_a_number_that_cannot_be_a_post_time_is_ignored(value: Any) -> None:
    found = _read([_post(value, _html("A"))])
    assert found is not None
    assert (found.paragraphs, found.first_at, found.flags) == (("A",), None, ("times-missing",))


@pytest.mark.parametrize("posts", [[], [_post("2024-06-29T12:00:00Z")], [_post("2024-06-29T12:00:00Z", "<p> </p>")]])
def test_a_live_blog_whose_posts_have_no_text_is_flagged(posts: list[dict[str, Any]]) -> None:
    draft = read_page(make_capture(make_page(LIVE)), MOSCOW_TIMES, (make_capture(json.dumps(posts), POSTS_URL, JSON),))
    assert isinstance(draft, Draft)
    assert "posts-empty" in draft.flags
    assert "posts-missing" not in draft.flags


def test_seconds_since_1970_are_a_time_too() -> None:
    assert _paragraphs([_post(1719655200, _html("B")), _post(1719658800, _html("C"))]) == ("B", "C")


SENTENCE = "The council met on Thursday and decided what it had put off."


@pytest.mark.parametrize("kind", ["article", "embed", "image", "images", "newsletter", "link"])
def test_items_of_other_types_are_not_text_of_a_post(kind: str) -> None:
    found = _read([_post("2024-06-29T12:00:00Z", _html("A"), {"type": kind, "html": f"<p>{SENTENCE}</p>"})])
    assert found is not None
    assert (found.paragraphs, found.flags) == (("A",), ())


@pytest.mark.parametrize("kind", ["unknown", None, 7])
@pytest.mark.parametrize(
    ("text", "paragraphs", "flag"),
    [(SENTENCE, ("A", SENTENCE), "unknown-block"), ("Vote now", ("A",), "unknown-block-dropped")],
)
def test_a_sentence_of_unknown_type_is_text_and_anything_removed_is_flagged(
    kind: Any, text: str, paragraphs: tuple[str, ...], flag: str
) -> None:
    found = _read([_post("2024-06-29T12:00:00Z", _html("A"), {"type": kind, "body": f"<p>{text}</p>"})])
    assert found is not None
    assert (found.paragraphs, found.flags) == (paragraphs, (flag,))


@pytest.mark.parametrize("attribute", ["hidden", 'style="display: none"', 'aria-hidden="true"'])
def test_hidden_parts_of_a_post_are_not_text(attribute: str) -> None:
    assert _paragraphs([_post(None, _html(f"<p>A</p><p {attribute}>Nobody sees it.</p><p><s>B</s> C</p>"))]) == (
        "A",
        "C",
    )


def _make_saved(*posts: tuple[str, str]) -> str:
    """Return a live blog's page as saved by a browser, with its posts (time and body) after the article."""
    spelled = "".join(
        f'<div class="live-post">{shown}<div class="live-post__body">{body}</div></div>' for shown, body in posts
    )
    intro = '<article class="article"><h1>H</h1><div class="live-intro"><p>What is known.</p></div></article>'
    return f'<html><body>{intro}<div class="live-posts">{spelled}</div></body></html>'


def test_pictures_of_posts_outside_the_article_belong_to_it() -> None:
    time = '<time datetime="2024-06-29T12:00:00Z">12:00</time>'
    figure = '<figure><img src="/1.jpg"><figcaption>A bridge.</figcaption></figure>'
    draft = read_page(make_capture(_make_saved((time, f"<p>A</p>{figure}"))), MOSCOW_TIMES)
    assert isinstance(draft, Draft)
    assert [(image.url, image.caption) for image in draft.images] == [
        ("https://www.themoscowtimes.com/1.jpg", "A bridge.")
    ]
    assert draft.sources["images"] == "posts"


def test_the_pictures_in_the_html_of_posts_are_pictures() -> None:
    figure = '<figure><img src="/1.jpg"><figcaption>One<br>and two.</figcaption></figure>'
    told = {"type": "image", "image": {"src": "/2.jpg", "caption": "One<br>and two.", "credits": "J. Doe<br/>AP"}}
    found = _read([_post(None, _html(f"<p>A</p>{figure}"), told)])
    assert found is not None
    assert found.paragraphs == ("A",)
    assert [(image.url, image.caption, image.credit) for image in found.images] == [
        ("https://www.themoscowtimes.com/1.jpg", "One and two.", None),
        ("https://www.themoscowtimes.com/2.jpg", "One and two.", "J. Doe AP"),
    ]


@pytest.mark.parametrize(
    ("times", "order", "flags"),
    [
        (["29 June 2024, 13:00", "29 June 2024, 12:00"], "BA", ("posts-from-page",)),
        (["13:00", "12:00"], "BA", ("posts-from-page", "times-without-day")),
        (["12:00", "13:00"], "AB", ("posts-from-page", "times-without-day")),
        (["1:05 a.m.", "11:50 p.m.", "9.30 pm", "08:00"], "DCBA", ("posts-from-page", "times-without-day")),
        (["soon", "later"], "AB", ("posts-from-page", "times-missing")),
        (["25:99", "12:00"], "AB", ("posts-from-page", "times-missing")),
    ],
)
def test_the_posts_of_a_saved_page_are_ordered_by_the_times_shown(
    times: list[str], order: str, flags: tuple[str, ...]
) -> None:
    posts = [(f"<time>{time}</time>", f"<p>{letter}</p>") for time, letter in zip(times, "ABCD", strict=False)]
    draft = read_page(make_capture(_make_saved(*posts)), MOSCOW_TIMES)
    assert isinstance(draft, Draft)
    assert draft.body.split("\n\n")[1:] == list(order)
    assert {flag for flag in draft.flags if flag.startswith(("posts", "times"))} == set(flags)


def test_headers_quotes_and_their_speakers_are_text() -> None:
    items = (
        {"type": "header", "html": "<h2>H</h2>"},
        {"type": "quote", "quote": "Q", "cite": "S"},
        _html("<p>A</p><figure>x</figure><blockquote class='twitter-tweet'>T</blockquote>"),
    )
    assert _paragraphs([_post(None, *items)]) == ("H", "Q", "S", "A")


def test_an_unclosed_element_does_not_swallow_the_next_post() -> None:
    assert _paragraphs([_post(None, _html("<p>A</div></div>")), _post(None, _html("B<!-- <script>"))]) == ("A", "B")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b"null", b"[" * 100_000, b"\xff\xfe\x00"], ids=["", "html", "{}", "null", "[", "x"]
)
def test_a_response_that_is_not_a_list_is_ignored(body: bytes) -> None:
    assert _read(body) is None


def test_another_live_blogs_posts_are_ignored() -> None:
    assert _read([_post(None, _html("A"))], "https://www.themoscowtimes.com/live/85657/0") is None
    assert _read([_post(None, _html("A"))], "https://ru.themoscowtimes.com/live/85656/0") is None


def test_the_newest_of_several_responses_is_used() -> None:
    older, newer = (make_capture(json.dumps([_post(None, _html(text))]), POSTS_URL, JSON) for text in "AB")
    newer = newer.model_copy(update={"fetched_at": datetime(2025, 1, 1, tzinfo=UTC)})
    found = read_posts((newer, older), MOSCOW_TIMES, ID)
    assert found is not None
    assert found.paragraphs == ("B",)


def test_an_excessive_number_of_posts_is_truncated_and_flagged() -> None:
    found = _read([_post(None, _html("<p>b</p>" * 30_000)), _post(None, _html("<p>a</p>" * 30_000))])
    assert found is not None
    assert "posts-cut" in found.flags
    assert set(found.paragraphs) == {"b"}


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["id", "time", "body", "type", "html"]), inner, max_size=4)
        ),
    )
)
def test_any_json_is_posts_or_none(value: Any) -> None:
    found = _read([value])
    assert found is None or all(found.paragraphs)


def test_posts_follow_the_pages_text_and_supply_a_missing_date() -> None:
    answer = make_capture(json.dumps([_post("2024-06-29T12:00:00+03:00", _html("<p>A post.</p>"))]), POSTS_URL, JSON)
    draft = read_page(make_capture(make_page(LIVE)), MOSCOW_TIMES, (answer,))
    assert isinstance(draft, Draft)
    assert (draft.kind, draft.body) == (Kind.LIVE, "What is known so far.\n\nA post.")
    assert (draft.published_at, draft.modified_at) == (datetime(2024, 6, 29, 9, tzinfo=UTC), None)
    assert draft.sources["published_at"] == "posts"
    assert "posts-missing" not in draft.flags


def test_posts_alone_make_a_live_blog() -> None:
    answer = make_capture(json.dumps([_post(None, _html("A post."))]), POSTS_URL, JSON)
    draft = read_page(make_capture(make_page(make_block("<p>Text.</p>"))), MOSCOW_TIMES, (answer,))
    assert isinstance(draft, Draft)
    assert (draft.kind, draft.sources["kind"]) == (Kind.LIVE, "posts")


def test_an_empty_response_for_another_kind_of_page_changes_nothing() -> None:
    page = make_capture(make_page(make_block("<p>Text.</p>")))
    assert read_page(page, MOSCOW_TIMES, (make_capture(b"[]", POSTS_URL, JSON),)) == read_page(page, MOSCOW_TIMES)


def test_an_unknown_publishers_live_blog_has_its_posts_in_the_page() -> None:
    text = "".join(f"<p>Post number {number} says what happened in the town at that hour.</p>" for number in range(9))
    head = '<script type="application/ld+json">{"@type": "LiveBlogPosting", "headline": "H"}</script>'
    page = f"<html><head>{head}</head><body><article><h1>H</h1>{text}</article></body></html>"
    draft = read_page(make_capture(page, "https://www.example.org/live"), GENERIC)
    assert isinstance(draft, Draft)
    assert draft.kind is Kind.LIVE
    assert "posts-missing" not in draft.flags
    assert "Post number 8" in draft.body


def test_the_lines_of_a_post_are_paragraphs() -> None:
    assert _paragraphs([_post(None, _html("First line.<br>Second line."))]) == ("First line.", "Second line.")


@pytest.mark.parametrize(
    ("body", "paragraphs"),
    [
        ('[{"type": "html", "html": "<p>A</p>"}]', ("A",)),
        (' {"type": "html", "html": "<p>A</p>"}', ("A",)),
        ('[{"type": "embed", "html": "<p>A</p>"}]', ()),
        ("<p>A</p>", ("A",)),
        ("[Updated] A", ("[Updated] A",)),
        ("[" * 50_000, ("[" * 50_000,)),
    ],
    ids=["list", "one", "embed", "html", "words", "deep"],
)
def test_a_text_that_is_json_within_json_is_parsed(body: str, paragraphs: tuple[str, ...]) -> None:
    assert _paragraphs([{"id": 1, "time": None, "body": body}]) == paragraphs
