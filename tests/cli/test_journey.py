"""What people type, in a terminal of 80 columns: an operator who ingests a site, a researcher who reads its archive."""

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pexpect
import psutil
import pytest

from replica.server import running
from replica.site import Site

pytestmark = pytest.mark.prefect

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COLUMNS = 80
TIMEOUT_SECONDS = 180
"""Of one command; the ingest takes fifteen seconds on an idle machine."""

ARTICLE = "moscow-times:en:9803"

PAGER = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)  # as less does
print(f"PAGER has {len(sys.stdin.readlines())} lines", flush=True)
open("/dev/tty").readline()
"""

CONTROL = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


@dataclass(frozen=True)
class Terminal:
    """A folder, and the environment of the commands typed there."""

    folder: Path
    environment: dict[str, str]
    ingested: Sequence[str]
    """What the ingest printed."""

    def type(self, line: str, status: int = 0) -> list[str]:
        """Run a line in a shell; return what it printed, after checking its exit status and its width."""
        with self.begin(line) as child:
            child.expect(pexpect.EOF)
            lines = split_lines(child.before)
        assert child.exitstatus == status, lines
        # A message to standard error is one line, whatever its length, so that a log has it whole. URLs and paths
        # are not broken either.
        wide = [line for line in lines if len(line) > COLUMNS and not line.startswith("broadsheet: ")]
        assert [line for line in wide if "://" not in line and str(self.folder) not in line] == []
        return lines

    def begin(self, line: str) -> "pexpect.spawn[str]":
        """Start a line in a shell of a pseudo-terminal."""
        return pexpect.spawn(
            "/bin/sh",
            ["-c", f"exec {line}"],
            cwd=str(self.folder),
            env=self.environment,
            dimensions=(24, COLUMNS),
            timeout=TIMEOUT_SECONDS,
            encoding="utf-8",
        )


def split_lines(printed: str | None) -> list[str]:
    return [line.rstrip() for line in re.split(r"[\r\n]+", CONTROL.sub("", printed or ""))]


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Ingest a replica, typed as in the README, into the folder of the demo."""
    folder = tmp_path_factory.mktemp("journey")
    (folder / "seeds").symlink_to(ROOT / "seeds")
    (folder / "pager.py").write_text(PAGER)
    with running(Site(40)) as server:
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "TERM": "xterm-256color",
            "PAGER": f"{sys.executable} pager.py",
            "BROADSHEET_DATA_DIR": "demo-data",
            "BROADSHEET_ORIGINS": json.dumps(dict(server.origins)),
            "BROADSHEET_CONTACT": "me@example.org",
            "BROADSHEET_DELAY_SECONDS": "0",
            "BROADSHEET_CONCURRENCY": "8",
            "PREFECT_HOME": str(folder / "prefect"),
        }
        environment.pop("COLUMNS", None)
        ingested = Terminal(folder, environment, ()).type("broadsheet ingest --source sitemaps")
        yield Terminal(folder, environment, ingested)


def test_an_operator_ingests_a_site_and_looks_after_the_archive(terminal: Terminal) -> None:
    assert any("responses archived" in line for line in terminal.ingested)
    assert "BROKEN" not in "".join(terminal.type("broadsheet doctor --quick"))
    assert len(terminal.type("broadsheet quarantine list")) > 1


def test_the_commands_of_the_readme_work_on_the_demo(terminal: Terminal) -> None:
    match = re.search(r"<!-- demo -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert match
    typed = [line for line in match.group(1).splitlines() if line.startswith("broadsheet ")]
    assert len(typed) > 8
    printed = {line.partition("#")[0].strip(): terminal.type(f"env PAGER=cat {line}") for line in typed}
    assert any(ARTICLE in line for line in printed["broadsheet search 'syria \"security council\" -oil'"])
    assert printed[f"broadsheet show {ARTICLE} --cite bibtex"][0] == "@article{moscow-times-en-9803,"
    assert "has never changed" in printed[f"broadsheet show {ARTICLE} --diff"][0]


def test_a_researcher_exports_what_was_found_and_opens_the_archive(terminal: Terminal) -> None:
    assert "Did you mean --from?" in terminal.type("broadsheet search syria --since 2011-01-01", 2)[0]
    terminal.type("broadsheet export syria --out syria.csv")
    assert (terminal.folder / "syria.csv").read_text().startswith("id,")
    code = f"import broadsheet; print(broadsheet.open('demo-data')['{ARTICLE}'].headline)"
    assert terminal.type(f"{sys.executable} -c {shlex.quote(code)}")[0] == "U.S., Russia Disagree on Syria Strategy"


def test_a_long_article_is_shown_in_a_pager_which_ctrl_c_ends(terminal: Terminal) -> None:
    with terminal.begin(f"broadsheet show {ARTICLE}") as left:
        left.expect(r"PAGER has \d\d+ lines")
        left.sendline("q")
        left.expect(pexpect.EOF)
    assert left.exitstatus == 0
    with terminal.begin(f"broadsheet show {ARTICLE}") as interrupted:
        interrupted.expect(r"PAGER has \d\d+ lines")
        [pager] = psutil.Process(interrupted.pid).children()
        interrupted.sendintr()
        interrupted.expect("broadsheet: interrupted")
        interrupted.expect(pexpect.EOF)
    assert interrupted.exitstatus == 130
    assert not pager.is_running()
