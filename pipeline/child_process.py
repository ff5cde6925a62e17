"""Runs a module as a child process that ends with its parent: `python -m pipeline.child_process PID MODULE …`.

A server that outlived its command would keep its port, and share memory with the next one.
"""

import os
import runpy
import signal
import sys
import threading
import time

from schemas.process import prepare_process

WATCH_SECONDS = 0.2
"""Seconds between checks that the parent is alive."""

STOP_SECONDS = 1
"""Seconds to exit after SIGTERM: a command that is told to end is gone after 3.5 seconds, its processes after 5."""


def make_command(module: str, *arguments: str) -> list[str]:
    """Return the command line that starts the module from this process."""
    return [sys.executable, "-m", "pipeline.child_process", str(os.getpid()), module, *arguments]


def run_module(parent: int, *arguments: str) -> None:
    """Run the module with its arguments. The parent's pid is an argument, as the parent may be gone already."""
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
