"""Ends transactions that take too long: those of a reader, who must not occupy the database for as long as he likes."""

import math
import time
from typing import Any

from sqlalchemy import Connection

TIME_LIMIT = "broadsheet_time_limit"
"""Execution option: seconds after which statements are ended."""

PROGRESS_STEPS = 10_000
"""Steps of SQLite's virtual machine between two looks at the clock: about a millisecond."""


def limit_sqlite(connection: Connection) -> None:
    """Limit the time of the transaction that begins, or remove the limit of the connection's last one."""
    seconds = connection.get_execution_options().get(TIME_LIMIT)
    driver_connection: Any = connection.connection.driver_connection
    if seconds is None:
        driver_connection.set_progress_handler(None, 0)
        return
    deadline = time.monotonic() + seconds
    driver_connection.set_progress_handler(lambda: time.monotonic() > deadline, PROGRESS_STEPS)


def limit_postgresql(connection: Connection) -> None:
    """Limit the time of each statement of the transaction that begins. The limit ends with the transaction."""
    if seconds := connection.get_execution_options().get(TIME_LIMIT):
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {math.ceil(seconds * 1e3)}")
