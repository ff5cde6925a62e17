"""A failed run is notified once; a notification that fails does not affect the run; the URL stays secret."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

from flows.concurrency import exclusive_crawl
from flows.final_state import read_report
from flows.hooks import notify
from flows.ingest import ingest
from pipeline.alert import NotificationUnsent, open_service
from pipeline.archive import RunInProgress
from pipeline.integrity.doctor import check_alarm, list_settings
from schemas.report import RunReport
from schemas.settings import Settings, load_settings
from tests.pipeline.webhook import Webhook, receiving

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
def webhook(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """Run a receiver, with the settings for it and the replica in the environment, where flows read them."""
    monkeypatch.setenv("BROADSHEET_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("BROADSHEET_CONTACT", settings.contact)
    monkeypatch.setenv("BROADSHEET_DELAY_SECONDS", "0")
    monkeypatch.setenv("BROADSHEET_ORIGINS", json.dumps(settings.origins))
    with receiving() as hook:
        monkeypatch.setenv("BROADSHEET_NOTIFY_URL", hook.url)
        yield hook


def test_a_run_below_its_floor_is_notified_once_with_the_reason_and_where_to_look(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BROADSHEET_FLOORS", '{"completeness": 1.0}')
    assert ingest("moscow-times", "feeds", 1, return_state=True).type is StateType.FAILED
    told = webhook.received.get_nowait()
    assert told["title"] == "broadsheet: ingest failed"
    assert "completeness" in told["message"]
    assert "broadsheet status" in told["message"]
    assert webhook.received.empty()
    assert Webhook.SECRET not in caplog.text


def test_successful_and_skipped_runs_are_not_notified(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ingest("moscow-times", "feeds", 0, return_state=True).type is StateType.COMPLETED
    monkeypatch.setattr("flows.ingest.exclusive_crawl", lambda site: exclusive_crawl(site, 1))
    with exclusive_crawl("moscow-times"):
        state = ingest("moscow-times", "feeds", 0, return_state=True)
    assert (state.type, state.name) == (StateType.COMPLETED, "Skipped")
    assert str(state.message).startswith("another run crawls moscow-times")
    with pytest.raises(RunInProgress, match="another run crawls moscow-times"):
        read_report(state, RunReport)
    assert webhook.received.empty()


def test_a_notification_that_cannot_be_sent_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BROADSHEET_NOTIFY_URL", f"json://127.0.0.1:1/{Webhook.SECRET}")
    notify(ingest, FlowRun(flow_id=uuid4(), name="a run"), Crashed(message="the power went"))
    assert "no notification was sent" in caplog.text
    assert Webhook.SECRET not in caplog.text


def test_an_invalid_url_is_rejected_without_being_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROADSHEET_NOTIFY_URL", f"carrier-pigeon://{Webhook.SECRET}")
    settings = load_settings()
    assert Webhook.SECRET not in repr(settings)
    assert Webhook.SECRET not in str([*list_settings(settings), check_alarm(settings)])
    with pytest.raises(NotificationUnsent) as refused:
        open_service(settings)
    assert Webhook.SECRET not in str(refused.value)
