"""What every process of ours does first: its files are its owner's alone, and what it prints or logs obeys nobody."""

import os

from schemas.printing import guard_output

PRIVATE_UMASK = 0o077
"""The umask of what is written into the data folder: publishers' pages, logs, what a Prefect server knows."""

FORMER_UMASK = os.umask(PRIVATE_UMASK)
os.umask(FORMER_UMASK)
"""Of whoever started this process: for files that a person asked for, such as exports. It cannot be asked without being
set: so here, where no thread makes a file meanwhile."""


def prepare_process() -> None:
    """Have files be their owner's alone from now on, and all output printable and without secrets."""
    os.umask(PRIVATE_UMASK)
    guard_output()
