"""Instance snapshots in MUSCLE3's format, in a snapshot store of any kind."""

from __future__ import annotations

from typing import Final, final

from adapters.snapshot_files.msgpack_snapshot import MsgPackSnapshot
from application.interfaces.snapshot_repository import SnapshotRepository
from application.interfaces.snapshot_store import (
    LeftoverRemover,
    LocalSnapshotStore,
    OpenStore,
)
from domain.checkpointing.instance_snapshot import Snapshot
from domain.errors import ConfigurationError, InconsistentSnapshot
from domain.identity import Reference

_HERE: Final = "."


@final
class MsgPackSnapshotRepository(SnapshotRepository):
    """Encodes and decodes snapshots, and has a snapshot store keep the bytes.

    Args:
        open_store: Returns the store for a path or URL.
    """

    def __init__(self, open_store: OpenStore) -> None:
        self._open_store = open_store

    def check(self, directory: str | None) -> None:
        try:
            store = self._open_store(directory or _HERE)
        except OSError as error:
            msg = f"Snapshots cannot be stored: {error}"
            raise ConfigurationError(msg) from error
        if isinstance(store, LeftoverRemover):
            store.remove_leftovers()

    def add(
        self, directory: str | None, instance: Reference, number: int, snapshot: Snapshot
    ) -> str:
        pieces = MsgPackSnapshot.encode_pieces(snapshot)
        store = self._open_store(directory or _HERE)
        if isinstance(store, LocalSnapshotStore):
            return store.store_pieces(instance, number, pieces)
        return store.store(instance, number, b"".join(pieces))

    def load(self, location: str) -> Snapshot:
        try:
            data = self._open_store(location).load(location)
        except FileNotFoundError as error:
            msg = f"Snapshot '{location}' cannot be used: there is nothing there."
            raise InconsistentSnapshot(msg) from error
        except OSError as error:
            reason = error.strerror or error
            msg = f"Snapshot '{location}' cannot be used: it cannot be read: {reason}."
            raise InconsistentSnapshot(msg) from error
        return MsgPackSnapshot.decode(data, name=location)
