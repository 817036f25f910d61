"""An instance's snapshots in a store of any kind, in MUSCLE3's form."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from typing_extensions import override

from adapters.wire.snapshots import MsgPackSnapshot
from application.interfaces.snapshot_archive import SnapshotArchive
from application.interfaces.snapshot_store import SnapshotStore
from domain.errors import InconsistentSnapshot
from domain.identity import Reference
from domain.snapshots import Snapshot


@final
class MsgPackSnapshotArchive(SnapshotArchive):
    """Encodes and decodes snapshots, and leaves it to a store to keep them.

    Args:
        open_store: Returns the store that puts new snapshots into a directory; None stands for the
            working directory.
    """

    def __init__(self, open_store: Callable[[str | None], SnapshotStore]) -> None:
        self._open_store = open_store

    @override
    def store(
        self, directory: str | None, instance: Reference, number: int, snapshot: Snapshot
    ) -> str:
        data = MsgPackSnapshot.encode(snapshot)
        return self._open_store(directory).store(instance, number, data)

    @override
    def load(self, location: str) -> Snapshot:
        try:
            data = self._open_store(None).load(location)
        except FileNotFoundError as error:
            msg = f"Snapshot '{location}' cannot be used: there is nothing there."
            raise InconsistentSnapshot(msg) from error
        except OSError as error:
            reason = error.strerror or error
            msg = f"Snapshot '{location}' cannot be used: it cannot be read: {reason}."
            raise InconsistentSnapshot(msg) from error
        return MsgPackSnapshot.decode(data, name=location)
