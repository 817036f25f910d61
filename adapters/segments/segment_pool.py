"""A pool of shared memory segments."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, final

from typing_extensions import override

from adapters.segments.mappings import Mapping
from adapters.segments.segment import Segment, aligned, flat, split
from adapters.segments.spill_files import SpillFiles
from application.interfaces.segments import SegmentPool
from domain.runtime.blocks import BlockPlace
from domain.runtime.payloads import Buffer

SEGMENT_SIZE: Final = 16 * 2**20
"""Size of a segment, unless a block needs more."""

ROUNDING: Final = 2**16
"""Sizes of larger segments are multiples of this."""

IDLE_LIMIT: Final = 256 * 2**20
"""Bytes of unused segments that keep their memory, because writing to it again is much faster."""

CACHED_MAPPINGS: Final = 8
"""Number of small segments that stay mapped after their last use."""


@dataclass(slots=True)
class _Adopted:
    descriptor: int
    count: int


@final
class MemfdSegmentPool(SegmentPool):
    """Creates segments as needed, and reuses their memory.

    Args:
        name: Identifies this process in the run.
        spill_directory: The directory for spill files, which `spill` creates.
        idle_limit: Number of bytes of unused segments that keep their memory.
    """

    def __init__(self, *, name: str, spill_directory: str, idle_limit: int = IDLE_LIMIT) -> None:
        self._name = name
        self._spill_files = SpillFiles(spill_directory)
        self._idle_limit = idle_limit
        self._segments: dict[str, Segment] = {}
        self._count = 0
        self._mappings: OrderedDict[str, Mapping] = OrderedDict()
        self._adopted: dict[str, _Adopted] = {}

    @override
    def store(self, pieces: Sequence[Buffer]) -> BlockPlace:
        views = [flat(piece) for piece in pieces]
        for segment in self._segments.values():
            place = segment.store(views)
            if place is not None:
                return place
        place = self._add_segment(sum(aligned(len(view)) for view in views)).store(views)
        assert place is not None
        return place

    @override
    def free(self, segment: str, offset: int) -> None:
        own = self._segments[segment]
        own.free(offset)
        if own.is_unused and self._idle_bytes > self._idle_limit:
            own.return_memory()

    @override
    def trim(self) -> None:
        for segment in self._segments.values():
            if segment.is_unused and segment.has_memory:
                segment.return_memory()

    @override
    def map(
        self, place: BlockPlace, sizes: Sequence[int], *, on_unmapped: Callable[[], None]
    ) -> list[memoryview]:
        whole = self._mapping(place).lend(place.offset, place.size, on_returned=on_unmapped)
        return split(whole, sizes)

    @override
    def adopt(self, place: BlockPlace) -> BlockPlace:
        if place.segment in self._segments:
            return place
        adopted = self._adopted.get(place.segment)
        if adopted is None:
            adopted = _Adopted(_open(place), 0)
            self._adopted[place.segment] = adopted
        adopted.count += 1
        return BlockPlace(os.getpid(), adopted.descriptor, place.segment, place.offset, place.size)

    @override
    def disown(self, segment: str) -> None:
        adopted = self._adopted.get(segment)
        if adopted is not None:
            adopted.count -= 1
            if not adopted.count:
                os.close(adopted.descriptor)
                del self._adopted[segment]

    @override
    def spill(self, place: BlockPlace, name: str) -> None:
        self._spill_files.write(name, self._descriptor(place), place.offset, place.size)

    @override
    def remove_file(self, name: str) -> None:
        self._spill_files.remove(name)

    @override
    def map_file(
        self, name: str, sizes: Sequence[int], *, on_unmapped: Callable[[], None]
    ) -> list[memoryview]:
        return split(self._spill_files.map(name, on_unmapped), sizes)

    @override
    def close(self) -> None:
        for segment in self._segments.values():
            segment.close()
        for adopted in self._adopted.values():
            os.close(adopted.descriptor)
        self._segments.clear()
        self._adopted.clear()
        self._mappings.clear()

    @property
    def _idle_bytes(self) -> int:
        return sum(
            segment.size
            for segment in self._segments.values()
            if segment.is_unused and segment.has_memory
        )

    def _add_segment(self, needed: int) -> Segment:
        # a large block gets a segment of its own, so that small ones do not keep its memory in use
        size = max(SEGMENT_SIZE, needed + -needed % ROUNDING)
        self._count += 1
        segment = Segment(f"{self._name}/{self._count}", size)
        self._segments[segment.name] = segment
        return segment

    def _descriptor(self, place: BlockPlace) -> int:
        own = self._segments.get(place.segment)
        return self._adopted[place.segment].descriptor if own is None else own.descriptor

    def _mapping(self, place: BlockPlace) -> Mapping:
        mapping = self._mappings.get(place.segment)
        if mapping is not None:
            self._mappings.move_to_end(place.segment)
            return mapping
        own = self._segments.get(place.segment)
        mapping = self._map_other(place) if own is None else Mapping(own.descriptor, own.size)
        self._mappings[place.segment] = mapping
        while len(self._mappings) > CACHED_MAPPINGS:
            self._mappings.popitem(last=False)
        return mapping

    def _map_other(self, place: BlockPlace) -> Mapping:
        adopted = self._adopted.get(place.segment)
        if adopted is not None:
            return Mapping(adopted.descriptor, os.fstat(adopted.descriptor).st_size)
        descriptor = _open(place)
        try:
            return Mapping(descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)


def _open(place: BlockPlace) -> int:
    return os.open(f"/proc/{place.pid}/fd/{place.descriptor}", os.O_RDONLY | os.O_CLOEXEC)
