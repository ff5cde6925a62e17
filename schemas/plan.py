"""What an archive of some size costs: time, disk and memory, step by step."""

from schemas.model import Count, NonEmpty, Record


class PlannedStep(Record):
    """What a step costs for all articles."""

    name: NonEmpty
    request_count: Count
    """Requests to the publisher."""
    seconds: float
    """From its begin to its end: processor time on as many cores as it uses, or the delays between its requests."""
    processor_seconds: float
    disk_bytes: Count
    """What stays on the disk."""
    memory_bytes: Count
    """Of all its processes together, at most; 0 if it was not measured by itself."""
    source: NonEmpty
    """What measured it."""


class Plan(Record):
    """What an archive costs on one machine."""

    article_count: Count
    database: NonEmpty
    core_count: int
    memory_bytes: Count
    """Of the machine."""
    delay_seconds: float
    page_bytes: Count
    """Of a page in a WARC file, compressed."""
    build: tuple[PlannedStep, ...]
    """What is needed to have the archive."""
    use: tuple[PlannedStep, ...]
    """What can be made of it, each by itself; the disk of these is beside the archive's."""
    disk_bytes: Count
    """The archive's: of all that is needed to have it."""
    seconds: float
    """Until it is complete: requests and processors work at the same time."""
    limits: tuple[NonEmpty, ...]
    """Where one machine ends, and what to add first; empty if one is enough."""
