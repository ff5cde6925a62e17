"""Persons, agencies and credits."""

import pytest

from extraction.byline import Byline, clean_names, cut_credit, is_generic_name, read_names, split_names
from extraction.picture import split_caption


@pytest.mark.parametrize(
    ("names", "byline"),
    [
        (["Jane Doe"], Byline(("Jane Doe",), ())),
        (["AFP"], Byline((), ("AFP",))),
        (["Agence France-Presse"], Byline((), ("AFP",))),
        (["Jane Doe for AFP"], Byline(("Jane Doe",), ("AFP",))),
        (["By Jane Doe", "Jane Doe", ""], Byline(("Jane Doe",), ())),
        (["The Moscow Times"], Byline(("The Moscow Times",), ())),
        (["Jane Doe for Bell"], Byline(("Jane Doe for Bell",), ())),
    ],
)
def test_names_are_sorted_into_persons_and_agencies(names: list[str], byline: Byline) -> None:
    assert read_names(names) == byline


def test_a_byline_is_split_at_commas_and_ands() -> None:
    assert split_names("By Alexandra Anderson, Andy Land and  John Roe") == [
        "Alexandra Anderson",
        "Andy Land",
        "John Roe",
    ]


@pytest.mark.parametrize(
    ("last", "rest", "agencies"),
    [
        ("(AP, Reuters)", (), ("AP", "Reuters")),
        ("(MT, AP)", (), ("AP",)),
        ("(Reuters and Interfax)", (), ("Reuters", "Interfax")),
        ("He left. (AP)", ("He left.",), ("AP",)),
        ("(MT)", ("(MT)",), ()),
        ("(laughs)", ("(laughs)",), ()),
        ("(AP, laughs)", ("(AP, laughs)",), ()),
        ("He works for AP.", ("He works for AP.",), ()),
    ],
)
def test_a_credit_at_the_end_of_a_text_is_removed(last: str, rest: tuple[str, ...], agencies: tuple[str, ...]) -> None:
    assert cut_credit(("First.", last)) == (("First.", *rest), agencies)


@pytest.mark.parametrize(
    ("line", "caption", "credit"),
    [
        ("A rally in Amman. Muhammad Hamed", "A rally in Amman.", "Muhammad Hamed"),
        ("A rally in Amman. Sergei Fadeichev / TASS", "A rally in Amman.", "Sergei Fadeichev / TASS"),
        ("A rally. A.P. Ivanov / Moskva News Agency", "A rally.", "A.P. Ivanov / Moskva News Agency"),
        ("Kremlin.ru / TASS", None, "Kremlin.ru / TASS"),
        ("A rally in Amman", "A rally in Amman", None),
        ("He left. She stayed.", "He left. She stayed.", None),
        ("He said it was over. And then Putin", "He said it was over. And then Putin", None),
    ],
)
def test_caption_and_credit_are_split(line: str, caption: str | None, credit: str | None) -> None:
    assert split_caption(line) == (caption, credit)


@pytest.mark.parametrize(
    ("written", "authors", "agencies"),
    [
        ("By John Doe and Jane Roe | CNN", ("John Doe", "Jane Roe"), ()),
        ("John Doe, CNN", ("John Doe",), ()),
        ("Jane Roe, Senior Correspondent", ("Jane Roe",), ()),
        ("JANE ROE", ("JANE ROE",), ()),
        ("By JOHN DOE, Associated Press", ("JOHN DOE",), ("AP",)),
        ("John Doe (Reuters)", ("John Doe",), ("Reuters",)),
        ("john.doe@example.org John Doe", ("John Doe",), ()),
        ("Jane Roe @janeroe", ("Jane Roe",), ()),
        ("https://www.example.org/authors/jane", (), ()),
        ("Written by: Jane Roe", ("Jane Roe",), ()),
        ("Reported by A. B. Doe; Editing by Jane Roe", ("A. B. Doe",), ()),
        ("Jane Roe in Kyiv and John Doe in St. Petersburg", ("Jane Roe", "John Doe"), ()),
        ("Von Anna Weber und Jörg Lindner", ("Anna Weber", "Jörg Lindner"), ()),
        ("Jean-Luc O’Neill &amp; María de la Cruz", ("Jean-Luc O’Neill", "María de la Cruz"), ()),
        ("Daily Von Anna Weber", ("Anna Weber",), ()),
        ("Ursula von der Berg", ("Ursula von der Berg",), ()),
        ("Anna Weber, awe; Jörg Lindner, Professor an der Universität", ("Anna Weber", "Jörg Lindner"), ()),
        ("Anna Weber, Redakteurin", ("Anna Weber",), ()),
        ("Trine Holm og Lars Nygaard", ("Trine Holm", "Lars Nygaard"), ()),
        ("신현주 기자", ("신현주",), ()),
        ("Text: Anna Weber, Fotos: Jörg Lindner", ("Anna Weber",), ()),
        ("Par Jean Dupont avec AFP", ("Jean Dupont",), ("AFP",)),
        ("von Anna Weber und Jörg Lindner (dpa)", ("Anna Weber", "Jörg Lindner"), ("DPA",)),
        ("By Jane Doe Political Editor", ("Jane Doe",), ()),
        ("John Roe Reporter", ("John Roe",), ()),
        ("Prince Writer", ("Prince Writer",), ()),
        ("Image: Getty Images", (), ()),
        ("Staff Writer", (), ()),
        ("admin", (), ()),
        ("AFP", (), ("AFP",)),
        ("123 | 4", (), ()),
        ("", (), ()),
    ],
)
def test_an_unknown_publishers_byline_is_cleaned(
    written: str, authors: tuple[str, ...], agencies: tuple[str, ...]
) -> None:
    found = read_names(name for name in clean_names([written]) if not is_generic_name(name))
    assert (found.authors, found.agencies) == (authors, agencies)
