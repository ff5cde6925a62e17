"""Prepares every process of ours: its files are private to their owner, and its output is safe to print."""

import os

from schemas.printing import guard_output

PRIVATE_UMASK = 0o077
"""The umask for the data folder: publishers' pages, logs, a Prefect server's data."""

INHERITED_UMASK = os.umask(PRIVATE_UMASK)
os.umask(INHERITED_UMASK)
"""The umask inherited from the parent process, for files that a user asked for, such as exports. Reading the umask
means setting it, so it is read on import, before other threads create files."""


def prepare_process() -> None:
    """Make new files private to their owner, and all output printable and free of secrets."""
    os.umask(PRIVATE_UMASK)
    guard_output()
