"""Failures that are reported to the user in one line, without a traceback. Any other exception is a defect."""

from typing import ClassVar


class Failure(Exception):  # noqa: N818 - each one states a fact
    """Base class of the two below; not raised itself."""

    exit_status: ClassVar[int]
    """The exit status of a command that fails with it."""


class UsageFailure(Failure):
    """The user must correct something before trying again: a URL, a setting, a file."""

    exit_status = 2


class RunFailure(Failure):
    """The operation could not be done, or not completed."""

    exit_status = 1
