"""Map an exception to the one line that the user sees, and to an exit status."""

from schemas.failure import Failure, RunFailure, UsageFailure
from schemas.masking import mask_secrets

EXIT_RUN_FAILED = RunFailure.exit_status
EXIT_USAGE = UsageFailure.exit_status
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141
"""128 + SIGPIPE, as a shell reports a program killed by a closed pipe."""
EXIT_TERMINATED = 143
"""128 + SIGTERM, as a shell reports a program killed by it."""

PREFECT_UNREACHABLE = "Failed to reach API at"
"""Start of the message that Prefect's client raises when the server does not respond."""


def explain_failure(error: Exception) -> tuple[str, int] | None:
    """Return the line to print and the exit status; None if the error is a bug."""
    if isinstance(error, Failure):
        return mask_secrets(str(error)), error.exit_status
    if hasattr(error, "format_message"):  # from Typer: a wrong option, a missing argument
        from cli.usage import describe_wrong_usage

        return describe_wrong_usage(error), EXIT_USAGE
    return _explain_library_error(error)


def _explain_library_error(error: Exception) -> tuple[str, int] | None:
    if type(error).__name__ == "Abort":
        return "interrupted", EXIT_INTERRUPTED
    if isinstance(error, UnicodeEncodeError):
        return "an argument is not valid UTF-8", EXIT_USAGE
    if isinstance(error, RuntimeError) and str(error).startswith(PREFECT_UNREACHABLE):
        return mask_secrets(str(error)).splitlines()[0], EXIT_RUN_FAILED
    return None
