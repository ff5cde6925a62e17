"""Limits how many requests a client may make to the API: as many as a minute allows, refilled steadily."""

import math
import threading
import time
from typing import NamedTuple

from fastapi import HTTPException, Request

MAX_CLIENTS = 10_000
"""Clients remembered. When there are more, those whose allowance is full again are forgotten."""

MINUTE_SECONDS = 60


class Allowance(NamedTuple):
    """What a client had left at some time."""

    left: float
    at: float


class RateLimit:
    """The allowances of all clients, by their IP addresses."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._lock = threading.Lock()
        self._allowances: dict[str, Allowance] = {}

    def find_wait(self, client: str, now: float) -> float:
        """Count a request, and return 0; if there were too many, return the seconds until the next is allowed."""
        if not self._per_minute:
            return 0
        with self._lock:
            left = self._refill(self._allowances.get(client), now)
            if left < 1:
                return (1 - left) * MINUTE_SECONDS / self._per_minute
            self._allowances[client] = Allowance(left - 1, now)
            if len(self._allowances) > MAX_CLIENTS:
                self._forget(now)
        return 0

    def _refill(self, allowance: Allowance | None, now: float) -> float:
        if allowance is None:
            return self._per_minute
        return min(self._per_minute, allowance.left + (now - allowance.at) * self._per_minute / MINUTE_SECONDS)

    def _forget(self, now: float) -> None:
        kept = {name: one for name, one in self._allowances.items() if self._refill(one, now) < self._per_minute}
        self._allowances = kept if len(kept) <= MAX_CLIENTS else {}


def check_rate(request: Request) -> None:
    """Count a request of the API.

    Raises:
        HTTPException: its client makes too many.
    """
    limit: RateLimit = request.app.state.context.rate_limit
    wait_seconds = limit.find_wait(request.client.host if request.client else "", time.monotonic())
    if wait_seconds:
        headers = {"Retry-After": str(math.ceil(wait_seconds))}
        raise HTTPException(429, "There were too many requests: wait before the next one.", headers)
