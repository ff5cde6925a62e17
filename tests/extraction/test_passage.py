"""Text where no rule expects it: in unknown boxes, after stray tags, in other containers."""

import re
import time

import pytest

import sites
from extraction.page import read_page
from schemas.article import Draft
from tests.extraction.pages import URL, make_block, make_capture, make_page

FIRST = "The council met on Thursday and decided what it had put off for a year."
SECOND = "Its chairman told reporters that the money would come from the budget."
THIRD = "Nobody in the opposition said whether it would go to court over that."
BLOCK = make_block(f"<p>{FIRST}</p>")
TEXT = f"<p>{SECOND}</p><p>{THIRD}</p>"
MESSAGE = (
    '<div class="contribute-modal">Dear readers, Your support helps us to go on with our work. Give what you can. '
    f"{'Every contribution, however small it is, makes a world of difference to us here. ' * 9}</div>"
)
GALLERY = '<meta property="og:title" content="Gallery | A title">'


def _read(page: str, url: str = URL) -> Draft:
    draft = read_page(make_capture(page, url), sites.find_site(url))
    assert isinstance(draft, Draft), draft
    return draft


def _paragraphs(content: str) -> list[str]:
    return _read(make_page(content)).body.split("\n\n")


@pytest.mark.parametrize(
    "rare",
    [
        *("\u2009", "\u200a", "\u202f", "\u2003", "\u3000", "\u2028", "\x85", "\u200b", "\u200c", "\u00ad", "\ufeff"),
        *("\u200f", "e\u0301", "\u212b", "¶", "<details><summary>S</summary>t</details>", "<br>"),
    ],
)
def test_a_rare_character_has_no_effect_elsewhere(rare: str) -> None:
    spelled = (
        "<p>The <a>Kremlin</a>, which <b>denied</b>, “<i>never</i>” said <em>so</em>.</p>"
        f"<p>Next 10{rare}000 tons <b>of</b> grain.</p>"
    )
    first, second = _paragraphs(make_block(spelled))
    assert first == "The Kremlin, which denied, “never” said so."
    assert second.startswith("Next 10")
    assert second.endswith("000 tons of grain.")


@pytest.mark.parametrize(
    "unknown",
    [
        make_block(TEXT, "text"),
        make_block(TEXT, "transcript"),
        make_block(f"<ul><li>{SECOND}</li><li>{THIRD}</li></ul>", "list"),
        make_block(f"<p>{SECOND}</p>", "step") + make_block(f"<p>{THIRD}</p>", "step"),
        f'<div class="article__body">{TEXT}</div>',
        f'<div class="transcript">{TEXT}</div>',
        f'<section class="part">{SECOND}<br><br>{THIRD}</section>',
    ],
)
def test_sentences_in_a_box_of_unknown_class_are_text_and_flagged(unknown: str) -> None:
    draft = _read(make_page(f"{BLOCK}{unknown}"))
    assert draft.body.split("\n\n") == [FIRST, SECOND, THIRD]
    assert "unknown-block" in draft.flags


@pytest.mark.parametrize(
    "box",
    [
        "<span>News</span><h3><a href='/x'>A Headline of Another Article</a></h3><a href='/x'>Read more</a>",
        "<a href='/x'><span>News</span><h3>Putin Said No.</h3>Read more</a>",
        f"<p>opinion</p><p>A Headline of Another Article</p><p>{SECOND}</p><p>Read more</p>",
        f"<h4><a href='/x'>A Headline</a></h4><p>{SECOND}</p>",
        "<p>Sign up for our free weekly newsletter and get all of it once a week.</p><input type='email'>",
        f"<p>{SECOND}</p><form><input type='email'></form>",
        "<p>Give today.</p><p>Thank you.</p>",
        f"<ul><li><a href='/x'>{SECOND}</a></li><li><a href='/y'>{THIRD}</a></li></ul>",
    ],
)
@pytest.mark.parametrize("name", ["promo", "article__block article__block--teaser"])
def test_a_box_of_links_and_labels_is_removed_whatever_its_class(box: str, name: str) -> None:
    draft = _read(make_page(f'{BLOCK}<div class="{name}">{box}</div>{make_block(TEXT)}'))
    assert draft.body.split("\n\n") == [FIRST, SECOND, THIRD]
    assert "unknown-block" not in draft.flags


def test_one_sentence_in_an_unknown_block_is_text() -> None:
    sentence = "The bridge was closed in the winter."
    draft = _read(make_page(f"{BLOCK}{make_block(f'<p>{sentence}</p>', 'timeline')}"))
    assert draft.body.split("\n\n") == [FIRST, sentence]
    assert "unknown-block" in draft.flags


@pytest.mark.parametrize("name", ["promo", "article__block article__block--teaser"])
def test_words_of_an_unknown_class_are_removed_and_flagged(name: str) -> None:
    draft = _read(make_page(f'{BLOCK}<div class="{name}"><p>It ended.</p></div>'))
    assert (draft.body, "unknown-block-dropped" in draft.flags) == (FIRST, True)
    draft = _read(make_page(f'{BLOCK}<div class="{name}"><img src="/1.gif"></div>'))
    assert "unknown-block-dropped" not in draft.flags


def test_a_story_in_steps_is_text() -> None:
    steps = "<div class='step'><p>In 2014 it began.</p></div><div class='step'><h3>2015</h3><p>No.</p></div>"
    draft = _read(make_page(BLOCK + make_block(steps, "scrollama") + make_block(TEXT)))
    assert draft.body.split("\n\n") == [FIRST, "In 2014 it began.", "2015", "No.", SECOND, THIRD]
    assert not [flag for flag in draft.flags if flag.startswith("unknown")]


@pytest.mark.parametrize("kind", ["Podcast", "Video", "Gallery", "Live"])
def test_a_kind_without_required_text_keeps_its_text_in_a_renamed_container(kind: str) -> None:
    head = f'<meta property="og:title" content="{kind} | A title">'
    page = make_page(f"<p>{FIRST}</p>{TEXT}", head=head, bottom=MESSAGE).replace("article__content", "article__words")
    draft = _read(page)
    assert draft.body.split("\n\n") == [FIRST, SECOND, THIRD]
    assert "content-missing" in draft.flags


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (r"article( article--\w+)?", MESSAGE),
        (r"article( article--\w+)?", MESSAGE.replace("contribute-modal", "modal")),
        ("article__content", MESSAGE),
    ],
)
def test_the_donation_message_is_not_the_text_of_a_gallery_without_container(name: str, message: str) -> None:
    page = re.sub(f'class="{name}"', 'class="other"', make_page("", head=GALLERY, bottom=message))
    page = page.replace("Another article, loaded below.", "")
    draft = _read(page)
    assert draft.body == ""
    assert "body-empty" in draft.flags


def test_the_time_for_line_breaks_grows_with_their_number() -> None:
    short, long = (min(_time_breaks(count) for _ in range(3)) for count in (5_000, 40_000))
    assert long < 24 * short  # eight times as many: with squares of the number it takes 64 times as long


def _time_breaks(count: int) -> float:
    page = make_page(make_block("a<br>" * count))
    start = time.process_time()
    _read(page)
    return time.process_time() - start


@pytest.mark.parametrize(
    "tags", ["</div>", "</div></div>", "</div></div></div>", "</article>", "</div></article>", "</div></div></article>"]
)
def test_text_after_surplus_end_tags_belongs_to_the_article(tags: str) -> None:
    draft = _read(make_page(make_block(f"<p>{FIRST}</p>{tags}{TEXT}"), bottom='<div class="article__tags">x</div>'))
    assert draft.body.split("\n\n") == [FIRST, SECOND, THIRD]


def test_blocks_after_surplus_end_tags_belong_to_the_article() -> None:
    draft = _read(make_page(f"{make_block(f'<p>{FIRST}</p></div></div>')}{make_block(TEXT)}"))
    assert draft.body.split("\n\n") == [FIRST, SECOND, THIRD]
    assert "text-outside" in draft.flags


@pytest.mark.parametrize(
    ("html", "paragraphs"),
    [
        (f"<PRE>{FIRST}\n{SECOND}\n\n{THIRD}</PRE>", [FIRST, SECOND, THIRD]),
        (f"<pre>One line\nand the next.\n \n<b>Bold</b>\n\n{THIRD}</pre>", ["One line\nand the next.", "Bold", THIRD]),
        (f"<p><strong>Sub Head</strong><br>{FIRST}</p>", ["Sub Head", FIRST]),
        (f"<p><b>Sub</b> <b>Head</b> <br>\n{FIRST}</p><p>A<br>b</p>", ["Sub Head", FIRST, "A b"]),
        ("<p><b>Bold</b> is a word<br>Of this verse</p>", ["Bold is a word Of this verse"]),
        ("<p><b>All of it</b><br><b>Is bold</b></p>", ["All of it Is bold"]),
        ("<p><b>A word</b><br>of a sentence.</p>", ["A word of a sentence."]),
    ],
)
def test_lines_shown_separately_are_paragraphs(html: str, paragraphs: list[str]) -> None:
    assert _paragraphs(make_block(html)) == paragraphs


@pytest.mark.parametrize("opened", ["<form>", "<object data='x.swf'>", "<noscript>", "<form><input name='q'>"])
def test_an_unclosed_element_does_not_lose_the_text_after_it(opened: str) -> None:
    assert _paragraphs(make_block(f"<p>{FIRST}</p>{opened}{TEXT}")) == [FIRST, SECOND, THIRD]


def test_a_table_in_a_figure_is_text_and_a_picture_is_not() -> None:
    table = '<figure class="table"><table><tr><td>Year</td><td>Sum</td></tr></table></figure>'
    picture = f"<figure><table><tr><td><img src='x.jpg'></td></tr></table><figcaption>{THIRD}</figcaption></figure>"
    assert _paragraphs(make_block(f"<p>{FIRST}</p>{table}{picture}")) == [FIRST, "Year | Sum"]


@pytest.mark.parametrize(
    "foreign",
    [
        "<noscript><p>Please enable JavaScript to view the comments powered by some service.</p></noscript>",
        f"<form><p>{SECOND}</p><input type='email'></form>",
        "<object><p>Give today.</p></object>",
    ],
)
def test_a_notice_in_such_an_element_is_not_text(foreign: str) -> None:
    assert _paragraphs(make_block(f"<p>{FIRST}</p>{foreign}")) == [FIRST]


@pytest.mark.parametrize("name", ["author-excerpt", "author-box", "other"])
def test_a_blurb_printed_twice_is_not_text(name: str) -> None:
    blurb = f'<div class="{name}"><p>Jane Doe is a writer in Riga.</p></div>'
    assert _paragraphs(f"<p>{FIRST}</p>{TEXT}{blurb}{blurb}") == [FIRST, SECOND, THIRD]


def test_the_items_of_a_list_have_no_bullet_and_speech_keeps_its_dash() -> None:
    content = f"<p>{FIRST}</p><ul><li>{SECOND}</li><li>The <b>other</b> item of it</li></ul><p>- {THIRD}</p>"
    page = make_page(content).replace("article__content", "renamed")
    assert _read(page).body.split("\n\n") == [FIRST, SECOND, "The other item of it", f"- {THIRD}"]
