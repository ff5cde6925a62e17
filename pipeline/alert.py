"""A message to a person, by the one URL of the settings, whatever service that is. The URL is a secret."""

import logging
from typing import TYPE_CHECKING

from schemas.failure import UsageFailure
from schemas.masking import mask_secrets
from schemas.settings import Settings

if TYPE_CHECKING:
    from apprise import Apprise


class NotificationUnsent(UsageFailure):
    """Whoever should be told was not; the URL is not in the message."""


def send_message(settings: Settings, title: str, body: str) -> None:
    """Hand a message to the service of the settings.

    Raises:
        NotificationUnsent: it was not taken, or the URL is none.
    """
    from apprise import NotifyFormat, NotifyType

    if not open_service(settings).notify(
        title=mask_secrets(title),
        body=mask_secrets(body),
        notify_type=NotifyType.FAILURE,
        body_format=NotifyFormat.TEXT,
    ):
        raise NotificationUnsent("the service of BROADSHEET_NOTIFY_URL did not take the message")


def open_service(settings: Settings) -> "Apprise":
    """What speaks to the service of the settings.

    Raises:
        NotificationUnsent: the URL is none that Apprise understands.
    """
    from apprise import Apprise

    # It tells of its failures with parts of the URL.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    service = Apprise()
    if not service.add(settings.notify_url.get_secret_value()):
        raise NotificationUnsent("BROADSHEET_NOTIFY_URL is no URL that Apprise understands")
    return service


def is_wanted(settings: Settings) -> bool:
    """Whether anybody is to be told."""
    return bool(settings.notify_url.get_secret_value())
