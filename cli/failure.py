"""What a person reads when something goes wrong: one line, and the exit status."""

from pipeline.failure import RUN_FAILURES, USAGE_FAILURES
from schemas.masking import mask_secrets

EXIT_BELOW_PROMISE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141
"""As a shell shows a program that the closed pipe itself has ended."""
EXIT_TERMINATED = 143
"""As it shows one that SIGTERM has ended."""

PREFECT_UNREACHABLE = "Failed to reach API at"
"""How the message begins that Prefect's client has for a server that does not answer."""


def explain_failure(error: Exception) -> tuple[str, int] | None:
    """The line for a person and the exit status; None for a failure that is a defect of ours."""
    name = type(error).__name__
    if name in USAGE_FAILURES or name in RUN_FAILURES:
        return mask_secrets(str(error)), EXIT_USAGE if name in USAGE_FAILURES else EXIT_BELOW_PROMISE
    if hasattr(error, "format_message"):  # Typer's own: a wrong option, a missing argument
        return f"{error.format_message()} (see --help)".replace("\n", " "), EXIT_USAGE
    return _explain_foreign(error, name)


def _explain_foreign(error: Exception, name: str) -> tuple[str, int] | None:
    if name == "Abort":
        return "interrupted", EXIT_INTERRUPTED
    if isinstance(error, UnicodeEncodeError):
        return "an argument is not valid UTF-8", EXIT_USAGE
    if isinstance(error, RuntimeError) and str(error).startswith(PREFECT_UNREACHABLE):
        return mask_secrets(str(error)).splitlines()[0], EXIT_BELOW_PROMISE
    return None
