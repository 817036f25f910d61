"""Contract of SegmentPool."""

import array
import errno
import gc
import os
from abc import ABC, abstractmethod

import numpy as np
import pytest

from adapters.segments.segment_pool import MemfdSegmentPool
from application.interfaces.segments import SegmentPool

MEGABYTE = 2**20


def ignore():
    """Do nothing."""


class SegmentPoolContract(ABC):
    """Subclass it for each adapter."""

    @abstractmethod
    def create(self, name: str) -> SegmentPool:
        """Return a pool of a process."""

    @pytest.fixture
    def own(self):
        pool = self.create("own")
        yield pool
        pool.close()

    @pytest.fixture
    def other(self):
        pool = self.create("other")
        yield pool
        pool.close()

    @pytest.mark.parametrize("size", [0, 1, 4096, 20 * MEGABYTE])
    def test_pieces_arrive_unchanged_in_another_pool(self, own, other, size):
        pieces = [b"head", b"", bytes(range(256)) * (size // 256) + b"x"]
        place = own.store(pieces)
        mapped = other.map(place, [len(piece) for piece in pieces], on_unmapped=ignore)
        assert [bytes(view) for view in mapped] == pieces

    def test_array_of_numbers_arrives_as_its_bytes(self, own, other):
        numbers = array.array("d", [1.5, 2.5])
        place = own.store([numbers])
        (view,) = other.map(place, [16], on_unmapped=ignore)
        assert array.array("d", bytes(view)) == numbers

    def test_pieces_are_aligned_for_arrays(self, own, other):
        place = own.store([b"x", np.arange(3.0)])
        _, view = other.map(place, [1, 24], on_unmapped=ignore)
        assert np.frombuffer(view).ctypes.data % 64 == 0

    def test_mapped_pieces_are_read_only(self, own, other):
        place = own.store([b"abc"])
        for pool in (own, other):
            (view,) = pool.map(place, [3], on_unmapped=ignore)
            assert view.readonly

    def test_end_of_the_last_use_is_reported_once(self, own, other):
        unmapped = []
        place = own.store([np.arange(100.0), b"x"])
        views = other.map(place, [800, 1], on_unmapped=lambda: unmapped.append(1))
        derived = np.frombuffer(views[0])[3:5]
        del views
        gc.collect()
        assert unmapped == []
        assert derived[0] == 3.0
        del derived
        gc.collect()
        assert unmapped == [1]

    def test_freed_block_is_used_again(self, own):
        first = own.store([bytes(MEGABYTE)])
        own.free(first.segment, first.offset)
        second = own.store([bytes(MEGABYTE)])
        assert (second.segment, second.offset) == (first.segment, first.offset)

    def test_used_block_is_not_used_again(self, own, other):
        places = [own.store([bytes([number]) * MEGABYTE]) for number in range(40)]
        for number, place in enumerate(places):
            (view,) = other.map(place, [MEGABYTE], on_unmapped=ignore)
            assert bytes(view) == bytes([number]) * MEGABYTE

    def test_freeing_an_unknown_block_is_an_error(self, own):
        place = own.store([b"x"])
        own.free(place.segment, place.offset)
        with pytest.raises(KeyError):
            own.free(place.segment, place.offset)
        with pytest.raises(KeyError):
            own.free("unknown/1", 0)

    def test_adopted_segment_survives_the_close_of_its_pool(self, own, other):
        creator = self.create("creator")
        place = creator.store([b"kept"])
        adopted = own.adopt(place)
        creator.close()
        (view,) = other.map(adopted, [4], on_unmapped=ignore)
        assert bytes(view) == b"kept"
        own.disown(place.segment)

    def test_own_segment_can_be_adopted(self, own, other):
        place = own.adopt(own.store([b"own"]))
        own.disown(place.segment)
        (view,) = other.map(place, [3], on_unmapped=ignore)
        assert bytes(view) == b"own"

    def test_segment_of_a_closed_pool_cannot_be_mapped_or_adopted(self, own):
        creator = self.create("creator")
        place = creator.store([b"gone"])
        creator.close()
        with pytest.raises(OSError, match=r"."):
            own.map(place, [4], on_unmapped=ignore)
        with pytest.raises(OSError, match=r"."):
            own.adopt(place)

    def test_mapped_pieces_survive_the_close_of_both_pools(self, other):
        creator = self.create("creator")
        place = creator.store([b"mapped"])
        (view,) = other.map(place, [6], on_unmapped=ignore)
        creator.close()
        other.close()
        assert bytes(view) == b"mapped"

    def test_spilled_block_is_mapped_from_its_file(self, own, other):
        pieces = [b"head", bytes(range(256)) * 1000]
        place = own.store([bytes(5000), *pieces])
        place = own.store(pieces)
        own.spill(place, "file-1")
        own.free(place.segment, place.offset)
        own.store([bytes(300_000)])
        views = other.map_file("file-1", list(map(len, pieces)), on_unmapped=ignore)
        own.remove_file("file-1")
        assert list(map(bytes, views)) == pieces
        assert all(view.readonly for view in views)
        with pytest.raises(OSError, match=r"."):
            other.map_file("file-1", [1], on_unmapped=ignore)

    def test_adopted_block_is_spilled(self, own, other):
        place = own.adopt(other.store([b"adopted"]))
        own.spill(place, "file-1")
        (view,) = other.map_file("file-1", [7], on_unmapped=ignore)
        assert bytes(view) == b"adopted"

    @pytest.mark.parametrize("name", ["../x", "/etc/passwd", "", ".", "a/b"])
    def test_spill_file_outside_of_its_directory_is_refused(self, own, name):
        with pytest.raises(OSError, match="invalid name"):
            own.map_file(name, [1], on_unmapped=ignore)

    def test_removal_of_an_unknown_spill_file_is_ignored(self, own):
        own.remove_file("unknown")


class TestMemfdSegmentPool(SegmentPoolContract):
    @pytest.fixture(autouse=True)
    def places(self, tmp_path):
        self.directory = tmp_path / "spilled"

    def create(self, name):
        return MemfdSegmentPool(name=name, spill_directory=str(self.directory))

    def test_memory_of_unused_segments_beyond_the_limit_is_returned(self, resident):
        pool = MemfdSegmentPool(name="own", spill_directory="", idle_limit=0)
        before = resident()
        place = pool.store([bytes(64 * MEGABYTE)])
        assert resident() - before >= 64 * MEGABYTE
        pool.free(place.segment, place.offset)
        assert resident() - before < 16 * MEGABYTE
        pool.close()

    def test_memory_of_unused_segments_is_returned_on_request(self, resident):
        pool = MemfdSegmentPool(name="own", spill_directory="")
        kept = pool.store([bytes(20 * MEGABYTE)])
        freed = pool.store([bytes(20 * MEGABYTE)])
        before = resident()
        pool.free(freed.segment, freed.offset)
        pool.trim()
        assert resident() < before - 15 * MEGABYTE
        (view,) = pool.map(kept, [20 * MEGABYTE], on_unmapped=ignore)
        assert bytes(view) == bytes(20 * MEGABYTE)
        pool.close()

    def test_many_mapped_values_need_few_descriptors(self, descriptors):
        own, other = self.create("own"), self.create("other")
        before = descriptors()
        places = [own.store([bytes(65536)]) for _ in range(300)]
        views = [other.map(place, [65536], on_unmapped=ignore) for place in places]
        assert descriptors() - before < 10
        del views
        own.close()
        other.close()

    def test_full_disk_leaves_no_spill_file(self, monkeypatch):
        pool = self.create("own")
        place = pool.store([bytes(MEGABYTE)])

        def fail(*_arguments):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "sendfile", fail)
        with pytest.raises(OSError, match="No space left"):
            pool.spill(place, "file-1")
        assert list(self.directory.iterdir()) == []
        pool.close()

    def test_spill_files_are_private(self):
        pool = self.create("own")
        pool.spill(pool.store([b"x"]), "file-1")
        assert self.directory.stat().st_mode & 0o777 == 0o700
        assert (self.directory / "file-1").stat().st_mode & 0o777 == 0o600
        pool.close()

    @pytest.fixture
    def descriptors(self):
        return lambda: len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    @pytest.fixture
    def resident(self):
        """Return a function that returns the shared memory that this process has mapped."""

        def measure():
            with open("/proc/self/status") as file:
                line = next(line for line in file if line.startswith("RssShmem"))
            return int(line.split()[1]) * 1024

        return measure
