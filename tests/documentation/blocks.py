"""The code blocks of the documents, and a shell session in which they are typed."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.starting import run_command

ROOT = Path(__file__).parent.parent.parent
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
COMMAND_LANGUAGES = frozenset({"sh", "console"})
SHELL_SYNTAX = frozenset("|&;<>$`\n")
PROMPT = "$ "
ANY = "…"
"""In expected output: anything on the line; alone on a line: any lines."""

BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, with the comment before it."""

    language: str
    text: str
    note: str | None


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    line: str
    status: int
    output: str


def read_blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [Block(one["language"], one["text"], one["note"]) for one in BLOCK.finditer(text)]


def read_typed(block: Block) -> Iterator[tuple[str, str]]:
    """Yield each command of a block, with the output that the page shows."""
    if block.language == "sh":
        yield block.text, ""
        return
    for part in re.split(rf"^{re.escape(PROMPT)}", block.text, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield line, output


def is_as_shown(output: str, shown: str) -> bool:
    """Whether a command printed what the page shows."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == ANY else re.escape(line.rstrip()).replace(re.escape(ANY), ".*?") + r" *\n"
        for line in shown.splitlines()
    )
    return re.fullmatch(pattern, output.rstrip("\n") + "\n" if output.strip() else "") is not None


@dataclass
class Session:
    """A folder with the demo's archive and the seed texts, and the environment of what is typed there."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(cls, demo: Path, folder: Path) -> "Session":
        shutil.copytree(demo, folder / "demo-data")
        (folder / "seeds").symlink_to(ROOT / "seeds")
        (folder / ".venv").symlink_to(sys.prefix)
        own = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "80", "TERM": "dumb"}
        return cls(folder, os.environ | own | {"PYTHONPATH": f"{os.environ['PYTHONPATH']}:{ROOT}"})

    def type(self, line: str) -> Ended:
        """Run a line: ours in a process that is quick to start, any other in a shell."""
        if line.startswith("export ") and "$" not in line:
            self.environment |= dict(one.split("=", 1) for one in shlex.split(line)[1:] if "=" in one)
            return Ended(line, 0, "")
        words = shlex.split(line)
        if words[0] == "broadsheet" and not SHELL_SYNTAX & set(line):
            with chdir(self.folder):
                ended = run_command(list(self._expand(words[1:])), self.environment, self.folder)
        else:
            ended = self._run(["/bin/sh", "-ec", line])
        return Ended(line, ended.returncode, ended.stdout + ended.stderr)

    def _expand(self, words: list[str]) -> Iterator[str]:
        for word in words:
            if "*" in word:
                yield from sorted(str(path.relative_to(self.folder)) for path in self.folder.glob(word))
            else:
                yield word

    def run_python(self, text: str) -> Ended:
        """Run a block of Python."""
        ended = self._run([sys.executable, "-c", text])
        return Ended(text, ended.returncode, ended.stdout + ended.stderr)

    def run_until_stopped(self, line: str) -> Ended:
        """Start what runs until it is stopped; stop it when it has printed its first line, which is its output."""
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {line}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            assert process.stdout
            first = process.stdout.readline()
            process.terminate()
        return Ended(line, process.returncode, first)

    def _run(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
