"""Loading that outlasts what passes: a locked database, a full disk that is just being emptied."""

import logging
import time
from collections.abc import Sequence

from flows.archive import Archive
from flows.load import Batch, load_batch
from storage.database import DatabaseDamaged
from storage.warc.capture import NotAWarc
from storage.warc.remote import StoreUnreachable

logger = logging.getLogger(__name__)

WAITS_SECONDS = (1.0, 10.0, 50.0)
"""Between the tries: a minute in all."""


def load_patiently(archive: Archive, run_id: str, name: str, waits: Sequence[float] = WAITS_SECONDS) -> Batch:
    """As `load_batch`, which does nothing twice: whatever interrupted it, it may be tried again.

    Not as a task of Prefect's: a run's calls to the server would grow with its pages.

    Raises:
        NotAWarc: the file is none, and stays none.
        DatabaseDamaged: and stays so.
        StoreUnreachable: it was asked several times already, and the next run asks again.
        And what the last try raises.
    """
    for seconds in waits:
        try:
            return load_batch(archive, run_id, name)
        except (DatabaseDamaged, NotAWarc, StoreUnreachable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is may pass
            logger.warning("%s could not be loaded, tried again in %g s: %s", name, seconds, error)
            time.sleep(seconds)
    return load_batch(archive, run_id, name)
