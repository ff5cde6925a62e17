"""`python -m documentation.pictures [DATA_DIR]`: makes the pictures in `docs/images/` from the demo's archive.

Terminals are drawn by Rich from what the commands print in a pseudo-terminal. The pictures of the report and of the
pages of `serve` need Chromium.
"""

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser
from rich.console import Console
from rich.text import Text

from documentation.browser import running_browser
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

REPORT_SIZE = (960, 760)
"""Of the report's picture, in pixels: its plot, and the states below it."""

WIDE, NARROW = (1440, 780), (360, 740)

PAGES = {
    "reader-search": ("/?q=syria", WIDE),
    "reader-article": ("/article/moscow-times:en:9803", WIDE),
    "reader-capture": ("/capture/moscow-times:en:9803", WIDE),
    "reader-coverage": ("/coverage", WIDE),
    "reader-narrow": ("/article/moscow-times:en:9803", NARROW),
}
"""Name of a picture -> path and query of the page of `serve`, and the window's size. A narrow one is dark."""


def main(data_dir: Path) -> None:
    """Make all pictures."""
    for name, command in TERMINALS.items():
        (IMAGES / f"{name}.svg").write_text(draw_terminal(name, command, run(command, data_dir)), encoding="utf-8")
    with TemporaryDirectory() as folder, running_browser() as browser:
        report = Path(folder) / "report.html"
        run(f"broadsheet report --out {report}", data_dir)
        photograph(browser, report.as_uri(), IMAGES / "completeness.png", REPORT_SIZE)
        with serving(data_dir) as base_url:
            for name, (path, size) in PAGES.items():
                photograph(browser, base_url + path, IMAGES / f"{name}.png", size)


@contextmanager
def serving(data_dir: Path) -> Iterator[str]:
    """Within the block, `broadsheet serve` runs; the value is its URL."""
    command = [sys.executable, "-m", "cli", "serve", "--port", "0"]
    own = {"BROADSHEET_DATA_DIR": str(data_dir)}
    with subprocess.Popen(command, env=os.environ | own, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stderr  # noqa: S101 - for the type checker
            found = re.search(r"http://[\w.]+:\d+", process.stderr.readline())
            if not found:
                raise ChildProcessError("serve did not start")
            yield found[0]
        finally:
            process.terminate()
            process.communicate()


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


def photograph(browser: Browser, url: str, picture: Path, size: tuple[int, int]) -> None:
    """Take a picture of the top of a page."""
    width, height = size
    with browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if size == NARROW else "light", locale="en-GB"
    ) as context:
        page = context.new_page()
        page.goto(url, wait_until="networkidle")
        page.screenshot(path=picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else DEMO_DIR)
