"""Keeps counts that take long, for as long as they are new enough."""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from schemas.failure import Failure

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

MIN_AGE_SECONDS = 2
AGE_FACTOR = 30
"""How many times as long as it took to count it a value is used: counting costs a thirtieth of a core at most."""


class Kept(NamedTuple):
    """A value, and when it was counted."""

    value: Any
    at: datetime
    stale_at: float
    state: Hashable

    def is_usable(self, state: Hashable) -> bool:
        """Whether it is new enough, and of this state."""
        return self.state == state and time.monotonic() <= self.stale_at


class Keeper:
    """The values, by name. One of another state than is asked for is never returned, however new it is."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Kept] = {}
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, name: Hashable, count: Callable[[], Value], state: Hashable = None) -> Value:
        """Return the value of this name; an old one is counted anew first."""
        kept = self._kept.get(name)
        if kept is None or not kept.is_usable(state):
            with self._lock_of(name):
                kept = self._kept.get(name)
                if kept is None or not kept.is_usable(state):
                    kept = self._count(name, count, state)
        value: Value = kept.value
        return value

    def get_soon(self, name: Hashable, count: Callable[[], Value], state: Hashable = None) -> tuple[Value, datetime]:
        """Return the value of this name, and when it was counted; an old one is counted anew meanwhile."""
        kept = self._kept.get(name)
        if kept is None or kept.state != state:
            self.get(name, count, state)
            kept = self._kept[name]
        elif not kept.is_usable(state) and self._lock_of(name).acquire(blocking=False):
            threading.Thread(target=self._refresh, args=(name, count, state), name=f"count {name}", daemon=True).start()
        return kept.value, kept.at

    def _refresh(self, name: Hashable, count: Callable[[], Value], state: Hashable) -> None:
        try:
            self._count(name, count, state)
        except Failure as error:  # the old value serves until the next request tries again
            logger.warning("%s cannot be counted: %s", name, error)
        finally:
            self._lock_of(name).release()

    def _count(self, name: Hashable, count: Callable[[], Value], state: Hashable) -> Kept:
        started, at = time.monotonic(), datetime.now(UTC)
        value = count()
        ended = time.monotonic()
        kept = Kept(value, at, ended + max(MIN_AGE_SECONDS, AGE_FACTOR * (ended - started)), state)
        self._kept[name] = kept
        return kept

    def _lock_of(self, name: Hashable) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(name, threading.Lock())
