"""Run each command in its own process with modules preloaded, as importing them would take two seconds each.

The processes are forked from one that has run nothing else. Modules that read the environment when imported
(`cli.render` for the terminal, Prefect for its settings) are not preloaded.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp

LOADED = [
    "cli.main",
    "pipeline.integrity.doctor",
    "pipeline.file_import",
    "pipeline.recording",
    "rich.table",
    "rich.text",
]
TIMEOUT_SECONDS = 120

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(LOADED)


def run_command(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run `broadsheet ARGUMENTS` in this environment and the working directory; its output goes to files in `folder`.

    Raises:
        subprocess.TimeoutExpired: it took longer than any command in the tests.
    """
    streams = Path(mkdtemp(dir=folder))
    out, err = streams / "out", streams / "err"
    process = _FORKS.Process(target=_run, args=(arguments, dict(environment), Path.cwd(), out, err))
    process.start()
    process.join(TIMEOUT_SECONDS)
    if process.exitcode is None:
        process.kill()
        raise subprocess.TimeoutExpired(list(arguments), TIMEOUT_SECONDS, err.read_bytes())
    return subprocess.CompletedProcess(list(arguments), process.exitcode, out.read_text(), err.read_text())


def _run(arguments: Sequence[str], environment: Mapping[str, str], cwd: Path, out: Path, err: Path) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["broadsheet", *arguments]
    sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - all three stay open until the process ends
    sys.stdout, sys.stderr = _redirect(1, out), _redirect(2, err)
    from cli.main import run

    run()


def _redirect(number: int, path: Path) -> object:
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.dup2(file, number)
    return open(number, "w", closefd=False)
