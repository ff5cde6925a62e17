"""Pages in the structure of the publisher's own templates, which were misread before these were known."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from extraction.page import read_page
from schemas.article import Article, Draft, Kind
from schemas.validation import validate_draft
from sites import get_site
from sites.moscow_times import MOSCOW_TIMES
from tests.extraction.pages import JSON, URL, make_block, make_capture, make_page

FIRST = "The council met on Thursday and decided what it had put off for a year."
SECOND = "Its chairman told reporters that the money would come from the budget."
TEXT = make_block(f"<p>{FIRST}</p><p>{SECOND}</p>")
BODY = [FIRST, SECOND]
POSTS_URL = "https://www.themoscowtimes.com/live/85656/0"
LIVE = (
    '<html><body><article class="article article--news"><div class="col"><header class="article__header">'
    '<span class="label">LIVE |</span><h1>A Headline</h1></header><div class="live-intro"><p>What is known so far: not '
    'much, says the council.</p></div><!-- <div class="byline__author">By <a class="byline__author__name">Jane Doe</a>'
    '</div><time class="byline__datetime" datetime="2024-06-29T11:00:00+03:00">June 29</time> --></div>'
    '<div class="live-posts">{}</div></article></body></html>'
)
INTRO = "What is known so far: not much, says the council."


def read(page: str, *companions: Any, url: str = URL) -> Draft:
    captures = tuple(make_capture(json.dumps(posts), POSTS_URL, JSON) for posts in companions)
    draft = read_page(make_capture(page, url), MOSCOW_TIMES, captures)
    assert isinstance(draft, Draft), draft
    return draft


def paragraphs(content: str) -> list[str]:
    return read(make_page(content)).body.split("\n\n")


def mark_kind(page: str, kind: str, *, before: str = "") -> str:
    section = f'<div class="gtm-section" data-section="news" data-type="{kind}"></div>{before}'
    return page.replace('<article class="article article--default">', section + '<article class="article">', 1)


def make_breadcrumb(url: str, name: str = "broken") -> str:
    items = [
        {"@type": "ListItem", "position": 1, "item": {"@id": "https://www.themoscowtimes.com/", "name": "Home"}},
        {"@type": "ListItem", "position": 2, "item": {"@id": url, "name": name}},
        {"@type": "ListItem", "position": 3, "item": {"@id": URL, "name": "A Headline"}},
    ]
    node = json.dumps({"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items})
    return f'<script type="application/ld+json">{node}</script>'


def test_the_posts_of_a_live_blog_follow_its_summary() -> None:
    posts = [
        {"id": 1, "time": "2024-06-29T12:00:00+03:00", "body": [{"type": "html", "body": f"<p>{FIRST}</p>"}]},
        {
            "id": 2,
            "time": "2024-06-29T13:00:00+03:00",
            "body": [
                {"type": "embed", "embed": "<blockquote class='twitter-tweet'><p>A tweet.</p></blockquote>"},
                {"type": "link", "link": "https://www.themoscowtimes.com/2024/06/28/x-a85000"},
                {"type": "article", "article": {"title": "Another article", "url": "https://x.org"}},
                {"type": "image", "image": {"src": "/image/1.jpg", "caption": "A bridge.", "credits": "J. Doe / AP"}},
                {"type": "html", "body": f"<p>{SECOND}</p>"},
            ],
        },
    ]
    draft = read(LIVE.format(""), posts)
    assert (draft.kind, draft.body.split("\n\n")) == (Kind.LIVE, [INTRO, FIRST, SECOND])
    assert (draft.authors, draft.sources["body"]) == (("Jane Doe",), "trafilatura")
    assert draft.modified_at is None  # a post's time is the post's: only "Updated:" says that an article was changed
    assert [(image.url, image.caption, image.credit) for image in draft.images] == [
        ("https://www.themoscowtimes.com/image/1.jpg", "A bridge.", "J. Doe / AP")
    ]


@pytest.mark.parametrize("mark", ['<div class="live-intro">', '<div data-url="/live/85656">'])
def test_a_live_blogs_page_leads_to_its_posts(mark: str) -> None:
    assert MOSCOW_TIMES.companion_urls(URL, mark.encode()) == (POSTS_URL,)


def test_posts_in_a_saved_page_are_its_text() -> None:
    time = '<time class="live-post__date" datetime="{}">{}</time>'
    post = f'<div class="live-post">{time}<div class="live-post__body">{{}}</div></div>'
    posts = post.format("2024-06-29T13:00:00+03:00", "13:00", f"<p>{SECOND}</p>") + post.format(
        "2024-06-29T12:00:00+03:00", "12:00", f"<p>{FIRST}</p><figure><img src='/1.jpg'></figure>"
    )
    draft = read(LIVE.format(posts))
    assert draft.body.split("\n\n") == [INTRO, FIRST, SECOND]
    assert "posts-from-page" in draft.flags
    assert "posts-missing" not in draft.flags
    assert len(draft.images) == 1


GALLERY = (
    '<div class="article__content"><header class="article__header"><h1>A Headline</h1></header><div class="byline">'
    '<a class="article__author__name" href="/author/jane-doe">Jane Doe</a><span>June 29, 2024</span></div></div>'
    '<div class="article__gallery">'
    '<div class="article__gallery__item" data-image-title="One" data-image-caption="The bridge on Monday."'
    ' data-image-credits="J. Doe / AP"><img src="/image/1.jpg"><div class="gallery__item__aside"><h6>One</h6>'
    "<p>The bridge on Monday.</p><p>J. Doe / AP</p></div></div>"
    '<div class="article__gallery__item" data-image-title="Two &amp;amp; three" data-image-caption=""'
    ' data-image-credits=""><img src="/image/2.jpg"></div></div>'
)


RELATED = make_block('<aside><a href="/x"><h3>Another Article</h3></a></aside>', "article")
PICTURE = make_block("<p>Of a picture.</p>", "image")


@pytest.mark.parametrize("content", ["", TEXT, RELATED + TEXT + PICTURE])
def test_a_gallerys_text_is_its_blocks_and_its_pictures_have_their_captions(content: str) -> None:
    second = f'<div class="article__content">{content}</div>'
    page = f'<html><body><div class="gtm-section" data-type="gallery"></div><article class="article">{GALLERY}{second}'
    draft = read(f"{page}</article></body></html>")
    assert (draft.kind, draft.sources["kind"]) == (Kind.GALLERY, "page")
    assert draft.body == ("\n\n".join(BODY) if content else "")
    assert (draft.headline, draft.authors) == ("A Headline", ("Jane Doe",))
    assert [(image.url, image.caption, image.credit) for image in draft.images] == [
        ("https://www.themoscowtimes.com/image/1.jpg", "The bridge on Monday.", "J. Doe / AP"),
        ("https://www.themoscowtimes.com/image/2.jpg", "Two & three", None),
    ]
    assert ("body" in draft.sources) == bool(content)


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("business", "Business"),
        ("news", "News"),
        ("arts-and-life", "Arts and Life"),
        ("ukraine-war", "Ukraine War"),
        ("in-depth/", "In-Depth"),
        ("lectures/lecture-series", "Lecture Series"),
        ("a-new-one", "A New One"),
    ],
)
def test_the_breadcrumb_has_precedence_for_the_section(path: str, section: str) -> None:
    node = '{"@type": "NewsArticle", "headline": "A Headline", "articleSection": "news"}'
    told = f'<script type="application/ld+json">{node}</script>'
    draft = read(make_page(TEXT, head=told + make_breadcrumb(f"https://www.themoscowtimes.com/{path}")))
    assert (draft.section, draft.sources["section"]) == (section, "breadcrumb")
    assert read(make_page(TEXT, head=told)).sources["section"] == "json-ld"


@pytest.mark.parametrize("url", ["https://www.themoscowtimes.com/", "https://themoscowtimes.com", "/", URL, "//["])
def test_neither_the_home_page_nor_an_article_is_a_section(url: str) -> None:
    draft = read(make_page(TEXT, head=f'<meta property="article:section" content="news">{make_breadcrumb(url)}'))
    assert (draft.section, draft.sources["section"]) == ("News", "meta")


def test_a_sliders_pictures_have_no_figure() -> None:
    slide = (
        '<div class="slider__slide"><a href="/x"><img src="/{0}.jpg"></a><figcaption>Picture {0}.</figcaption></div>'
    )
    slider = make_block('<div class="slider">' + slide.format(1) + slide.format(2) + "</div>", "images")
    draft = read(make_page(TEXT + slider))
    assert [image.caption for image in draft.images] == ["Picture 1.", "Picture 2."]
    assert draft.body.split("\n\n") == BODY


TAGS = '<div class="article__tags">Read more about: <a href="/x">Homs, Syria</a>, <a href="/y">War</a></div>'
SEO = (
    '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "A", "keywords": "cheap, words"}</script>'
    '<meta name="keywords" content="cheap, words"><meta name="news_keywords" content="cheap">'
)
TAG_METAS = '<meta property="article:tag" content="Homs, Syria"><meta property="article:tag" content="War">'


def test_tags_are_the_links_and_never_the_seo_keywords() -> None:
    draft = read(make_page(TEXT, head=SEO + TAG_METAS, bottom=TAGS))
    assert (draft.tags, draft.sources["tags"]) == (("Homs, Syria", "War"), "page")
    draft = read(make_page(TEXT, head=SEO + TAG_METAS))
    assert (draft.tags, draft.sources["tags"]) == (("Homs", "Syria", "War"), "meta")
    assert read(make_page(TEXT, head=SEO)).tags == ()


CAMPAIGN = (
    '<div class="campaign__header"><h3>MT+</h3><div class="campaign__disclaimer">MT+ is branded content of The Moscow '
    "Times.</div></div>"
)


def test_the_notice_before_an_article_marks_it_as_paid() -> None:
    draft = read(mark_kind(make_page(TEXT), "default", before=CAMPAIGN))
    assert "partner-content" in draft.flags
    assert (draft.kind, draft.sponsor, draft.body.split("\n\n")) == (Kind.ARTICLE, None, BODY)
    below = (
        make_page(TEXT)
        .replace("Another article, loaded below.</p>", "</p>")
        .replace('<article class="article"><div', f'{CAMPAIGN}<article class="article"><div')
    )
    assert "partner-content" not in read(below).flags


@pytest.mark.parametrize("label", ["", '<span class="label">Opinion</span>'])
def test_the_partner_is_named_and_may_have_an_opinion(label: str) -> None:
    partner = '<span class="label--partner">Partner Content</span><a class="label--partners" href="/x">A Bank</a>'
    page = make_page(TEXT).replace("<h1>", f"{label}{partner}<h1>", 1)
    draft = read(mark_kind(page, "default"))
    assert (draft.sponsor, draft.sources["sponsor"]) == ("A Bank", "page")
    assert "partner-content" in draft.flags
    assert draft.kind is (Kind.OPINION if label else Kind.ARTICLE)


@pytest.mark.parametrize("kind", ["gallery", "video", "podcast"])
def test_the_publishers_kind_has_precedence_over_the_opinion_flag(kind: str) -> None:
    head = '<meta property="og:description" content="Opinion | What it means.">'
    bottom = '<div class="article__disclaimer">The views expressed …</div>'
    page = make_page(TEXT, head=head, bottom=bottom)
    assert read(mark_kind(page, kind)).kind == kind
    assert read(mark_kind(page, "default")).kind is Kind.OPINION
    video = make_page(TEXT, head='<meta property="og:description" content="Video | What it means.">')
    assert read(mark_kind(video, "default")).kind is Kind.ARTICLE


@pytest.mark.parametrize("said", ["No comment.", "No comment", "No reaction.", "No replies.", "“No comment.”"])
def test_a_quoted_number_is_not_a_counter(said: str) -> None:
    assert paragraphs(make_block(f"<p>{FIRST}</p><p>{said}</p><p>{SECOND}</p>")) == [FIRST, said, SECOND]


@pytest.mark.parametrize("tag", ["div", "aside"])
def test_an_infobox_keeps_its_position(tag: str) -> None:
    box = make_block(f'<{tag} class="article__aside"><h4>Context</h4><p>{FIRST}</p></{tag}>', "aside")
    assert paragraphs(f"{TEXT}{box}{TEXT}") == [*BODY, "Context", FIRST, *BODY]


MODIFIED = (
    '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "A Headline", "datePublished": '
    '"2024-06-29T12:00:00+03:00", "dateModified": "2024-07-09T12:00:00+03:00"}</script>'
    '<meta property="article:modified_time" content="2024-07-09T12:00:00+03:00">'
)


def test_only_a_time_labelled_updated_is_a_modification() -> None:
    top = 'Updated: <time class="byline__datetime" datetime="2024-06-30T12:00:00+03:00">June 30</time>'
    draft = read(make_page(TEXT, head=MODIFIED, top=f"<div>{top}</div>"))
    assert (draft.modified_at, draft.sources["modified_at"]) == (datetime(2024, 6, 30, 9, tzinfo=UTC), "page")
    draft = read(make_page(TEXT, head=MODIFIED, top=f"<div>{top.removeprefix('Updated: ')}</div>"))
    assert draft.modified_at is None
    assert "modified_at" not in draft.sources
    assert draft.published_at == datetime(2024, 6, 29, 9, tzinfo=UTC)


QUOTE = '<blockquote class="article__quote">'


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f"{QUOTE}We came.<br>We saw it all.</blockquote><cite>– Jane Doe</cite>", "We came.\nWe saw it all."),
        ("<blockquote><p>We came<br>and we saw.</p></blockquote>", "We came\nand we saw."),
        ("<p>I loved you, and love,<br>In my soul,<br>not dead;</p>", "I loved you, and love,\nIn my soul,\nnot dead;"),
        ("<p>I loved you, and love,<br>in my soul, not dead</p>", "I loved you, and love,\nin my soul, not dead"),
        ("<p>the wind of the night<br>goes over it<br>and me</p>", "the wind of the night\ngoes over it\nand me"),
        (
            "<p>the wind of the night<br>goes over the water<br>and into the trees<br>and nobody sees it</p>",
            "the wind of the night\ngoes over the water\nand into the trees\nand nobody sees it",
        ),
        ("<p>He spoke to Mr.<br>Smith</p>", "He spoke to Mr. Smith"),
        (
            f"<p>{FIRST[:-1]}<br>and went home</p>",
            f"{FIRST[:-1]} and went home",
        ),
        ("<pre>one  two\nthree</pre>", "one two\nthree"),
    ],
)
def test_the_lines_of_quotations_verse_and_pre_stay_lines(html: str, text: str) -> None:
    draft = read(make_page(TEXT + make_block(html, "quote" if "cite" in html else "html") + TEXT))
    assert draft.body.split("\n\n")[2] == text
    assert draft.sources["body"] == "trafilatura"


LINES = (
    "We came to the town in the dark",
    "and it was a long way, longer than anybody had said that it would be when we set out from the sea on that morning",
    "with nothing",
    "but the hope that the house would still be standing where we had left it in the year before the war, or the next",
    "and it was",
)


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        (f"{QUOTE}{'<br>'.join(LINES)}</blockquote><cite>– Jane Doe</cite>", "quote"),
        (f"<blockquote>{'<br>'.join(LINES)}</blockquote>", "quote"),
        (f"<blockquote>{'<br>'.join(LINES)}</blockquote>", "html"),
        ("<pre>" + "\n".join(LINES) + "</pre>", "html"),
    ],
)
def test_the_lines_of_a_quotation_that_is_most_of_the_text_stay_lines(html: str, kind: str) -> None:
    assert paragraphs(make_block("<p>He read:</p>") + make_block(html, kind))[1] == "\n".join(LINES)


def test_hard_wrapped_text_in_a_quotation_has_no_line_breaks() -> None:
    lines = [" ".join([word] * count) for word, count in (("seven", 11), ("words", 11), ("and", 16), ("more", 13))]
    assert paragraphs(make_block(f"<pre>{chr(10).join(lines)}</pre>")) == [" ".join(lines)]


INFOBOX = make_block('<div class="article__aside"><h4>Context</h4><p>It has nine members.</p></div>', "aside")
CORRECTION = "The headline of this article was corrected on June 30."


@pytest.mark.parametrize(
    ("below", "rest"),
    [
        (INFOBOX, ["Context", "It has nine members."]),
        (make_block(f'<div class="article__aside"><p>{CORRECTION}</p></div>', "aside"), [CORRECTION]),
        (make_block(f"<p>{CORRECTION}</p>"), [CORRECTION]),
        (make_block(f"<p>{CORRECTION}</p>") + INFOBOX, [CORRECTION, "Context", "It has nine members."]),
    ],
)
@pytest.mark.parametrize("credit", ["<p>(AP, Reuters)</p>", " (AP, Reuters)"])
def test_a_credit_ends_the_text_though_an_infobox_or_a_correction_follows(
    below: str, rest: list[str], credit: str
) -> None:
    draft = read(make_page(make_block(f"<p>{FIRST}</p>{SECOND}{credit}") + below))
    assert (draft.body.split("\n\n"), draft.agencies) == ([*BODY, *rest], ("AP", "Reuters"))


def test_a_name_below_a_quotation_is_its_speaker() -> None:
    quote = make_block(f"{QUOTE}Nothing is over.</blockquote><cite>– Reuters</cite>", "quote")
    draft = read(make_page(TEXT + quote))
    assert (draft.body.split("\n\n"), draft.agencies) == ([*BODY, "Nothing is over.", "– Reuters"], ())
    for credit in ("<p>– Reuters</p>", "<cite>– Reuters</cite>"):
        draft = read(make_page(TEXT + quote + make_block(f"<p>He left.</p>{credit}")))
        assert (draft.body.split("\n\n")[-2:], draft.agencies) == (["– Reuters", "He left."], ("Reuters",))


def test_an_article_with_a_picture_and_no_text_is_valid_and_flagged() -> None:
    picture = make_block('<figure class="article__image"><img src="/1.jpg"></figure>', "image")
    capture = make_capture(make_page(picture))
    draft = read_page(capture, MOSCOW_TIMES)
    assert isinstance(draft, Draft)
    article = validate_draft(draft, MOSCOW_TIMES.identify(URL), capture)
    assert isinstance(article, Article)
    assert (article.body, article.flags) == ("", ("authors-missing", "body-empty", "published-at-day-only"))
    assert validate_draft(draft.model_copy(update={"images": ()}), MOSCOW_TIMES.identify(URL), capture) == (
        "body: empty",
    )


@pytest.mark.parametrize(
    ("title", "headline"),
    [
        ("A Story - The Moscow Times", "A Story"),
        ("A long title that replaces the pattern", "A long title that replaces the pattern"),
        ("Opinion | A Story", "A Story"),
        ("Russia - A Story", "Russia - A Story"),
    ],
)
def test_the_publishers_name_is_removed_from_a_title(title: str, headline: str) -> None:
    page = make_page(TEXT, head=f'<meta property="og:title" content="{title}">')
    assert read(page.replace('<h1><a href="#">A Headline</a></h1>', "")).headline == headline


def test_an_invalid_script_does_not_affect_the_others() -> None:
    broken = '<script type="application/ld+json">{"@type": "WebSite", "name": "The Moscow Times", "x": ,,}</script>'
    draft = read(make_page(TEXT, head=broken + MODIFIED + make_breadcrumb("https://www.themoscowtimes.com/climate")))
    assert (draft.section, draft.sources["headline"]) == ("Climate", "json-ld")


@pytest.mark.parametrize("told", ["0000-00-00 00:00:00", "-0001-11-30T00:00:00+00:00", "1970-01-01T00:00:00+00:00", ""])
def test_an_invalid_date_is_skipped_for_the_next(told: str) -> None:
    head = MODIFIED.replace("2024-06-29T12:00:00+03:00", told)
    draft = read(make_page(TEXT, head=head))
    assert (draft.published_at, draft.sources["published_at"]) == (datetime(2024, 6, 28, 21, tzinfo=UTC), "path")


SHARED = "<div>Share{}{}</div>".format("<i></i>" * 30, "".join(f"<p>{FIRST} {number}.</p>" for number in range(12)))


@pytest.mark.parametrize("site", ["moscow-times", "generic"])
@pytest.mark.parametrize("icon", ["<i></i>", "<i></i>\n "])
def test_a_block_that_only_begins_like_a_widget_is_kept(site: str, icon: str) -> None:
    page = make_page(make_block(SHARED.replace("<i></i>", icon)))
    draft = read_page(make_capture(page), get_site(site))
    assert isinstance(draft, Draft)
    assert draft.body.split("\n\n") == [f"{FIRST} {number}." for number in range(12)]


def test_a_sentence_that_begins_like_a_button_is_kept() -> None:
    html = f"<div>Share <b>prices</b> fell.<p>{FIRST}</p></div>"
    assert paragraphs(make_block(html)) == ["Share prices fell.", FIRST]
