"""Makes text safe to print or log: characters that control a terminal, or are invisible in it, are escaped."""

import logging
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import Any
from unicodedata import category

from schemas.masking import mask_secrets

_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_PLAIN = frozenset("\n\t\u200c\u200d")


def make_printable(text: str) -> str:
    """Return the text with control and format characters as Python escapes; line breaks and tabs are kept."""
    if text.isprintable():
        return text
    return "".join(_escape(char) if _is_escaped(char) else char for char in text)


def make_json_printable(document: str) -> str:
    """Return an equivalent JSON document with control and format characters as JSON escapes."""
    if document.isascii():
        return document
    return "".join(_escape_json(char) if char > "\x7f" and _is_escaped(char) else char for char in document)


def make_loggable(text: str) -> str:
    """Return the text with secrets masked, and control and format characters escaped."""
    return make_printable(mask_secrets(text))


def print_line(text: str) -> None:
    """Print one line to standard error, for a person or a log."""
    print(make_loggable(text.replace("\n", " ")), file=sys.stderr)  # noqa: T201 - the one place that does


def guard_output() -> None:
    """Make every log record, warning and uncaught exception of this process safe to print, in any handler."""
    _guard_log_records()
    sys.excepthook = _print_exception
    threading.excepthook = _print_thread_exception
    format_warning = warnings.formatwarning
    warnings.formatwarning = lambda *given, **named: make_loggable(format_warning(*given, **named))


def _guard_log_records() -> None:
    make_record = logging.getLogRecordFactory()
    if getattr(make_record, "guards", False):
        return

    def make_guarded(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a wrong logging call: the handler reports it
            return record
        if (shown := make_loggable(message)) != message:
            record.msg, record.args = shown, None
        if record.exc_info and record.exc_info[0]:
            # Formatters use `exc_text` if it is set, and do not format the exception again.
            record.exc_text = make_loggable(_format_exception(*record.exc_info))
        return record

    make_guarded.guards = True  # type: ignore[attr-defined]  # a mark on the function
    logging.setLogRecordFactory(make_guarded)


def _print_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    print(make_loggable(_format_exception(kind, error, trace)), file=sys.stderr)  # noqa: T201 - as Python does


def _print_thread_exception(given: threading.ExceptHookArgs) -> None:
    if given.exc_value and given.exc_type is not SystemExit:
        _print_exception(given.exc_type, given.exc_value, given.exc_traceback)


def _format_exception(kind: Any, error: Any, trace: Any) -> str:
    return "".join(traceback.format_exception(kind, error, trace)).rstrip("\n")


def _is_escaped(char: str) -> bool:
    if char in _PLAIN:
        return False
    return category(char) in _ESCAPED or ord(char) & 0xFFFE == 0xFFFE or "\ufdd0" <= char <= "\ufdef"  # noqa: PLR2004 - noncharacters


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()


def _escape_json(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[start : start + 2].hex()}" for start in range(0, len(units), 2))
