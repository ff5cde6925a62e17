"""Failures that state a fact, in one line for a person: where they were raised tells nothing. Any other is a defect.

By name, so that no library is imported only to learn that nothing of it was raised.
"""

USAGE_FAILURES = frozenset(
    {
        "CdxUnknown",
        "ContactMissing",
        "DataDirUnusable",
        "DatabaseFilled",
        "DatabaseMissing",
        "DatabaseUnreachable",
        "DeploymentInvalid",
        "ExportUnwritable",
        "FormatUnclear",
        "ImportUnreadable",
        "NotificationUnsent",
        "QueryEmpty",
        "SchemaOutdated",
        "SchemaUnknown",
        "SettingsInvalid",
        "SpanInvalid",
        "StoreUnusable",
        "UnknownSite",
        "VersionUnknown",
    }
)
"""Something is to be set right before anything is tried again: an address, a setting, a file."""

RUN_FAILURES = frozenset(
    {
        "BelowPromise",
        "CopyFailed",
        "CrawlFailed",
        "DatabaseDamaged",
        "DatabaseLost",
        "LeaseLost",
        "PageUnrecorded",
        "ReaderUnusable",
        "RecordUnknown",
        "RunInProgress",
        "RunTimedOut",
        "ServerMissing",
    }
)
"""What was asked for could not be done, or not to its end."""


def is_fact(error: BaseException | None) -> bool:
    """Whether its message is all that there is to say."""
    return type(error).__name__ in USAGE_FAILURES | RUN_FAILURES
