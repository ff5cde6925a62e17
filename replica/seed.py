"""The seed texts and what their pages need beside them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

SEEDS_DIR = Path(__file__).resolve().parent.parent / "seeds"


@dataclass(frozen=True)
class SeedPage:
    """What a seed's page needs beyond its text. Ids and days fit the publisher's sequence at that time."""

    name: str
    number: int
    published_at: datetime
    headline: str
    teaser: str | None = None
    """The teaser above the headline: `ad-free`, `support`, or none."""
    has_newsletter: bool = False
    has_donation: bool = True
    caption: str | None = None
    credit: str | None = None
    agencies: tuple[str, ...] = ()


SEED_PAGES = (
    SeedPage(
        "000_98b7d4558cb2de2a",
        15921,
        datetime(2012, 7, 19, 19, 5, tzinfo=UTC),
        "Russia and China Veto a Third UN Resolution on Syria",
    ),
    SeedPage(
        "001_de411161290c8784",
        12380,
        datetime(2012, 2, 3, 15, 40, tzinfo=UTC),
        "Putin Defends Syria Stance, But Calls for End to Violence",
        teaser="ad-free",
    ),
    SeedPage(
        "002_a9a384ffa0bbdb83",
        31874,
        datetime(2014, 2, 6, 16, 20, tzinfo=UTC),
        "Russia Opposes a Humanitarian Resolution on Syria",
        teaser="support",
        has_newsletter=True,
    ),
    SeedPage(
        "003_0bc1210c81a1c881",
        9803,
        # 21:30 UTC is the next day in Moscow, so the path has another date.
        datetime(2011, 9, 27, 21, 30, tzinfo=UTC),
        "U.S., Russia Disagree on Syria Strategy",
        teaser="ad-free",
        caption=(
            "Syrians stepping on a Russian flag at a rally Saturday in Amman "
            "against Russia’s backing of Syria’s regime."
        ),
        credit="Muhammad Hamed",
        agencies=("AP", "Reuters"),
    ),
    SeedPage(
        "004_5a03bb40cc777efc",
        55702,
        datetime(2016, 10, 16, 9, 15, tzinfo=UTC),
        "Putin Says France Lured Russia Into Its Veto on Aleppo",
        has_donation=False,
    ),
)


@cache
def read_expected(name: str) -> tuple[str, ...]:
    """Return the paragraphs of a seed's article from `seeds/expected/`, with plain spaces."""
    return tuple((SEEDS_DIR / "expected" / f"{name}.txt").read_text(encoding="utf-8").strip().split("\n\n"))


@cache
def read_raw(name: str) -> tuple[str, ...]:
    """Return the same paragraphs from the seed itself, with non-breaking spaces."""
    by_plain = {
        line.replace("\u00a0", " ").strip(): line.strip(" \t\r")
        for line in (SEEDS_DIR / f"{name}.txt").read_text(encoding="utf-8").split("\n")
    }
    return tuple(by_plain[paragraph] for paragraph in read_expected(name))
