"""Failures that state a fact, in one line for a person: where they were raised tells nothing. Any other is a defect."""

from typing import ClassVar


class Failure(Exception):  # noqa: N818 - each one states a fact
    """Raised as one of the two below."""

    exit_status: ClassVar[int]
    """Of the command that ends by it."""


class UsageFailure(Failure):
    """Something is to be set right before anything is tried again: a URL, a setting, a file."""

    exit_status = 2


class RunFailure(Failure):
    """What was asked for could not be done, or not to its end."""

    exit_status = 1
