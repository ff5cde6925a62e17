"""Talks to Pagefind's program, a request at a time.

Pagefind's own client for Python reads ten answers in a second, which takes hours for 100,000 articles.
"""

import base64
import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from schemas.failure import RunFailure

END = b","
"""After each request and each answer."""


class IndexingStopped(RunFailure):
    """Pagefind's program reported an error, or ended."""


class PagefindService:
    """Pagefind's program, running; it ends with this process, when its standard input is closed."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the program of a package that is installed
            [program, "--service"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        self._process.kill()  # all that it should write is written
        for one in (self._process.stdin, self._process.stdout):
            if one is not None and kind is None:
                one.close()
        self._process.wait()

    def request(self, kind: str, **values: object) -> dict[str, Any]:
        """Send a request, and return the answer.

        Raises:
            IndexingStopped: it is an error, or there is none.
        """
        message = {"message_id": 1, "payload": {"type": kind, **values}}
        try:
            sender, receiver = _need(self._process.stdin), _need(self._process.stdout)
            sender.write(base64.b64encode(json.dumps(message).encode()) + END)
            sender.flush()
            payload: dict[str, Any] = json.loads(base64.b64decode(_read_answer(receiver)))["payload"]
        except (OSError, ValueError) as error:
            raise IndexingStopped(f"the index of the search could not be made: {error}") from None
        if payload["type"] == "Error":
            raise IndexingStopped(f"the index of the search could not be made: {payload.get('message')}")
        return payload


def _read_answer(receiver: IO[bytes]) -> bytes:
    answer = bytearray()
    while (letter := receiver.read(1)) != END:
        if not letter:
            raise OSError("Pagefind ended")
        answer += letter
    return bytes(answer)


def _need(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise OSError("there is no pipe")
    return stream
