"""`python -m documentation.pictures [DATA_DIR]`: makes the pictures in `docs/images/` from the demo's archive.

Terminals are drawn by Rich from what the commands print in a pseudo-terminal. The report's picture needs Chromium.
"""

import io
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

from replica.demo import DEMO_DIR

IMAGES = Path(__file__).parent.parent / "docs" / "images"
COLUMNS = 80
LINES = 100
"""Taller than any picture, so that no pager starts."""

ROW_COUNT = 40
"""The rows of a picture at most: an article's text, and its first fields, which are the same each time."""

TERMINALS = {
    "status": "broadsheet status",
    "search": "broadsheet search 'syria \"security council\" -oil'",
    "show": "broadsheet show moscow-times:en:9803",
}
"""Name of a picture -> the command that it shows."""

WEB_FONT = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)
"""Rich names a font on another host."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGE_SIZE = "960,760"
"""Of the report's picture, in pixels: its plot, and the states below it."""


def main(data_dir: Path) -> None:
    """Make all pictures."""
    for name, command in TERMINALS.items():
        (IMAGES / f"{name}.svg").write_text(draw_terminal(name, command, run(command, data_dir)), encoding="utf-8")
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        run(f"broadsheet report --out {report}", data_dir)
        photograph(report, IMAGES / "completeness.png")


def run(command: str, data_dir: Path) -> str:
    """Run a command in a terminal; return what it printed there, colours included."""
    ours, theirs = pty.openpty()
    own = {"BROADSHEET_DATA_DIR": str(data_dir), "COLUMNS": str(COLUMNS), "LINES": str(LINES), "PAGER": "cat"}
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TERM": "xterm-256color"}
    process = subprocess.Popen(  # noqa: S602 - one of the lines above
        command, shell=True, env=os.environ | own | path, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL
    )
    os.close(theirs)
    printed = _read_all(ours)
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, command)
    return printed.decode().replace("\r\n", "\n")


def _read_all(terminal: int) -> bytes:
    printed = b""
    with open(terminal, "rb", buffering=0) as file:
        try:
            while part := file.read(1 << 16):
                printed += part
        except OSError:  # how Linux says that the other end is closed
            pass
    return printed


def draw_terminal(name: str, command: str, printed: str) -> str:
    """Return a terminal that shows a command and the first rows of its output, as SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ {command}", style="bold"))
    lines = Text.from_ansi(printed).split(allow_blank=False)
    for line in lines[:ROW_COUNT]:
        console.print(line, overflow="fold")
    return WEB_FONT.sub("", console.export_svg(title="", unique_id=f"terminal-{name}"))


def photograph(page: Path, picture: Path) -> None:
    """Take a picture of the top of a page.

    Raises:
        FileNotFoundError: there is no browser to do it.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise FileNotFoundError(f"{picture.name} needs one of {', '.join(BROWSERS)}")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
    size = [f"--window-size={PAGE_SIZE}", f"--screenshot={picture}"]
    subprocess.run([browser, *options, *size, page.as_uri()], check=True, capture_output=True)  # noqa: S603


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else DEMO_DIR)
