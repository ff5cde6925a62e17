"""Captions, credits and titles: found by class, complete, and without joined words."""

import pytest

from extraction.linked_data import clean_markup
from extraction.page import read_page
from schemas.article import Draft
from sites.moscow_times import MOSCOW_TIMES
from tests.extraction.pages import make_block, make_capture, make_page

TEXT = make_block("<p>The council met on Thursday and decided what it had put off for a year.</p>")


def _read(page: str) -> Draft:
    draft = read_page(make_capture(page), MOSCOW_TIMES)
    assert isinstance(draft, Draft), draft
    return draft


def _read_captions(box: str) -> list[tuple[str | None, str | None]]:
    return [(image.caption, image.credit) for image in _read(make_page(box + TEXT)).images]


def _make_figure(caption: str) -> str:
    return f'<figure class="article__image"><img src="/1.jpg"><figcaption>{caption}</figcaption></figure>'


@pytest.mark.parametrize(
    ("inner", "caption", "credit"),
    [
        (
            '<p class="image__caption">The bridge.</p><div class="image__credits">Jane Doe</div>',
            "The bridge.",
            "Jane Doe",
        ),
        ('<b class="x__caption">The bridge.</b> <em class="x__credit">Jane Doe</em>', "The bridge.", "Jane Doe"),
        (
            '<div class="x__caption">The bridge. <i class="x__credits">Jane Doe</i></div>',
            "The bridge.",
            "Jane Doe",
        ),
        ('The bridge. <span class="x__credits">Jane Doe</span>', "The bridge.", "Jane Doe"),
        ('<span class="x__caption">The bridge<br>on Monday.</span>', "The bridge on Monday.", None),
        ("<p>The bridge</p><p>on Monday.</p>", "The bridge on Monday.", None),
        ("<span>The bridge.</span><span>It is closed.</span>", "The bridge. It is closed.", None),
        ("<span>T</span><span>he bridge.</span>", "The bridge.", None),
        ("He met her in the Kremlin. Vladimir Putin", "He met her in the Kremlin. Vladimir Putin", None),
        ("He met her in the Kremlin. Jane Doe / AP", "He met her in the Kremlin.", "Jane Doe / AP"),
        ("He met her in the Kremlin. Moskva News Agency", "He met her in the Kremlin.", "Moskva News Agency"),
    ],
)
def test_caption_and_credit_are_complete_and_separate(inner: str, caption: str, credit: str | None) -> None:
    assert _read_captions(_make_figure(inner)) == [(caption, credit)]


@pytest.mark.parametrize(
    ("attribute", "caption", "credit"),
    [
        ('data-image-credits=""', "He saw it. Red Square / Moscow", None),
        ('data-image-credits="J. Doe&lt;br&gt;AP"', "He saw it. Red Square / Moscow", "J. Doe AP"),
        ("", "He saw it.", "Red Square / Moscow"),
    ],
)
def test_a_gallerys_empty_credit_means_none(attribute: str, caption: str, credit: str | None) -> None:
    told = "He saw it. &lt;p&gt;Red Square / Moscow&lt;/p&gt;"
    box = f'<div class="article__gallery__item" data-image-caption="{told}" {attribute}><img src="/1.jpg"></div>'
    assert _read_captions(box) == [(caption, credit)]


def test_the_sources_of_pictures_are_recorded() -> None:
    item = '<div class="article__gallery__item" data-image-caption="The bridge."><img src="/1.jpg"></div>'
    assert _read(make_page(_make_figure("The bridge.") + TEXT)).sources["images"] == "page"
    assert _read(make_page(item + TEXT)).sources["images"] == "gallery"
    assert _read(make_page(item + _make_figure("It.") + item + TEXT)).sources["images"] == "gallery, page"
    assert "images" not in _read(make_page(TEXT)).sources


@pytest.mark.parametrize(
    ("inner", "line"),
    [
        ("First line<br>second line", "First line second line"),
        ("<div>First line.</div><div>second line</div>", "First line. second line"),
        ("<span>First line</span><span>Second line</span>", "First line Second line"),
        ("Mc<i>Donald</i>’s", "McDonald’s"),
        ("CO<sub>2</sub>", "CO2"),
    ],
)
def test_words_of_titles_are_separated_as_shown(inner: str, line: str) -> None:
    shown = f"<h1>{inner}</h1><h2>{inner}</h2>"
    draft = _read(make_page(TEXT).replace('<h1><a href="#">A Headline</a></h1><h2></h2>', shown))
    assert (draft.headline, draft.subtitle) == (line, line)
    assert clean_markup(inner) == line
