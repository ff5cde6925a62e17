"""A store in memory that fails when it is told to: `faulty://`, for fsspec."""

from collections.abc import Callable
from typing import Any, ClassVar, Self

import fsspec
from fsspec.implementations.memory import MemoryFileSystem

URL = "faulty://archive"


class FaultyFileSystem(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Calls `before` with the name of each operation, a file's reads among them; that may raise."""

    protocol = "faulty"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    before: ClassVar[Callable[[str], None]] = lambda _: None

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.replace("faulty://", "memory://")))

    def ls(self, path: str, detail: bool = True, **options: Any) -> Any:  # noqa: FBT001, FBT002 - fsspec's own
        type(self).before("ls")
        return super().ls(path, detail=detail, **options)

    def info(self, path: str, **options: Any) -> Any:
        type(self).before("info")
        return super().info(path, **options)

    def put_file(self, lpath: str, rpath: str, **options: Any) -> None:
        type(self).before("put_file")
        super().put_file(lpath, rpath, **options)

    def pipe_file(self, path: str, value: bytes, **options: Any) -> None:
        type(self).before("pipe_file")
        super().pipe_file(path, value, **options)

    def cat_file(self, path: str, *bounds: int, **options: Any) -> Any:
        type(self).before("cat_file")
        return super().cat_file(path, *bounds, **options)

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        type(self).before("open")
        found = super().open(path, mode, **options)
        return _File(found.getvalue()) if mode == "rb" else found


class _File:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, len(self._data))[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        FaultyFileSystem.before("read")
        end = len(self._data) if size < 0 else self._at + size
        data = self._data[self._at : end]
        self._at += len(data)
        return data

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


fsspec.register_implementation("faulty", FaultyFileSystem, clobber=True)
