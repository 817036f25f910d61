"""Stores instance snapshots in any storage that fsspec supports, such as an object store."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, final

import fsspec
from typing_extensions import override

from adapters.io.temporary_names import has_writer, is_temporary, temporary_name
from application.interfaces.snapshot_store import LeftoverRemover, SnapshotStore
from domain.checkpointing.instance_snapshot import snapshot_name
from domain.identity import Reference


@final
class FsspecSnapshotStore(SnapshotStore, LeftoverRemover):
    """Keeps each snapshot as an object `<instance>_<number>.pack`, whose URL is its location.

    A snapshot is written under a temporary name and renamed once its size has been checked. How
    durable it is then depends on the storage.

    Args:
        url: Where new snapshots go, such as `s3://bucket/run_1`.
        is_confined: Whether to load, secure and remove only objects below the URL, since the
            locations come from another program.
        options: Options for fsspec, such as credentials.

    Raises:
        OSError: If the storage cannot be reached, or fsspec does not support it.
    """

    def __init__(self, url: str, *, is_confined: bool = False, **options: object) -> None:
        self._is_confined = is_confined
        with _mapped_errors(url):
            self._files, self._root = fsspec.core.url_to_fs(url, **options)

    @override
    def store(self, instance: Reference, number: int, data: bytes) -> str:
        name = snapshot_name(instance, number)
        path = f"{self._root}/{name}"
        temporary = f"{self._root}/{temporary_name(name)}"
        with _mapped_errors(path):
            try:
                self._write_somewhere_new(temporary, data)
                self._files.mv(temporary, path)
            except BaseException:
                with suppress(Exception):
                    self._files.rm_file(temporary)
                raise
        return str(self._files.unstrip_protocol(path))

    @override
    def load(self, location: str) -> bytes:
        with _mapped_errors(location):
            return bytes(self._files.cat_file(self._path(location)))

    @override
    def size(self, location: str) -> int:
        with _mapped_errors(location):
            return int(self._files.info(self._path(location))["size"])

    @override
    def secure(self, location: str) -> None:
        with _mapped_errors(location):
            self._files.info(self._path(location))

    @override
    def locations(self) -> Sequence[str]:
        with _mapped_errors(self._root):
            if not self._files.isdir(self._root):
                return []
            paths = [str(path) for path in self._files.ls(self._root, detail=False)]
        return [
            str(self._files.unstrip_protocol(path))
            for path in sorted(paths, key=_key)
            if _NUMBERED.fullmatch(_name(path))
        ]

    @override
    def remove_leftovers(self) -> None:
        with suppress(OSError), _mapped_errors(self._root):
            if not self._files.isdir(self._root):
                return
            for item in self._files.ls(self._root, detail=True):
                self._remove_if_left(str(item["name"]))

    @override
    def remove(self, location: str) -> None:
        with _mapped_errors(location):
            path = self._path(location)
            self._files.info(path)  # some backends ignore a missing object on removal
            self._files.rm_file(path)

    @override
    def local_path(self, location: str, *, scratch: Path) -> str:
        path = self._path(location)
        if "file" in _protocols(self._files):
            self.secure(location)
            return str(Path(path).absolute())
        # Snapshots of different runs may have the same name.
        prefix = blake2b(location.encode(), digest_size=8).hexdigest()
        copy = scratch.absolute() / f"{prefix}_{_name(path)}"
        copy.write_bytes(self.load(location))
        return str(copy)

    def _path(self, location: str) -> str:
        path = str(self._files._strip_protocol(location))
        is_below = path.startswith(f"{self._root}/") and ".." not in path.split("/")
        if self._is_confined and not is_below:
            msg = f"'{location}' was refused: it is not an object below '{self._root}'"
            raise PermissionError(msg)
        return path

    def _remove_if_left(self, path: str) -> None:
        if not is_temporary(_name(path)) or has_writer(
            _name(path), modified=self._modified_time(path)
        ):
            return
        with suppress(OSError), _mapped_errors(path):
            self._files.rm_file(path)

    def _modified_time(self, path: str) -> float | None:
        """Return when an object was last written; None if the storage does not record it."""
        try:
            return self._files.modified(path).timestamp()
        except Exception:  # noqa: BLE001 - of any backend
            return None

    def _write_somewhere_new(self, path: str, data: bytes) -> None:
        try:
            self._write(path, data)
        except FileNotFoundError:
            # Created only when needed: not every backend has directories, or lets users create one.
            self._files.makedirs(self._root, exist_ok=True)
            self._write(path, data)

    def _write(self, path: str, data: bytes) -> None:
        with self._files.open(path, "wb") as file:
            file.write(data)
            file.flush()
            descriptor = _descriptor(file)
            if descriptor is not None:
                os.fsync(descriptor)
        self._files.invalidate_cache()
        size = self._files.size(path)
        if size != len(data):
            msg = f"only {size} of {len(data)} bytes were stored"
            raise OSError(msg)


_NUMBERED = re.compile(r"([^.].*)_(\d+)\.pack")


def _descriptor(file: IO[bytes]) -> int | None:
    """Return the file descriptor of a local file, or None."""
    try:
        return file.fileno()
    except (AttributeError, OSError):
        return None


def _name(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]


def _key(path: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(_name(path))
    return (path, 0) if match is None else (match[1], int(match[2]))


def _protocols(files: Any) -> tuple[str, ...]:  # noqa: ANN401 - fsspec has no types
    protocol = files.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


@contextmanager
def _mapped_errors(where: str) -> Iterator[None]:
    """Convert any error of fsspec's backends into an OSError."""
    try:
        yield
    except OSError:
        raise
    except ImportError as error:
        msg = (
            f"'{where}' needs a Python package that is not installed: {error}. Most storage"
            " backends need a package in addition to fsspec."
        )
        raise OSError(msg) from error
    except Exception as error:
        msg = f"'{where}' cannot be used: {type(error).__name__}: {error}"
        raise OSError(msg) from error
