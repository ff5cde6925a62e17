"""What ends a crawl that cannot end itself any more: the kernel, which asks neither the reactor nor the interpreter."""

import asyncio
import ctypes
import os
import signal
import sys
from types import FrameType

PR_SET_PDEATHSIG = 1
"""From `linux/prctl.h`."""

STUCK_SECONDS = 60.0
"""Processor time without a turn of the event loop. The largest sitemap that a job allows takes a few seconds; a slow or
suspended machine takes none."""

CLOSING_STUCK_SECONDS = 3.0
"""The same, once the end is requested: whatever is being computed is not waited for."""

HEARTBEAT_SECONDS = 1.0
"""How often a turn of the event loop is noted: it costs a system call."""


def end_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies, whatever it is doing; end it where that has happened."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # It may have died before the kernel was asked.
    if os.getppid() != parent_pid:
        os._exit(1)


class Watchdog:
    """Ends the process when its event loop stands still while it computes.

    The kernel counts processor time and ends the process (SIGVTALRM) when it is used up: that works inside a regular
    expression or a C library too, where no thread and no Python signal handler gets its turn.
    """

    def __init__(self) -> None:
        self._limit_seconds = STUCK_SECONDS
        self._heartbeat: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """From now on, the event loop must have its turns."""
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        self._beat()

    def stop(self) -> None:
        """The crawl has ended."""
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def tighten(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """The end is requested. Also a signal's handler: Python runs it between two turns of the event loop too."""
        self._limit_seconds = CLOSING_STUCK_SECONDS
        signal.setitimer(signal.ITIMER_VIRTUAL, self._limit_seconds)

    def _beat(self) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, self._limit_seconds)
        self._heartbeat = asyncio.get_running_loop().call_later(HEARTBEAT_SECONDS, self._beat)
