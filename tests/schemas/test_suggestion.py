"""Names are suggested for mistyped ones."""

import pytest

from schemas.suggestion import find_nearest

NAMES = ["News", "Opinion", "Ukraine War", "Olga Vorobskaya", "The Moscow Times"]


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("newz", ["News"]),
        ("OPININ", ["Opinion"]),
        ("ukrane", ["Ukraine War"]),
        ("Vorobskaja", ["Olga Vorobskaya"]),
        ("sport", []),
        ("", []),
    ],
)
def test_the_nearest_names_are_found_by_the_whole_and_by_a_word(typed: str, nearest: list[str]) -> None:
    assert find_nearest(typed, NAMES) == nearest
