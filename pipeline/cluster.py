"""Runs a function on the workers of a Dask cluster, with the results in the order of the items.

The cluster is the user's own: `dask scheduler`, and `dask worker` wherever Broadsheet is installed. Workers and the
scheduler may be killed at any time: what they had not returned is computed again.
"""

import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from itertools import islice, takewhile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar
from urllib.parse import urlsplit

from schemas.failure import RunFailure, UsageFailure

if TYPE_CHECKING:
    from distributed import Client, Future

logger = logging.getLogger(__name__)

SCHEMES = {"dask": "tcp", "dask+tls": "tls"}
"""Scheme of our URLs -> Dask's."""

DEFAULT_PORT = 8786

ITEMS_AHEAD = 8
"""Items per worker that are under way at a time: enough that no worker waits for a slow one, few enough that their
results fit in memory."""

FETCH_COUNT = 16
"""Results fetched at a time, if they are there: each takes some round trips to the scheduler and to its worker."""

CONNECT_SECONDS = 60.0
"""Seconds to wait for a scheduler, and for the first worker: both may just have been started."""

SILENT_SECONDS = 5.0
"""Seconds after which such a wait is logged."""

PATIENCE_SECONDS = 300.0
"""Seconds to wait for a lost scheduler, or for any worker, before giving up: long enough for a restart."""

HEARTBEAT_SECONDS = 15.0

COUNT_SECONDS = 2.0
"""Seconds for which the number of workers is taken for the same: asking the scheduler for each item would cost as much
as sending it."""

TRIES = 10
"""Attempts at an item whose workers die: an item that kills each of them must not be retried forever."""

PACKAGE = "broadsheet"

DESERIALIZATION = "Error during deserialization"
"""How Dask's message begins when the scheduler cannot load what it is sent."""

OTHER_CODE = (
    "its scheduler has other code than this machine: bring it up to date, and start the scheduler and the workers again"
)

READING_ROOMS = ("boilerplate", "extraction", "pipeline", "schemas", "sites", "storage")
READING_PACKAGES = ("trafilatura", "lxml", "htmldate", "courlan", "w3lib", "pydantic", "dask", "distributed")

Item = TypeVar("Item")
Result = TypeVar("Result")


class ClusterUnusable(UsageFailure):
    """There is no cluster to be used under this URL, or its workers have another version."""


class ClusterLost(RunFailure):
    """The cluster did not come back."""


class Installation(NamedTuple):
    """What decides how a page is read on a machine."""

    version: str
    rules: str
    """Digest of the rules: of our own code, of the user's profiles and of the versions of libraries."""


@cache
def describe_installation(sites_dir: Path | None) -> Installation:
    """Describe this machine's installation, with the profiles of the user's own folder."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    folders = [*(root / name for name in READING_ROOMS), *([sites_dir] if sites_dir else [])]
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder.parent if folder.parent == root else folder)}\0".encode())
            digest.update(path.read_bytes())
    for name in READING_PACKAGES:
        digest.update(f"{name} {version(name)}\n".encode())
    return Installation(version("broadsheet"), digest.hexdigest())


class Cluster:
    """A connection to a Dask cluster. It connects anew to a scheduler that was restarted."""

    def __init__(self, url: str, send_heartbeat: Callable[[], None]) -> None:
        self._url = url
        self._address = find_address(url)
        self._send_heartbeat = send_heartbeat
        self._client = _connect(self._address, url)
        self._counted_at, self._count = -COUNT_SECONDS, 0
        self._threads = ThreadPoolExecutor(FETCH_COUNT, "cluster")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget what is under way, and disconnect. The cluster stays."""
        self._disconnect()
        self._threads.shutdown(cancel_futures=True)

    def _disconnect(self) -> None:
        with suppress(Exception):  # a scheduler that is gone
            self._client.close(timeout=5)

    def count_workers(self) -> int:
        """Return how many items the workers can compute at a time."""
        with suppress(OSError, ValueError):  # while the scheduler is gone
            return sum(self._client.nthreads().values())
        return 0

    def _count_lately(self) -> int:
        """Return how many items the workers could compute at a time, at most `COUNT_SECONDS` ago."""
        if (at := time.monotonic()) - self._counted_at > COUNT_SECONDS:
            self._counted_at, self._count = at, self.count_workers()
        return self._count

    def wait_for_workers(self) -> int:
        """Wait until there is a worker; return how many items they compute at a time.

        Raises:
            ClusterUnusable: none comes.
        """
        began_at, is_logged = time.monotonic(), False
        while not (count := self.count_workers()):
            waited = time.monotonic() - began_at
            if waited > CONNECT_SECONDS:
                raise ClusterUnusable(f"{self._url} has no worker: start one with `dask worker {self._address}`")
            if waited > SILENT_SECONDS and not is_logged:
                logger.warning("%s has no worker yet: waiting for up to %.0f s", self._url, CONNECT_SECONDS)
                is_logged = True
            time.sleep(0.2)
        return count

    def audit_versions(self) -> None:
        """Check that the scheduler and the workers have this version of Broadsheet.

        Dask loads what it is sent, and a worker that cannot ends: it would seem to have been killed.

        Raises:
            ClusterUnusable: one has another, or none.
        """
        own = version(PACKAGE)
        found: dict[str, object] = {}
        with suppress(OSError, ValueError, CancelledError):  # one that is gone by now
            for address, other in self._client.run(version, PACKAGE, on_error="return").items():
                found[f"worker {address}"] = other
            try:
                found["scheduler"] = self._client.run_on_scheduler(version, PACKAGE)
            except PackageNotFoundError as error:
                found["scheduler"] = error
        for name, other in found.items():
            if isinstance(other, PackageNotFoundError):
                raise ClusterUnusable(f"{self._url}: Broadsheet is not installed for its {name}")
            if isinstance(other, str) and other != own:
                raise ClusterUnusable(f"{self._url}: its {name} has Broadsheet {other}, and this machine {own}")

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the function's result for each item, in order. The items are consumed as they are needed.

        Raises:
            ClusterLost: an item ended each worker that computed it, or for minutes there was no scheduler or worker.
            ClusterUnusable: the scheduler has other code than this machine.
            Whatever the function raises.
        """
        waiting = iter(items)
        under_way: deque[_Task] = deque()
        is_more = True
        while is_more or under_way:
            while is_more and len(under_way) < ITEMS_AHEAD * max(1, self._count_lately()):
                if is_more := (item := next(waiting, None)) is not None:
                    under_way.append(_Task(item, self._submit(function, item)))
            if under_way:
                results = self._wait_for(function, under_way)
                for _ in results:
                    under_way.popleft()
                yield from results

    def _submit(self, function: Callable[[Item], Result], item: Item) -> "Future | None":
        """Send an item; return None if there is no scheduler now."""
        from distributed.client import ClosedClientError

        with suppress(ClosedClientError):
            return self._client.submit(function, item, pure=False)
        return None

    def _wait_for(self, function: Callable[[Any], Any], under_way: "deque[_Task]") -> list[Any]:
        """Return the result of the first task, however often it has to be computed, and of those after it so far."""
        from distributed import KilledWorker

        task, alone_since = under_way[0], None
        while True:
            future: Any = task.future
            match self._wait_a_while(future):
                case "finished":
                    if results := self._fetch(under_way):
                        return results
                case "error" if not isinstance(error := future.exception(), KilledWorker):
                    if DESERIALIZATION in str(error):
                        raise ClusterUnusable(f"{self._url}: {OTHER_CODE}") from error
                    raise error
                case "error":
                    self._try_again(function, task)
                case "cancelled" | "lost":
                    self._reconnect()
                    for one in under_way:
                        one.future = self._submit(function, one.item)
            self._send_heartbeat()
            alone_since = None if self._count_lately() else alone_since or time.monotonic()
            if alone_since and time.monotonic() - alone_since > PATIENCE_SECONDS:
                raise ClusterLost(f"{self._url} has had no worker for {PATIENCE_SECONDS:.0f} s")

    def _fetch(self, under_way: "deque[_Task]") -> list[Any]:
        """Return the results of the first tasks, up to one that is not finished or whose result was lost."""
        from distributed import KilledWorker

        ready = [one.future for one in takewhile(_Task.is_finished, islice(under_way, FETCH_COUNT))]
        results: list[Any] = []
        with suppress(OSError, CancelledError, KilledWorker):  # its workers, or the scheduler, are gone meanwhile
            for fetching in [self._threads.submit(_fetch_result, one) for one in ready]:
                results.append(fetching.result())  # noqa: PERF401 - those before one that is lost count
        return results

    def _wait_a_while(self, future: "Future | None") -> str:
        """Wait for a task, but no longer than until the next heartbeat; return its status."""
        from distributed import wait

        if future is None:
            return "lost"
        with self._client.as_current(), suppress(TimeoutError, CancelledError):
            wait([future], timeout=HEARTBEAT_SECONDS)
        return str(future.status) if self._client.status == "running" else "lost"

    def _try_again(self, function: Callable[[Any], Any], task: "_Task") -> None:
        task.tries += 1
        if task.tries >= TRIES:
            raise ClusterLost(f"{self._url}: {task.item} ended every worker that was given it")
        logger.warning("workers ended while they computed %s: it is computed again", task.item)
        task.future = self._submit(function, task.item)

    def _reconnect(self) -> None:
        logger.warning("%s was lost; what it had not returned is computed again", self._url)
        deadline = time.monotonic() + PATIENCE_SECONDS
        self._disconnect()
        while True:
            self._send_heartbeat()
            try:
                self._client = _connect(self._address, self._url)
            except ClusterUnusable:
                if time.monotonic() > deadline:
                    raise ClusterLost(f"{self._url} did not come back within {PATIENCE_SECONDS:.0f} s") from None
            else:
                return


class _Task:
    def __init__(self, item: Any, future: "Future | None") -> None:
        self.item = item
        self.future = future
        self.tries = 0

    def is_finished(self) -> bool:
        return self.future is not None and bool(self.future.status == "finished")


def _fetch_result(future: Any) -> Any:
    return future.result(timeout=CONNECT_SECONDS)


def find_address(url: str) -> str:
    """Return Dask's own address of a scheduler: `tcp://HOST:8786` for `dask://HOST`.

    Raises:
        ClusterUnusable: it is no URL of a scheduler.
    """
    parts = urlsplit(url)
    try:
        port = DEFAULT_PORT if parts.port is None else parts.port
    except ValueError:
        port = 0
    # What Dask would not use (a password, a query) is refused, not dropped.
    is_more = "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in SCHEMES or not parts.hostname or not port or is_more:
        raise ClusterUnusable(f"{url!r} names no cluster: write dask://HOST:{DEFAULT_PORT} (or dask+tls://)")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{SCHEMES[parts.scheme]}://{host}:{port}"


def _connect(address: str, url: str) -> "Client":
    try:
        from distributed import Client
    except ImportError:
        raise ClusterUnusable(f"{url} needs Dask: pip install 'broadsheet[cluster]'") from None
    # It logs a lost scheduler with its stack; that it was lost, and what follows, is said here.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    # Not the default client of this process: that would be found by whatever else uses Dask.
    connect = partial(Client, address, set_as_default=False, name="broadsheet")
    try:
        try:
            return connect(timeout=SILENT_SECONDS)
        except OSError:
            logger.warning("no Dask scheduler responds at %s yet: waiting for up to %.0f s", url, CONNECT_SECONDS)
            return connect(timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ClusterUnusable(f"no Dask scheduler responds at {url}: {reason}") from None


@contextmanager
def using(url: str, send_heartbeat: Callable[[], None]) -> Iterator[Cluster]:
    """Within the block, use the cluster under this URL."""
    with Cluster(url, send_heartbeat) as cluster:
        cluster.wait_for_workers()
        cluster.audit_versions()
        yield cluster
