"""A command that is interrupted or terminated during its run."""

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from replica.server import running
from schemas.settings import Settings
from tests.pipeline.asking import SITE, pages_of
from tests.pipeline.killing import FLOW_COMMAND, make_victim
from tests.waiting import wait_until

pytestmark = pytest.mark.prefect

START_SECONDS = 180
"""How long Prefect's temporary server may take to start; ten seconds on an idle machine."""

END_SECONDS = 60


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_interrupted_run_leaves_no_process_behind(
    make_settings: Callable[..., Settings], tmp_path: Path, number: signal.Signals, status: int
) -> None:
    with running(SITE) as server:
        settings = make_settings(origins=dict(server.origins), delay_seconds=0.5)
        victim = make_victim(settings, FLOW_COMMAND, PREFECT_HOME=str(tmp_path / "prefect"))
        with victim.start() as process:
            wait_until(lambda: process.poll() is not None or pages_of(server.requests), START_SECONDS)
            assert process.poll() is None
            others = psutil.Process(process.pid).children(recursive=True)
            commands = [" ".join(one.cmdline()) for one in others]
            for expected in ("flows.server_guard", "spiders"):
                assert any(expected in command for command in commands), commands
            process.send_signal(number)
            said, _ = process.communicate(timeout=END_SECONDS)
            assert (said, process.returncode) == ("", status)
            assert psutil.wait_procs(others, END_SECONDS)[1] == []


@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_run_whose_processes_are_all_signalled_reports_it_in_one_line(
    make_settings: Callable[..., Settings], tmp_path: Path, number: signal.Signals, said: str
) -> None:
    """A terminal signals all processes of the command's group; systemd signals every one, Prefect's server included."""
    with running(SITE) as server, (tmp_path / "err").open("wb") as err:
        settings = make_settings(origins=dict(server.origins), delay_seconds=0.5)
        victim = make_victim(settings, FLOW_COMMAND, PREFECT_HOME=str(tmp_path / "prefect"))
        command = [*victim.command]
        with subprocess.Popen(command, env=victim.environment, stderr=err, start_new_session=True) as process:
            wait_until(lambda: process.poll() is not None or pages_of(server.requests), START_SECONDS)
            others = psutil.Process(process.pid).children(recursive=True)
            if number is signal.SIGINT:
                os.killpg(process.pid, number)
            else:
                for one in (psutil.Process(process.pid), *others):
                    with suppress(psutil.NoSuchProcess):
                        one.send_signal(number)
            assert process.wait(END_SECONDS) == 128 + number
            assert psutil.wait_procs(others, END_SECONDS)[1] == []
    assert (tmp_path / "err").read_text() == f"broadsheet: {said}\n"


@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_run_whose_server_is_still_starting_ends_with_one_line(
    make_settings: Callable[..., Settings], tmp_path: Path, number: signal.Signals, said: str
) -> None:
    with running(SITE) as server, (tmp_path / "err").open("wb") as err:
        victim = make_victim(make_settings(origins=dict(server.origins)), FLOW_COMMAND, PREFECT_HOME=str(tmp_path))
        with subprocess.Popen([*victim.command], env=victim.environment, stderr=err) as process:
            # The server makes its database, and then starts its services.
            wait_until(lambda: process.poll() is not None or (tmp_path / "prefect.db").exists(), START_SECONDS)
            others = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(number)
            assert process.wait(END_SECONDS) == 128 + number
            assert psutil.wait_procs(others, END_SECONDS)[1] == []
    assert (tmp_path / "err").read_text() == f"broadsheet: {said}\n"
