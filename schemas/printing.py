"""Decides what may be printed or logged: what a terminal would obey, or not show, is written as its escape."""

import logging
from typing import Any
from unicodedata import category

_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_PLAIN = frozenset("\n\t\u200c\u200d")


def make_printable(text: str) -> str:
    """A text whose control and format characters are escaped, as Python has them; line breaks and tabs stay."""
    if text.isprintable():
        return text
    return "".join(_escape(char) if _is_escaped(char) else char for char in text)


def make_json_printable(document: str) -> str:
    """A JSON document that says the same, its control and format characters escaped as JSON has it."""
    if document.isascii():
        return document
    return "".join(_escape_json(char) if char > "\x7f" and _is_escaped(char) else char for char in document)


def escape_log_records() -> None:
    """Have every log message of this process escaped, whatever handler prints it."""
    make_record = logging.getLogRecordFactory()
    if getattr(make_record, "escapes", False):
        return

    def make_escaped(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        if isinstance(record.msg, str):
            try:
                message = record.getMessage()
            except (TypeError, ValueError):  # a wrong call: the handler says so
                return record
            if (printable := make_printable(message)) != message:
                record.msg, record.args = printable, None
        return record

    make_escaped.escapes = True  # type: ignore[attr-defined]  # a mark on the function
    logging.setLogRecordFactory(make_escaped)


def _is_escaped(char: str) -> bool:
    if char in _PLAIN:
        return False
    return category(char) in _ESCAPED or ord(char) & 0xFFFE == 0xFFFE or "\ufdd0" <= char <= "\ufdef"  # noqa: PLR2004 - noncharacters


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()


def _escape_json(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))
