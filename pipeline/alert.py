"""Sends notifications through the service at the URL in the settings. The URL is a secret."""

import logging
from typing import TYPE_CHECKING

from schemas.failure import UsageFailure
from schemas.masking import mask_secrets
from schemas.settings import Settings

if TYPE_CHECKING:
    from apprise import Apprise


class NotificationUnsent(UsageFailure):
    """A notification could not be sent; the message does not contain the URL."""


def send_message(settings: Settings, title: str, body: str) -> None:
    """Send a message to the service in the settings.

    Raises:
        NotificationUnsent: the service did not accept it, or the URL is invalid.
    """
    from apprise import NotifyFormat, NotifyType

    if not open_service(settings).notify(
        title=mask_secrets(title),
        body=mask_secrets(body),
        notify_type=NotifyType.FAILURE,
        body_format=NotifyFormat.TEXT,
    ):
        raise NotificationUnsent("the service of BROADSHEET_NOTIFY_URL did not accept the message")


def open_service(settings: Settings) -> "Apprise":
    """Return a client for the service in the settings.

    Raises:
        NotificationUnsent: Apprise does not understand the URL.
    """
    from apprise import Apprise

    # It logs failures with parts of the URL.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    service = Apprise()
    if not service.add(settings.notify_url.get_secret_value()):
        raise NotificationUnsent("BROADSHEET_NOTIFY_URL is not a URL that Apprise understands")
    return service


def is_alert_configured(settings: Settings) -> bool:
    """Return whether a service for notifications is set."""
    return bool(settings.notify_url.get_secret_value())
