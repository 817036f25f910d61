import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.segments.free_list import FreeList


def test_first_range_that_is_large_enough_is_used():
    ranges = FreeList(100)
    first, second, third = (ranges.take(20) for _ in range(3))
    ranges.give_back(second)
    assert (first, second, third) == (0, 20, 40)
    assert ranges.take(30) == 60
    assert ranges.take(20) == 20


def test_range_is_not_allocated_if_none_is_large_enough():
    ranges = FreeList(100)
    ranges.take(60)
    assert ranges.take(41) is None
    assert ranges.take(40) == 60


def test_unknown_offset_cannot_be_freed():
    ranges = FreeList(100)
    ranges.take(10)
    with pytest.raises(KeyError):
        ranges.give_back(5)


@given(st.lists(st.integers(1, 40), min_size=1), st.randoms())
def test_blocks_never_overlap_and_everything_can_be_freed(sizes, random):
    ranges = FreeList(200)
    used = {}
    for size in sizes:
        offset = ranges.take(size)
        if offset is None:
            if used:
                freed = random.choice(list(used))
                assert ranges.give_back(freed) == used.pop(freed)
            continue
        assert 0 <= offset <= 200 - size
        assert all(offset + size <= start or start + used[start] <= offset for start in used)
        used[offset] = size
    for offset in random.sample(list(used), len(used)):
        ranges.give_back(offset)
    assert ranges.is_unused
    assert ranges.take(200) == 0
