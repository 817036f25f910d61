"""Packs payloads for other processes of the machine: into frames, or into shared memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from adapters.wire.host_frames import BlockParcel, FileParcel, InlineParcel, Parcel
from application.interfaces.segments import SegmentPool
from domain.runtime.payloads import Payload

LARGE: Final = 65536
"""Payloads of this many bytes or more travel in shared memory."""


def pack(payload: Payload, segments: SegmentPool) -> Parcel:
    """Copy a payload into a parcel.

    Raises:
        OSError: If there is not enough shared memory.
    """
    pieces = (payload.data, *payload.buffers)
    sizes = tuple(memoryview(piece).nbytes for piece in pieces)
    if sum(sizes) < LARGE:
        return InlineParcel(tuple(map(bytes, pieces)))
    return BlockParcel(segments.store(pieces), sizes)


def unpack(parcel: Parcel, segments: SegmentPool, *, on_unmapped: Callable[[], None]) -> Payload:
    """Return the payload in a parcel. One in shared memory is not copied.

    Args:
        parcel: The parcel.
        segments: Maps shared memory.
        on_unmapped: Called once, on any thread, when the shared memory is no longer referenced.

    Raises:
        OSError: If its sender or its file is gone.
    """
    if isinstance(parcel, InlineParcel):
        data, *buffers = parcel.pieces
        return Payload(data, tuple(buffers))
    if isinstance(parcel, FileParcel):
        first, *others = segments.map_file(parcel.name, parcel.sizes, on_unmapped=on_unmapped)
    else:
        first, *others = segments.map(parcel.place, parcel.sizes, on_unmapped=on_unmapped)
    return Payload(first, tuple(others))


class LentBlocks:
    """The blocks of this process that receivers of its messages use.

    Args:
        segments: The pool of this process.
    """

    def __init__(self, segments: SegmentPool) -> None:
        self._segments = segments
        self._borrowers: dict[tuple[str, int], str] = {}

    def lend(self, parcel: Parcel, borrower: str) -> None:
        """Record that a process uses the block of a parcel, if there is one."""
        if isinstance(parcel, BlockParcel):
            self._borrowers[parcel.place.segment, parcel.place.offset] = borrower

    def give_back(self, segment: str, offset: int) -> None:
        """Free a block that its receiver no longer uses."""
        self._borrowers.pop((segment, offset), None)
        with contextlib.suppress(KeyError):
            self._segments.free(segment, offset)

    def host_lost(self, uid: str) -> None:
        """Free the blocks that a process used."""
        for (segment, offset), borrower in list(self._borrowers.items()):
            if borrower == uid:
                self.give_back(segment, offset)
