"""The hook that notifies people of a failed or crashed run. Prefect calls it once, after the run."""

import logging
from contextlib import suppress
from typing import Any

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow
from prefect.settings import PREFECT_UI_URL

from flows.final_state import DEGRADED
from pipeline.alert import NotificationUnsent, is_alert_configured, send_message
from schemas.settings import SettingsInvalid, load_settings

logger = logging.getLogger(__name__)

REASON_CHARS = 1_500
"""Limit of the reason, to read on a phone; Slack and Telegram cut messages at 3,000 characters or more."""


def notify(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Send a message about a run that failed or crashed, if a notification URL is set."""
    try:
        settings = load_settings()
        if is_alert_configured(settings):
            send_message(settings, *render_message(flow.name, flow_run, state))
    except (NotificationUnsent, SettingsInvalid) as error:
        logger.warning("no notification was sent: %s", error)


def render_message(flow_name: str, flow_run: FlowRun, state: State[Any]) -> tuple[str, str]:
    """Return the title and the text of the message: what happened, and where to look."""
    outcome = "crashed" if state.is_crashed() else "degraded" if state.name == DEGRADED else "failed"
    reason = (state.message or "no reason was given").strip()
    reason = reason if len(reason) <= REASON_CHARS else f"{reason[:REASON_CHARS]}…"
    return f"broadsheet: {flow_name} {outcome}", f"{_fetch_run_name(flow_run)}: {reason}\n\n{_describe_links(flow_run)}"


def _fetch_run_name(flow_run: FlowRun) -> str:
    """Return the run's name from the server: after a kill, `flow_run` still has the one from before the flow set it."""
    with suppress(httpx.HTTPError, ObjectNotFound), get_client(sync_client=True) as client:
        return client.read_flow_run(flow_run.id).name
    return flow_run.name


def _describe_links(flow_run: FlowRun) -> str:
    page = PREFECT_UI_URL.value()
    link = f"{page}/runs/flow-run/{flow_run.id}" if page else f"flow run {flow_run.id}"
    return f"See {link} and `broadsheet status`. What each alarm means: docs/operations.md"
