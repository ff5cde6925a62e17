"""What a person reads when something goes wrong: one line, and the exit status."""

EXIT_BELOW_PROMISE = 1
EXIT_USAGE = 2

# By name, so that no library is imported only to learn that nothing of it was raised.
USAGE_FAILURES = frozenset(
    {
        "ContactMissing",
        "DataDirUnusable",
        "DatabaseMissing",
        "DatabaseUnreachable",
        "ExportUnwritable",
        "ImportUnreadable",
        "SchemaOutdated",
        "SchemaUnknown",
        "SettingsInvalid",
        "UnknownSite",
    }
)
RUN_FAILURES = frozenset({"CrawlFailed", "RecordUnknown", "RunInProgress"})


def explain_failure(error: Exception) -> tuple[str, int] | None:
    """The line for a person and the exit status; None for a failure that is a defect of ours."""
    name = type(error).__name__
    if name in USAGE_FAILURES:
        return str(error), EXIT_USAGE
    if name in RUN_FAILURES:
        return str(error), EXIT_BELOW_PROMISE
    return None
