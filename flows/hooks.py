"""Tells a person that a run failed or crashed. Called by Prefect once a run, at its end; it never touches the run."""

import logging
from contextlib import suppress
from typing import Any

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow
from prefect.settings import PREFECT_UI_URL

from pipeline.alert import NotificationUnsent, is_alert_configured, send_message
from schemas.settings import SettingsInvalid, load_settings

logger = logging.getLogger(__name__)

SAID_CHARS = 1_500
"""Of what went wrong: Slack and Telegram cut at 3,000 and more, and nobody reads as much on a phone."""


def notify(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """The hook of a flow that failed or crashed. Without a URL, nobody is told."""
    try:
        settings = load_settings()
        if is_alert_configured(settings):
            send_message(settings, *render_message(flow.name, flow_run, state))
    except (NotificationUnsent, SettingsInvalid) as error:
        logger.warning("nobody was told of the run: %s", error)


def render_message(flow_name: str, flow_run: FlowRun, state: State[Any]) -> tuple[str, str]:
    """A title, and what happened with where to look."""
    how = "crashed" if state.is_crashed() else "failed"
    said = (state.message or "no reason was given").strip()
    said = said if len(said) <= SAID_CHARS else f"{said[:SAID_CHARS]}…"
    return f"broadsheet: {flow_name} {how}", f"{_read_name(flow_run)}: {said}\n\n{_where_to_look(flow_run)}"


def _read_name(flow_run: FlowRun) -> str:
    """What its flow named it: of a process that was killed, the caller knows what it was called before."""
    with suppress(httpx.HTTPError, ObjectNotFound), get_client(sync_client=True) as client:
        return client.read_flow_run(flow_run.id).name
    return flow_run.name


def _where_to_look(flow_run: FlowRun) -> str:
    page = PREFECT_UI_URL.value()
    link = f"{page}/runs/flow-run/{flow_run.id}" if page else f"flow run {flow_run.id}"
    return f"Look at: {link}, and `broadsheet status`. What each alarm means: docs/operations.md"
