"""Shows a long output in a pager, as `git` does: only on a terminal, and only what does not fit on its screen."""

import os
import shlex
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console

STOP_SECONDS = 1.0
"""How long a pager may take to end after SIGTERM; `less` ends at once."""


@contextmanager
def paging(console: Console) -> Iterator[None]:
    """Show what the console prints within the block in `$PAGER` (or `less -R`), if it is longer than a screen."""
    command = shlex.split(os.environ.get("PAGER", "less -R"))
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or command in ([], ["cat"]):
        yield
        return
    with console.capture() as captured:
        yield
    text = captured.get()
    if text.count("\n") < console.height:
        sys.stdout.write(text)
        return
    try:
        # `-R` shows colours; a user's own LESS says what that user wants.
        pager = subprocess.Popen(command, stdin=subprocess.PIPE, env={"LESS": "-R"} | os.environ)  # noqa: S603 - the user's pager
    except OSError:  # not installed
        sys.stdout.write(text)
        return
    with _ending(pager):
        _feed(pager, text)


def _feed(pager: subprocess.Popen[bytes], text: str) -> None:
    """Give the pager the text, and wait until the user leaves it."""
    with suppress(BrokenPipeError):  # left before the end
        pager.communicate(text.encode(errors="replace"))


@contextmanager
def _ending(pager: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the pager and restore the terminal, should Ctrl-C or SIGTERM end the block."""
    mode = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        if pager.poll() is None:
            pager.terminate()
            try:
                pager.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                pager.kill()
                pager.wait()
            termios.tcsetattr(sys.stdin, termios.TCSANOW, mode)
