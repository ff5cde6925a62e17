"""Article pages whose parts are not where expected: loose, nested, renamed, unclosed."""

import pytest

import sites
from extraction.page import read_page
from schemas.article import Draft, Kind
from tests.extraction.pages import URL, make_block, make_capture, make_page

FOOTER = (
    '<div class="foot"><ul><li><a href="/about">About us</a></li><li><a href="/rss">Feeds</a></li></ul>'
    "<p>Menu of the footer.</p></div>"
)
SENTENCES = tuple(
    f"Paragraph number {number} tells in a good many words what the council decided." for number in range(6)
)


def _read(page: str, url: str = URL) -> Draft:
    draft = read_page(make_capture(page, url), sites.find_site(url))
    assert isinstance(draft, Draft), draft
    return draft


def _paragraphs(content: str) -> list[str]:
    return _read(make_page(content)).body.split("\n\n")


@pytest.mark.parametrize(
    ("content", "paragraphs"),
    [
        (f"<p>A.</p>{make_block('<p>B.</p>')}<p>C.</p>{make_block('<h2>D</h2>', 'header')}<p>E.</p>", list("ABCDE")),
        (f"Loose{make_block('<p>B.</p>')} text", ["Loose", "B", "text"]),
        (f"<div><p>A.</p></div>{make_block('<p>B.</p>')}", ["A", "B"]),
        (f"<div class='w'>{make_block('<p>A.</p>')}<p>B.</p></div><p>C.</p>", ["A", "B", "C"]),
        (f"<blockquote><p>A.</p></blockquote>{make_block('<p>B.</p>')}<ul><li>C</li></ul>", ["A", "B", "C"]),
        (f"<div class='article__intro'><p>A.</p></div>{make_block('<p>B.</p>')}", ["A", "B"]),
        (f"{make_block('<p>A.</p>')}<div class='article__intro'>B.</div>{make_block('<p>C.</p>')}", ["A", "B", "C"]),
        (f"{make_block('<p>A.</p>')}<div class='promo'><p>Buy.</p></div><p>B.</p>", ["A", "B"]),
        (f"{make_block('<p>A.</p>')}{make_block('<p>No text.</p>', 'link')}<p>B.</p>", ["A", "B"]),
        ("<div class='renamed-block'><p>A.</p></div><p>B.</p>", ["A", "B"]),
    ],
)
def test_loose_paragraphs_and_intros_are_text_in_their_position(content: str, paragraphs: list[str]) -> None:
    assert [paragraph.rstrip(".") for paragraph in _paragraphs(content)] == paragraphs


def _make_renamed(inner: str) -> str:
    """Return an article page whose content element has another name, with more text around the container."""
    header = (
        '<header class="article__header"><span class="label">News</span><h1>A Headline of the Article</h1>'
        "<h2>The line below it</h2></header>"
        '<div class="byline"><div class="byline__author">By <a class="byline__author__name">Jane Doe</a></div>'
        '<time class="byline__datetime" datetime="2024-06-29T12:00:00+03:00">June 29, 2024</time></div>'
        '<figure class="article__featured-image"><img src="/i.jpg"><figcaption><span class="article__caption">A caption'
        ' of the picture.</span> <span class="article__credits">Ivan Petrov / TASS</span></figcaption></figure>'
    )
    around = "".join(
        f"<p>Elsewhere on the page stands teaser number {number} of another text.</p>" for number in range(9)
    )
    return (
        f'<html><body><div class="teasers">{around}</div><article class="article">{header}<div class="renamed">{inner}'
        f'</div></article><div class="teasers">{around}</div></body></html>'
    )


@pytest.mark.parametrize(
    ("line", "subtitle"),
    [
        ("<h2>The line</h2><p>Not this.</p>", "The line"),
        ("<h2><p>The <i>line</i></p></h2>", "The line"),
        ("<h2> <p>The line</p>\n</h2>", "The line"),
        ("<h2></h2><div><p>Not this.</p></div>", None),
        ("<h2></h2><p>Not this.</p><p>Nor this.</p>", None),
        ("<h2></h2>", None),
    ],
)
def test_a_subtitle_is_found_even_if_the_parser_closes_its_element(line: str, subtitle: str | None) -> None:
    page = make_page(make_block("<p>A paragraph of the text itself.</p>")).replace("<h2></h2>", line)
    draft = _read(page)
    assert (draft.headline, draft.subtitle) == ("A Headline", subtitle)
    assert draft.body == "A paragraph of the text itself."


@pytest.mark.parametrize("count", [1, 2, 6])
def test_without_a_content_element_only_the_container_is_used(count: int) -> None:
    draft = _read(_make_renamed("".join(f"<p>{sentence}</p>" for sentence in SENTENCES[:count])))
    assert draft.body.split("\n\n") == list(SENTENCES[:count])
    assert "content-missing" in draft.flags
    assert (draft.headline, draft.authors) == ("A Headline of the Article", ("Jane Doe",))


def test_a_caption_beside_empty_content_is_not_a_body() -> None:
    draft = _read(_make_renamed(""))
    assert (draft.body, draft.flags) == ("", ("body-empty", "content-missing"))


BLURB = '<div class="about-them"><p>Jane Doe is a professor of history at a university in the north.</p></div>'


def test_an_authors_blurb_is_not_the_text_of_an_article_without_one() -> None:
    picture = '<figure class="article__featured-image"><img src="/1.jpg"></figure>'
    draft = _read(make_page("", top=picture, bottom=BLURB * 2))
    assert draft.body == ""
    assert {"body-empty"} == {*draft.flags} - {"authors-missing", "published-at-day-only"}


def test_a_full_text_beside_empty_content_belongs_to_the_article() -> None:
    text = "".join(f"<p>{sentence} It took {number} hours.</p>" for number, sentence in enumerate(SENTENCES * 3))
    draft = _read(make_page("", bottom=f'<div class="renamed">{text}</div>{BLURB}'))
    assert len(draft.body.split("\n\n")) >= 3 * len(SENTENCES)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_containers_class_decides_the_kind_if_nothing_else_does(kind: Kind) -> None:
    page = make_page(make_block("<p>Text.</p>")).replace("article--default", f"article--{kind}", 1)
    assert _read(page).kind is kind


def test_a_label_of_the_kind_has_precedence_over_the_class() -> None:
    head = '<meta property="og:title" content="Video | A title">'
    page = make_page(make_block("<p>Text.</p>"), head=head).replace("article--default", "article--opinion", 1)
    assert _read(page).kind is Kind.VIDEO


def test_the_class_of_the_article_below_is_ignored() -> None:
    page = make_page(make_block("<p>Text.</p>")).replace(
        '<article class="article">', '<article class="article--video">'
    )
    assert _read(page).kind is Kind.ARTICLE


@pytest.mark.parametrize(
    ("html", "paragraphs"),
    [
        ("First line.<br>Second line.<br>Third line.", ["First line.", "Second line.", "Third line."]),
        ("He said so.<br>&nbsp;She did not.<br>&nbsp;They left.", ["He said so.", "She did not.", "They left."]),
        ("One<br>&nbsp;&nbsp;&nbsp;Two<br>&nbsp;&nbsp; Three", ["One", "Two", "Three"]),
        ("<td><font size=2>“Yes.”<br>“No,” he said.<br>An end.</font>", ["“Yes.”", "“No,” he said.", "An end."]),
        ("<p>A sentence.<br>Another.</p><p>A third.</p>", ["A sentence.", "Another.", "A third."]),
        (
            "<b>MOSCOW</b> - It began.<br><i>It</i> went on.<br>It ended.",
            ["MOSCOW - It began.", "It went on.", "It ended."],
        ),
        ("<p>A sentence with a soft<br>break in it.</p>", ["A sentence with a soft break in it."]),
        (
            "<p>A verse that goes<br>To another line<br>And has no end.</p>",
            ["A verse that goes\nTo another line\nAnd has no end."],
        ),
        (
            "The text is wrapped<br>by hand, and it ends.<br>Only here, at the<br>width of a page<br>that was set.",
            ["The text is wrapped by hand, and it ends. Only here, at the width of a page that was set."],
        ),
        ("<p>He met Mr.<br>Smith.</p>", ["He met Mr. Smith."]),
        ("A sentence.<br><br>Another.<br>&nbsp;<br>A third.", ["A sentence.", "Another.", "A third."]),
        ("<font>One.<br><br>Two</font>", ["One.", "Two"]),
    ],
)
def test_line_breaks_of_old_html_separate_paragraphs_but_not_sentences(html: str, paragraphs: list[str]) -> None:
    assert _paragraphs(make_block(html)) == paragraphs


@pytest.mark.parametrize("opened", ["<table><tr><td>", "<tr><td>", "<td>", "<table>", "<div><div><div>", "<center><b>"])
@pytest.mark.parametrize("footer", [FOOTER, f"<footer>{FOOTER}</footer>", f"<div id='menu'>{FOOTER}</div>"])
def test_unclosed_elements_let_nothing_below_into_the_article(opened: str, footer: str) -> None:
    url = "https://www.themoscowtimes.com/archive/a-slug"
    page = make_page(make_block(f"{opened}<p>First.<p>Second.")).replace("</body>", f"{footer}</body>")
    assert _read(page, url).body == "First.\n\nSecond."


def test_a_closed_table_at_the_end_of_a_page_keeps_its_rows() -> None:
    table = "<table><tr><td>Year</td><td>Sum</td></tr></table>"
    article = f'<article class="article"><div class="article__content">{make_block(table)}</div></article>'
    assert _read(f"<html><body>{article}</body></html>").body == "Year | Sum"
