"""Ends a crawl that hangs, by the kernel, which needs neither the reactor nor the interpreter."""

import asyncio
import ctypes
import os
import signal
import sys
from types import FrameType

PR_SET_PDEATHSIG = 1
"""From `linux/prctl.h`."""

STUCK_SECONDS = 60.0
"""Limit of CPU time without an iteration of the event loop. The largest sitemap that a job allows takes a few seconds;
a slow or suspended machine uses no CPU time."""

CLOSING_STUCK_SECONDS = 3.0
"""The same while closing: a running computation is not waited for."""

HEARTBEAT_SECONDS = 1.0
"""How often an iteration of the event loop resets the timer, which costs a system call."""


def end_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies; exit if the parent is dead already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have died before the call.
    if os.getppid() != parent_pid:
        os._exit(1)


class Watchdog:
    """Ends the process when a computation blocks its event loop.

    The kernel counts CPU time and ends the process (SIGVTALRM) at the limit. That works inside a regular expression or
    a C library too, where no thread or Python signal handler runs.
    """

    def __init__(self) -> None:
        self._limit_seconds = STUCK_SECONDS
        self._heartbeat: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start watching the event loop."""
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        self._beat()

    def stop(self) -> None:
        """Stop watching: the crawl has ended."""
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def tighten(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Lower the limit, for closing. Also a signal handler: Python runs it even within an event loop iteration."""
        self._limit_seconds = CLOSING_STUCK_SECONDS
        signal.setitimer(signal.ITIMER_VIRTUAL, self._limit_seconds)

    def _beat(self) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, self._limit_seconds)
        self._heartbeat = asyncio.get_running_loop().call_later(HEARTBEAT_SECONDS, self._beat)
