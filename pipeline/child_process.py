"""Run a module as a child process that ends with its parent: `python -m pipeline.child_process PID MODULE …`.

A server that outlives its command would keep its port, and work on the same memory as the next one.
"""

import os
import runpy
import signal
import sys
import threading
import time

from schemas.process import prepare_process

WATCH_SECONDS = 0.2
"""How often it looks whether its parent is still there."""

STOP_SECONDS = 15
"""Prefect's server stops in two; what has not by then never will."""


def make_command(module: str, *arguments: str) -> list[str]:
    """The command line by which this process starts the module."""
    return [sys.executable, "-m", "pipeline.child_process", str(os.getpid()), module, *arguments]


def run_module(parent: int, *arguments: str) -> None:
    """Be the module, given with its arguments. The parent's number is given: it may be gone already."""
    prepare_process()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    sys.argv = list(arguments)
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    run_module(int(sys.argv[1]), *sys.argv[2:])
