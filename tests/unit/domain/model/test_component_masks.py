"""Sets of components as bit masks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.component_masks import bits, reachable, transposed


@pytest.mark.parametrize(
    ("mask", "numbers"), [(0, []), (1, [0]), (0b1010, [1, 3]), (1 << 5000, [5000])]
)
def test_bits_of_a_mask_are_listed(mask, numbers):
    assert list(bits(mask)) == numbers


@st.composite
def squares(draw: st.DrawFn) -> list[int]:
    """Make masks of as many components as there are masks."""
    size = draw(st.integers(0, 9))
    return draw(st.lists(st.integers(0, (1 << size) - 1), min_size=size, max_size=size))


@given(squares())
def test_transposed_masks_swap_both_components(masks):
    result = transposed(masks)
    assert len(result) == len(masks)
    for row in range(len(masks)):
        for column in range(len(masks)):
            assert result[column] >> row & 1 == masks[row] >> column & 1


@given(squares())
def test_reachable_components_are_those_at_the_end_of_any_path(edges):
    assert reachable(edges) == [_reached_from(start, edges) for start in range(len(edges))]


def _reached_from(start: int, edges: list[int]) -> int:
    found, waiting = 0, [start]
    while waiting:
        for end in bits(edges[waiting.pop()]):
            if not found >> end & 1:
                found |= 1 << end
                waiting.append(end)
    return found


def test_reachable_components_are_found_at_the_end_of_a_long_chain():
    count = 5000
    edges = [1 << number + 1 for number in range(count - 1)] + [0]
    assert reachable(edges)[0] == (1 << count) - 2
