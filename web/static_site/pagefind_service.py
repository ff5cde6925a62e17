"""Talks to Pagefind's program, a request at a time.

Pagefind's own client for Python reads ten answers in a second, which takes hours for 100,000 articles.
"""

import base64
import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from schemas.failure import RunFailure

END = b","
"""After each request and each answer."""

READ_BYTES = 2**20
"""Read at a time, at most: an answer with the files of an index has some ten million."""


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
        self._process.kill()  # it writes no files
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
    while not answer.endswith(END):  # nothing follows it: no other request is under way
        part = os.read(receiver.fileno(), READ_BYTES)
        if not part:
            raise OSError("Pagefind ended")
        answer += part
    return bytes(answer.removesuffix(END))


def _need(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise OSError("there is no pipe")
    return stream
