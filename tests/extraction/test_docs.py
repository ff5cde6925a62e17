"""The documentation of extraction lists all reasons and flags."""

import re
from pathlib import Path

import pytest

from schemas.flag import FLAG_MEANINGS
from schemas.table import TIME_UNKNOWN

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")
CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in (*sorted((ROOT / "extraction").glob("*.py")), ROOT / "sites" / "structure.py")
)
REASONS = sorted(set(re.findall(r'reason="([a-z0-9-]+)"', CODE)))
FLAGS = sorted(
    {
        *re.findall(r'flags\.add\("([a-z-]+)"\)', CODE),
        *re.findall(r'"([a-z]+-(?:missing|overgrown|cut|empty))"', CODE),
        *(f"trafilatura-{name}-paragraph" for name in ("lost", "added", "glued", "parted", "moved", "changed")),
        *re.findall(r'\{"([a-z]+(?:-[a-z]+)+)"\}', CODE),
        TIME_UNKNOWN,
        *(f"{name}-at-{how}" for name in ("published", "modified") for how in ("day-only", "without-offset")),
    }
)


@pytest.mark.parametrize("name", REASONS + FLAGS)
def test_every_reason_and_flag_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCUMENT


def test_no_unknown_reason_or_flag_is_documented() -> None:
    tables = DOCUMENT[DOCUMENT.index("## Flags") : DOCUMENT.index("## Test pages")]
    assert set(re.findall(r"`([a-z]+-[a-z0-9-]+)`", tables)) <= {*REASONS, *FLAGS}
    assert len(REASONS) >= 8


def test_every_flag_has_words_for_readers() -> None:
    assert set(FLAG_MEANINGS) == {*FLAGS, "removed"}
