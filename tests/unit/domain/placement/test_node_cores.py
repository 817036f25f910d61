"""The users of the cores of one node."""

from hypothesis import given
from hypothesis import strategies as st

from domain.placement.node_cores import Applicant, NodeCores

A, B, C = range(3)
ALL = 0b111


def agree(one, other):
    """Whether the common indices of two instances are equal."""
    return all(mine == theirs for mine, theirs in zip(one, other, strict=False))


def test_cores_of_a_node_are_free_at_first():
    cores = NodeCores(3)
    assert cores.free == cores.full == 0b111
    assert cores.components == 0
    cores.give(Applicant(B, ()), 0b101)
    assert cores.free == 0b010
    assert cores.components == 1 << B


def test_cores_of_a_whole_set_may_be_shared_with_its_caller():
    cores = NodeCores(3)
    for number in range(3):
        cores.give(Applicant(A, (number,)), 1 << number)
    assert cores.shareable(Applicant(B, (), 1 << A)) == 0b111
    assert cores.shareable(Applicant(B, (1,), 1 << A)) == 0b010


def test_shared_cores_may_be_shared_with_a_partner_of_all_users():
    cores = NodeCores(2)
    cores.give(Applicant(A, ()), 0b11)
    cores.give(Applicant(B, (0,), 1 << A), 0b01)
    assert cores.shareable(Applicant(C, (0,), 1 << A | 1 << B)) == 0b11
    assert cores.shareable(Applicant(C, (1,), 1 << A | 1 << B)) == 0b10
    assert cores.shareable(Applicant(C, (0,), 1 << A)) == 0b10


def test_cores_of_users_that_run_at_the_same_time_are_not_shared_further():
    cores = NodeCores(2)
    cores.give(Applicant(A, (0,)), 0b11)
    cores.give(Applicant(A, (1,)), 0b01)
    assert cores.shareable(Applicant(B, (), 1 << A)) == 0b10
    cores.give(Applicant(B, (), 1 << A), 0b11)
    assert cores.free == 0


INDICES = st.lists(st.integers(0, 1), max_size=2).map(tuple)
PARTNERS = st.integers(0, ALL)


@given(
    st.lists(st.tuples(st.integers(0, 2), INDICES, st.integers(0, 0b1111)), max_size=8),
    st.builds(Applicant, st.integers(0, 2), INDICES, PARTNERS),
)
def test_shareable_cores_are_those_whose_users_all_agree(uses, applicant):
    cores = NodeCores(4)
    users: list[list[tuple[int, tuple[int, ...]]]] = [[], [], [], []]
    for component, index, mask in uses:
        cores.give(Applicant(component, index), mask)
        for core in range(4):
            if mask >> core & 1:
                users[core].append((component, index))
    expected = sum(
        1 << core
        for core, present in enumerate(users)
        if present
        and all(applicant.partners >> component & 1 for component, _ in present)
        and all(agree(index, applicant.index) for _, index in present)
        and all(agree(one, other) for _, one in present for _, other in present)
    )
    assert cores.shareable(applicant) == expected
    assert cores.free == sum(1 << core for core in range(4) if not users[core])
