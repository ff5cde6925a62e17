"""A real pseudo-terminal of 80 columns, on which commands run."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

COLUMNS, ROWS = 80, 24
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def run_on_terminal(*arguments: object, settings: Mapping[str, str], cwd: Path) -> tuple[int, list[str]]:
    """Run `broadsheet ARGUMENTS` on a terminal; return its exit status, and every line it ever showed, in order.

    A line that was written over is in the list, too.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    environment |= {"TERM": "xterm-256color", **settings}
    command = [sys.executable, "-m", "cli", *map(str, arguments)]
    with subprocess.Popen(command, env=environment, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return process.returncode, [line for line in re.split(r"\r\n|\r|\n", CONTROL.sub("", shown.decode())) if line]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux: the last process has closed the other end
        return b""
