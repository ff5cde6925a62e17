"""A person's command that is told to end in the middle of its run."""

import signal
from collections.abc import Callable
from pathlib import Path

import psutil

from replica.server import running
from schemas.settings import Settings
from tests.flows.asking import SITE, pages_of
from tests.flows.killing import FLOW_COMMAND, make_victim
from tests.waiting import wait_until

END_SECONDS = 60


def test_a_run_that_is_told_to_end_leaves_no_process_behind(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    with running(SITE) as server:
        settings = make_settings(origins=dict(server.origins), delay_seconds=0.5)
        victim = make_victim(settings, FLOW_COMMAND, PREFECT_HOME=str(tmp_path / "prefect"))
        with victim.start() as process:
            wait_until(lambda: pages_of(server.requests))
            others = psutil.Process(process.pid).children(recursive=True)
            commands = [" ".join(one.cmdline()) for one in others]
            for expected in ("prefect.server", "spiders"):
                assert any(expected in command for command in commands), commands
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=END_SECONDS)
            assert (said, process.returncode) == ("", 143)
            assert psutil.wait_procs(others, END_SECONDS)[1] == []
