"""Output to terminals and logs contains no foreign control sequences and no secrets."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.render import PlainConsole
from schemas.printing import make_json_printable, make_printable

ROOT = Path(__file__).parent.parent.parent

HOSTILE = "\x1b[2J \x9b31m \u202e \u2066 \u061c \ufffe \U000e0041"


def test_control_and_format_characters_are_printed_as_escapes() -> None:
    assert make_printable(HOSTILE) == r"\x1b[2J \x9b31m \u202e \u2066 \u061c \ufffe \U000e0041"


@pytest.mark.parametrize("text", ["", "Plain", "Чай\nи\tкофе", "می\u200cخواهم"])
def test_plain_text_is_printed_unchanged(text: str) -> None:
    assert make_printable(text) == text


def test_json_with_escapes_has_the_same_value() -> None:
    document = make_json_printable(json.dumps({"a": HOSTILE + "Чай"}, ensure_ascii=False))
    assert json.loads(document) == {"a": HOSTILE + "Чай"}
    assert make_printable(document) == document
    assert "Чай" in document


def test_the_console_escapes_a_publishers_control_sequences(capsys: pytest.CaptureFixture[str]) -> None:
    PlainConsole().print(HOSTILE, markup=False, highlight=False)
    assert make_printable(printed := capsys.readouterr().out) == printed


LOGGING_SCRIPT = """
import logging, sys, threading, warnings
from schemas.process import prepare_process
prepare_process()
prepare_process()
said = bytes.fromhex(sys.argv[1]).decode()
logging.getLogger("x").warning("a page of %s", said)
logging.getLogger("x").error(ValueError(said))
warnings.warn(said)
try:
    raise LookupError(said)
except LookupError:
    logging.getLogger("x").exception("it failed: %s", said)
def fail():
    raise OSError(said)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
raise RuntimeError(said)
"""


def test_logs_warnings_and_tracebacks_are_printable_and_free_of_secrets() -> None:
    said = f"{HOSTILE} http://me:hunter2@example.org?token=hunter2"
    ended = subprocess.run(
        [sys.executable, "-c", LOGGING_SCRIPT, said.encode().hex()], stderr=subprocess.PIPE, cwd=ROOT, check=False
    )
    printed = ended.stderr.decode()
    assert make_printable(printed) == printed
    assert "hunter2" not in printed
    # The message of the warning, the two log messages, and the message with the traceback; two more tracebacks.
    assert printed.count(f"{make_printable(HOSTILE)} http://me:***@example.org?token=***") == 7
    assert printed.count("Traceback") == 3
