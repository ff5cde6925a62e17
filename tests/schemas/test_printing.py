"""What reaches a terminal or a log obeys nobody but us."""

import json
import logging

import pytest

from cli.render import PlainConsole
from schemas.printing import escape_log_records, make_json_printable, make_printable

HOSTILE = "\x1b[2J \x9b31m \u202e \u2066 \u061c \ufffe \U000e0041"


def test_control_and_format_characters_are_printed_as_escapes() -> None:
    assert make_printable(HOSTILE) == r"\x1b[2J \x9b31m \u202e \u2066 \u061c \ufffe \U000e0041"


@pytest.mark.parametrize("text", ["", "Plain", "Чай\nи\tкофе", "می\u200cخواهم"])
def test_a_plain_text_is_printed_as_it_is(text: str) -> None:
    assert make_printable(text) == text


def test_json_says_the_same_in_escapes() -> None:
    document = make_json_printable(json.dumps({"a": HOSTILE + "Чай"}, ensure_ascii=False))
    assert json.loads(document) == {"a": HOSTILE + "Чай"}
    assert make_printable(document) == document
    assert "Чай" in document


def test_the_console_prints_no_escape_sequence_of_a_publishers(capsys: pytest.CaptureFixture[str]) -> None:
    PlainConsole().print(HOSTILE, markup=False, highlight=False)
    assert make_printable(printed := capsys.readouterr().out) == printed


def test_log_messages_are_escaped(caplog: pytest.LogCaptureFixture) -> None:
    former = logging.getLogRecordFactory()
    try:
        escape_log_records()
        escape_log_records()
        logging.getLogger("x").warning("a page of %s", HOSTILE)
    finally:
        logging.setLogRecordFactory(former)
    assert caplog.messages == [f"a page of {make_printable(HOSTILE)}"]
