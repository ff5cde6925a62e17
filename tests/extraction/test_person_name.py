"""Which lines of names are split, and which are not."""

import pytest

import sites
from extraction.byline import Byline, cut_credit, read_names, split_names
from extraction.page import read_page
from schemas.article import Draft
from sites.moscow_times import MOSCOW_TIMES
from tests.extraction.pages import make_block, make_capture, make_page


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Jane Doe, John Smith, Jr. and Ann Lee", ["Jane Doe", "John Smith, Jr.", "Ann Lee"]),
        ("Jane Doe, and AFP", ["Jane Doe", "AFP"]),
        ("AFP and Reuters", ["AFP", "Reuters"]),
        ("JANE DOE AND JOHN ROE", ["JANE DOE", "JOHN ROE"]),
        ("J. K. O’Neill & Jean-Luc de la Tour", ["J. K. O’Neill", "Jean-Luc de la Tour"]),
        ("The Moscow Times and Jane Doe", ["The Moscow Times", "Jane Doe"]),
        ("Иван Петров и Анна Сидорова", ["Иван Петров", "Анна Сидорова"]),
        ("Jane Doe in Kyiv and John Roe for AFP", ["Jane Doe in Kyiv", "John Roe for AFP"]),
        ("Jane Doe, Senior Editor", ["Jane Doe"]),
        ("Jane Doe, editor of a journal", ["Jane Doe"]),
        ("Ministry of Trade and Industry", None),
        ("Ministry of Education, Science and Culture", None),
        ("Center for Strategic and International Studies", None),
        ("Foreign Affairs and Defense Committee", None),
        ("Institute of Law and Public Policy", None),
        ("Johnson and Johnson", None),
        ("Министерство науки и образования", None),
        ("John Smith, Jr.", None),
        ("John Smith, Ph.D.", None),
        ("Editorial Staff", None),
    ],
)
def test_lines_are_split_only_between_names(line: str, names: list[str] | None) -> None:
    assert split_names(f"By {line}") == split_names(line) == (names or [line])


@pytest.mark.parametrize("line", ["By", "By ", "by:", "Von", "Автор:", ""])
def test_the_word_before_a_name_is_not_a_name(line: str) -> None:
    assert read_names([line]) == Byline()
    assert split_names(line) == []


LD = '<script type="application/ld+json">{}</script>'
NAME = '<a class="byline__author__name">{}</a>'
JANE = NAME.format("Jane Doe")


@pytest.mark.parametrize(
    ("byline", "authors", "agencies"),
    [
        (f"By {JANE} and John Roe", ("Jane Doe", "John Roe"), ()),
        (f"By {JANE}, AFP", ("Jane Doe",), ("AFP",)),
        (f"By {JANE} for AFP", ("Jane Doe",), ("AFP",)),
        (f"By {JANE}, <span>John Roe</span><span>Reuters</span>", ("Jane Doe", "John Roe"), ("Reuters",)),
        (f"By Ann Lee, {JANE} and AFP", ("Ann Lee", "Jane Doe"), ("AFP",)),
        (f"By {JANE} | <span>June 29, 2024</span> <span>Senior Correspondent</span>", ("Jane Doe",), ()),
        (f"By {JANE}, special to The Moscow Times", ("Jane Doe",), ()),
        ("By " + NAME.format("Jane Doe and John Roe"), ("Jane Doe", "John Roe"), ()),
        ("By " + NAME.format("Jane Doe, AFP"), ("Jane Doe",), ("AFP",)),
        ("By " + NAME.format("<b>Jane</b> Doe"), ("Jane Doe",), ()),
        ("By " + NAME.format("Ministry of Trade and Industry"), ("Ministry of Trade and Industry",), ()),
        ("By " + NAME.format("") + "Jane Doe", ("Jane Doe",), ()),
        ("By", (), ()),
        ("By " + NAME.format("By"), (), ()),
    ],
)
def test_everyone_in_a_byline_is_named(byline: str, authors: tuple[str, ...], agencies: tuple[str, ...]) -> None:
    page = make_page(make_block("<p>Text.</p>"), top=f'<div class="byline__author">{byline}</div>')
    draft = read_page(make_capture(page), MOSCOW_TIMES)
    assert isinstance(draft, Draft)
    assert (draft.authors, draft.agencies) == (authors, agencies)


@pytest.mark.parametrize(
    "head",
    [
        LD.format('{"@type": "NewsArticle", "author": {"name": "Jane Doe and John Roe"}}'),
        LD.format('{"@type": "NewsArticle", "author": ["Jane Doe, John Roe"]}'),
        '<meta property="article:author" content="Jane Doe, John Roe">',
        '<meta name="author" content="By Jane Doe and John Roe">',
    ],
)
@pytest.mark.parametrize("name", ["moscow-times", "generic"])
def test_two_names_in_one_metadata_value_are_split(head: str, name: str) -> None:
    draft = read_page(make_capture(make_page(make_block("<p>Text.</p>"), head=head)), sites.get_site(name))
    assert isinstance(draft, Draft)
    assert draft.authors == ("Jane Doe", "John Roe")


CORRECTION = "Correction: An earlier version named another town."


@pytest.mark.parametrize(
    ("ends", "kept", "agencies"),
    [
        (("(AP; Reuters)",), (), ("AP", "Reuters")),
        (("( AP, Reuters )",), (), ("AP", "Reuters")),
        (("(AP, MT Staff)",), (), ("AP",)),
        (("(AP)", CORRECTION), (CORRECTION,), ("AP",)),
        (("He left. (AP)", CORRECTION), ("He left.", CORRECTION), ("AP",)),
        (("(AP)", CORRECTION, "Editor’s note: It was late."), (CORRECTION, "Editor’s note: It was late."), ("AP",)),
        (("(AP)", "This article has been updated."), ("This article has been updated.",), ("AP",)),
        (("(AP)", "Поправка: назван другой город."), ("Поправка: назван другой город.",), ("AP",)),
        (("(AP)", "A last paragraph."), None, ()),
        (("Text.", CORRECTION), None, ()),
        ((CORRECTION,), None, ()),
    ],
)
def test_a_credit_is_found_above_notes(
    ends: tuple[str, ...], kept: tuple[str, ...] | None, agencies: tuple[str, ...]
) -> None:
    assert cut_credit(("First.", *ends)) == (("First.", *(ends if kept is None else kept)), agencies)
    assert cut_credit(()) == ((), ())
