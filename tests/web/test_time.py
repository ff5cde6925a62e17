"""Times on pages: the publisher's own, with UTC beside it."""

from datetime import UTC, datetime

import pytest

from web.page import format_time

LATE = datetime(2024, 5, 7, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("site", "offset", "shown"),
    [
        ("meduza", "+09:00", "7 May 2024, 19:30 EEST (16:30 UTC)"),
        ("generic", "+09:00", "8 May 2024, 01:30 UTC+09:00 (2024-05-07 16:30 UTC)"),
        ("generic", None, "7 May 2024, 16:30 UTC"),
    ],
)
def test_a_time_is_shown_in_the_publishers_zone_or_at_the_pages_offset(
    site: str, offset: str | None, shown: str
) -> None:
    assert format_time(LATE, site, offset) == shown
