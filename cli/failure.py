"""What a person reads when something goes wrong: one line, and the exit status."""

from schemas.failure import Failure, RunFailure, UsageFailure
from schemas.masking import mask_secrets

EXIT_RUN_FAILED = RunFailure.exit_status
EXIT_USAGE = UsageFailure.exit_status
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141
"""As a shell shows a program that the closed pipe itself has ended."""
EXIT_TERMINATED = 143
"""As it shows one that SIGTERM has ended."""

PREFECT_UNREACHABLE = "Failed to reach API at"
"""How the message begins that Prefect's client has for a server that does not answer."""


def explain_failure(error: Exception) -> tuple[str, int] | None:
    """The line for a person and the exit status; None for a failure that is a defect of ours."""
    if isinstance(error, Failure):
        return mask_secrets(str(error)), error.exit_status
    if hasattr(error, "format_message"):  # Typer's own: a wrong option, a missing argument
        return f"{error.format_message()} (see --help)".replace("\n", " "), EXIT_USAGE
    return _explain_library_error(error)


def _explain_library_error(error: Exception) -> tuple[str, int] | None:
    if type(error).__name__ == "Abort":
        return "interrupted", EXIT_INTERRUPTED
    if isinstance(error, UnicodeEncodeError):
        return "an argument is not valid UTF-8", EXIT_USAGE
    if isinstance(error, RuntimeError) and str(error).startswith(PREFECT_UNREACHABLE):
        return mask_secrets(str(error)).splitlines()[0], EXIT_RUN_FAILED
    return None
