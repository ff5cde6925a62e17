"""Measures a command's time and the memory of its process tree."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

SAMPLE_SECONDS = 0.5
"""Often enough to see a peak that lasts as long as a batch, rarely enough not to slow other processes down."""


@dataclass(frozen=True)
class Measured:
    """Time, memory and output of a command."""

    seconds: float
    peak_bytes: int
    """The largest sum of resident memory of the command and its children; shared pages count in each."""
    output: str


def measure_command(command: Sequence[str], environment: Mapping[str, str]) -> Measured:
    """Run the command to its end.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    started = time.perf_counter()
    peak = 0
    with subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE, text=True) as process:
        while process.returncode is None:
            peak = max(peak, sum_resident_bytes(process.pid))
            with suppress(subprocess.TimeoutExpired):
                process.wait(SAMPLE_SECONDS)  # returns as soon as it ends, which is what is timed
        seconds = time.perf_counter() - started
        output = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command), output)
    return Measured(seconds, peak, output)


def sample_command(command: Sequence[str], environment: Mapping[str, str]) -> list[int]:
    """Run the command to its end, and return samples of its and its children's resident memory, in bytes.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    samples = []
    with subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            samples.append(sum_resident_bytes(process.pid))
            time.sleep(SAMPLE_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return samples


def sum_resident_bytes(pid: int) -> int:
    """Return the resident memory of a process and all its children; 0 if it has ended."""
    try:
        parent = psutil.Process(pid)
        return sum(_resident_bytes(process) for process in [parent, *parent.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
