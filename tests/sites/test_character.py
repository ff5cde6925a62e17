"""The characters that a text may contain."""

import pytest

from sites.character import clean_characters


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("wasn\x92t \x93closed\x94", "wasn’t “closed”"),
        ("a\x1b[2Jb\x00\x7f", "a[2Jb"),
        ("\u2068(Isolated)\u2069 \u202dx\u202c", "(Isolated) x"),
        ("\u061c\u200eMoscow\u200f", "Moscow"),
        ("a\U000e0041\U000e007f\ufffe\uffff\U0001ffff\ufdd0b", "ab"),
        ("soft\u00adhyphen\ufeff", "softhyphen"),
        ("lone \ud800", "lone "),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d🚀 🏳\ufe0f\u200d🌈", "👩\u200d🚀 🏳\ufe0f\u200d🌈"),
        ("Mos\u200dcow\u200c", "Moscow"),
        ("tab\tline\n", "tab\tline\n"),
    ],
)
def test_invisible_characters_are_removed(text: str, kept: str) -> None:
    assert clean_characters(text) == kept
