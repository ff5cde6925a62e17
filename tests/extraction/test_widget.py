"""Counters, buttons and links to other articles are removed whatever their class; sentences stay."""

import pytest

import sites
from extraction.page import read_page
from schemas.article import Draft
from tests.extraction.pages import URL, make_block, make_capture, make_page

BEFORE = "The council decided on Monday that the bridge would be closed for the winter."
AFTER = "Residents said that nobody had asked them before the vote was taken there."
LINK = '<a href="https://www.themoscowtimes.com/2024/01/01/x-a80001">Something Else Happened in the Region</a>'


def _read(inner: str) -> list[str]:
    page = make_page(make_block(f"<p>{BEFORE}</p>{inner}<p>{AFTER}</p>"))
    draft = read_page(make_capture(page, URL), sites.find_site(URL))
    assert isinstance(draft, Draft), draft
    return draft.body.split("\n\n")


@pytest.mark.parametrize(
    "inner",
    [
        '<div class="views-counter">12,315 views</div>',
        "<div><span>12.3K</span> <span>views</span> | <span>57 comments</span></div>",
        '<p class="comments-count">57 comments</p>',
        "<p>No comments</p>",
        "<p>Views: 12 315</p>",
        "<p>Comments (57)</p>",
        "<ul><li>57 comments</li><li>12 shares</li></ul>",
        "<p>1 234 просмотра</p>",
        "<p>Просмотров: 12 345</p>",
        "<p>57 комментариев</p>",
        "<p>Share 34</p>",
        "<p>Like 12 Tweet 5</p>",
        "<div>Advertisement</div>",
        "<p>Subscribe to our Telegram channel</p>",
        "<p>Follow us on Telegram</p>",
        "<p>Updated 5 minutes ago</p>",
        "<p>Last updated: March 6, 2024, 14:05</p>",
        "<div>Published on 3 May 2024 at 3 p.m.</div>",
        "<p>Обновлено: 5 минут назад</p>",
        '<div class="social-share"><a href="#">Share on Facebook</a> <a href="#">Tweet</a></div>',
        "<p>Share this article: <a href='#'>Telegram</a> <a href='#'>WhatsApp</a></p>",
        f"<p><strong>Read more:</strong> {LINK}</p>",
        f"<p><strong>Read more: {LINK}</strong></p>",
        f"<p>Related: {LINK}</p>",
        f"<p>See also {LINK}.</p>",
        f"<p>Read also: {LINK}, {LINK}</p>",
        f"<h3>Read also: {LINK}</h3>",
        f"<div><p>Related articles</p><p>{LINK}</p></div>",
        f"<p><em>Читайте также:</em> {LINK}</p>",
        '<p><a href="/x">Read more: Something Else Happened</a></p>',
        '<p><a href="/x">Read more</a></p>',
    ],
)
def test_counters_and_buttons_are_not_text(inner: str) -> None:
    assert _read(inner) == [BEFORE, AFTER]


def test_widgets_are_not_text_without_a_content_element() -> None:
    widgets = f"<div>12,315 views</div><p><strong>Read more:</strong> {LINK}</p>"
    text = "".join(f"<p>{BEFORE} In town {number}, too.</p>" for number in range(12))
    page = f"<html><body><h1>A Headline</h1><main>{text}{widgets}<p>{AFTER}</p></main></body></html>"
    draft = read_page(make_capture(page, URL), sites.find_site(URL))
    assert isinstance(draft, Draft), draft
    assert AFTER in draft.body
    assert "views" not in draft.body
    assert "Read more" not in draft.body


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("<p>The video has 12,315 views.</p>", "The video has 12,315 views."),
        ("<p>57 comments were deleted.</p>", "57 comments were deleted."),
        ("<p>It spread fast. 12,315 views.</p>", "It spread fast. 12,315 views."),
        ("<h2>Views</h2>", "Views"),
        (f"<p>Read more in {LINK} of Friday.</p>", "Read more in Something Else Happened in the Region of Friday."),
        ('<p><a href="/x">Read more than ever</a></p>', "Read more than ever"),
        ('<p><a href="/x">Related</a> crimes rose, too.</p>', "Related crimes rose, too."),
        ("<p>Related: a decree of 2014.</p>", "Related: a decree of 2014."),
        (f"<p>{LINK}</p>", "Something Else Happened in the Region"),
        ("<p>Share prices fell.</p>", "Share prices fell."),
        ("<p>Like this.</p>", "Like this."),
        ("<p>“Share this.”</p>", "“Share this.”"),
        ("<p>“Share this”</p>", "“Share this”"),
        ("<p>Share it, like it!</p>", "Share it, like it!"),
        ("<p>57 comments.</p>", "57 comments."),
        ("<div>Like this.<p>He showed it.</p></div>", "Like this.\n\nHe showed it."),
        ("<p>Like 12 others, he stayed.</p>", "Like 12 others, he stayed."),
        ("<p>Updated rules took effect on March 6.</p>", "Updated rules took effect on March 6."),
        ("<p>Follow us, the officers said.</p>", "Follow us, the officers said."),
        ("<p>Published in 1994.</p>", "Published in 1994."),
        ("<p>Updated: adds a comment by the Kremlin.</p>", "Updated: adds a comment by the Kremlin."),
        ("<ul><li>Video one: much</li><li>12,315 views</li></ul>", "Video one: much\n\n12,315 views"),
    ],
)
def test_a_sentence_of_the_article_stays(inner: str, text: str) -> None:
    assert _read(inner) == [BEFORE, *text.split("\n\n"), AFTER]
