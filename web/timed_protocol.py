"""HTTP connections with a time limit for each request, so that half-open ones do not keep others out."""

from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 20.0
"""Seconds for a complete request, from the connection or its first byte: far more than the slowest network takes."""


class TimedProtocol(H11Protocol):
    """Closes a connection that sends no complete request in time. uvicorn only limits the time between requests."""

    _timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read what came; go on waiting if it is not a whole request."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._end_wait()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._end_wait()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait no longer for what was answered: from here on, uvicorn's own limit counts."""
        self._end_wait()
        super().on_response_complete()

    def _wait(self) -> None:
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _end_wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
