"""What the rules of politeness rest on, that needs no crawl to be seen."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy.settings import default_settings

from spiders import settings
from spiders.politeness import read_retry_after
from spiders.redirect import is_same_publisher
from spiders.settings import derive_settings
from tests.spiders.child import make_crawl

NOW = datetime(2024, 6, 3, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120),
        (b" 0 ", 0),
        (b"Mon, 03 Jun 2024 12:01:30 GMT", 90),
        (b"Mon, 03 Jun 2024 15:01:30 +0300", 90),
        (b"Mon, 03 Jun 2024 12:00:10", 10),
        (b"Mon, 03 Jun 2024 11:00:00 GMT", 0),
        (b"soon", None),
        (b"-5", None),
        (b"\xff\xfe", None),
        (b"", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: bytes, seconds: float | None) -> None:
    assert read_retry_after({"Retry-After": value}, NOW) == seconds


def test_no_retry_after_asks_for_nothing() -> None:
    assert read_retry_after({}, NOW) is None


@pytest.mark.parametrize(
    ("site", "target", "is_same"),
    [
        ("moscow-times", "https://static.themoscowtimes.com/a", True),
        ("moscow-times", "https://ru.themoscowtimes.com/a", True),
        ("moscow-times", "https://www.themoscowtimes.com.example.org/a", False),
        ("moscow-times", "https://example.org/www.themoscowtimes.com", False),
        ("generic", "https://www.themoscowtimes.com/a", True),
        ("generic", "https://themoscowtimes.com/a", True),
        ("generic", "https://example.org/", False),
    ],
)
def test_a_redirect_stays_with_its_publisher(site: str, target: str, is_same: bool) -> None:  # noqa: FBT001
    assert is_same_publisher(site, "https://www.themoscowtimes.com/b", target) is is_same


def test_every_setting_is_one_that_scrapy_knows(tmp_path: Path) -> None:
    own = {"TRUSTED_HOSTS"}
    named = {name for name in vars(settings) if name.isupper()} - {"WAITING_REQUESTS", "WARN_SHARE"}
    derived = set(derive_settings(make_crawl(tmp_path).job))
    assert (named | derived) - own - set(default_settings.__all__) == set()
