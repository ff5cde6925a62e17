"""An archive whose ledger has every kind of reason, for the coverage pages: two publishers' months and sections."""

from datetime import UTC, datetime
from typing import Any

from schemas.outcome import Outcome
from schemas.report import KindReading, RunReport
from storage.engine import Database
from storage.ledger.outcome import store_outcomes
from storage.runs.run import close_run, open_run
from storage.schema.tables import RunStatus
from tests.storage.sample import (
    SITE,
    START,
    advertise,
    at,
    fail,
    forbid,
    identify,
    identify_url,
    miss,
    quarantine,
    read,
)

FAILURE = "TimeoutError: 60 s"
QUARANTINE = "body: empty"
RULE = "tag-page"


def list_outcomes(**planted: Any) -> list[Outcome]:
    """Return outcomes of nine advertised URLs: two stored (1, 2), one for each reason (3 to 8), one excluded."""
    excluded = identify_url("/tag/oil", rule=RULE)
    return [
        advertise(100, *(identify(number) for number in range(1, 9)), excluded),
        read(1, 1, **planted),
        read(2, 2, published_at=datetime(2025, 12, 31, 22, tzinfo=UTC), section="business"),
        quarantine(3, 3, planted.get("headline", QUARANTINE)),
        fail(4, error=planted.get("headline", FAILURE)),
        forbid(5),
        miss(6, 6),
        miss(7, 7),
        miss(8, 7, hours=200),
    ]


def record_run(database: Database, hours: float, *, status: RunStatus = RunStatus.COMPLETED, **special: Any) -> str:
    """Record a run of half an hour; return its id."""
    with database.begin() as session:
        run_id = open_run(session, kind="ingest", site=SITE, started_at=at(hours), parameters={"limit": 3})
        given: dict[str, Any] = {
            "run_id": run_id,
            "kind": "ingest",
            "site": SITE,
            "started_at": at(hours),
            "ended_at": at(hours + 0.5),
            "outcomes": {"stored": 2, "quarantined": 1},
            "advertised_count": 9,
            "advertised_new_count": 9,
            "request_count": 12,
            "page_count": 8,
            "ledger": {"stored": 2},
            "reading": {"article": KindReading(page_count=2, sources={"headline": {"json-ld": 1, "missing": 1}})},
        }
        report = RunReport(**(given | special))
        close_run(session, run_id, status=status, ended_at=at(hours + 0.5), report=report)
    return run_id


def fill(database: Database, **planted: Any) -> None:
    """Store the outcomes; `planted` differs from the defaults of the first article, its headline also in reasons."""
    with database.begin() as session:
        store_outcomes(session, list_outcomes(**planted), run_id=None, now=START)
