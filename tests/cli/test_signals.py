"""A command reports the error that ended its run once, in its own last line."""

import logging
import signal
import subprocess
import sys

import pytest

from cli.signals import FLOW_RUNS, handling_signals
from storage.outage import DatabaseLost


class RecordCollector(logging.Handler):
    """Collects records."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.mark.parametrize(
    ("error", "level", "is_shown"),
    [
        (DatabaseLost("it is locked"), logging.WARNING, False),
        (DatabaseLost("it is locked"), logging.DEBUG, True),
        (KeyError("a defect"), logging.WARNING, True),
    ],
)
def test_the_error_that_ended_a_run_is_reported_once(
    error: Exception,
    level: int,
    is_shown: bool,  # noqa: FBT001 - a parameter of the test
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Prefect's own handlers and filters are there only if an earlier test of this process has loaded them.
    shown = RecordCollector()
    monkeypatch.setattr(FLOW_RUNS, "handlers", [shown])
    monkeypatch.setattr(FLOW_RUNS, "filters", [])
    monkeypatch.setattr(FLOW_RUNS, "propagate", False)
    level_before = FLOW_RUNS.level
    FLOW_RUNS.setLevel(level)  # not by the attribute: loggers remember whether a level is enabled
    try:
        with handling_signals():
            FLOW_RUNS.error("Encountered exception during execution: %r", error, exc_info=error)
    finally:
        FLOW_RUNS.setLevel(level_before)
    assert bool(shown.records) is is_shown


@pytest.mark.parametrize(("number", "says"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_command_that_is_still_being_loaded_ends_with_one_line(number: signal.Signals, says: str) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "cli", "status"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if line.split()[-1] == "cli.failure":  # the first of many
                break
        process.send_signal(number)
        said = [line for line in process.stderr if not line.startswith("import time:")]
    assert (said, process.returncode) == ([f"broadsheet: {says}\n"], 128 + number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_has_ended_ends_as_it_did(number: signal.Signals) -> None:
    # What was registered before the command runs after everything of its own: the interpreter is shutting down.
    program = (
        "import atexit, os, sys; atexit.register(os.kill, os.getpid(), int(sys.argv.pop()));"
        "from cli.start import run; run()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, "--version", str(int(number))], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
