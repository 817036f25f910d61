"""The effect of each conduit filter on messages, and the state that it saves."""

import threading

import pytest

from domain.coupling.conduits import Conduit, ConduitFilter
from domain.coupling.filters import REDUCERS, REPEATERS, FilterChain, filters_of
from domain.coupling.messages import NOT_COUNTED, Milestone, PeerMessage
from domain.coupling.settings import Settings
from domain.errors import UnsendableData
from domain.identity import Reference


def chain(text):
    return FilterChain(tuple(map(ConduitFilter, text.split())))


def message(data, *iteration, number=7):
    return PeerMessage(1.0, 2.0, data, Settings({"a": 1}), None, number, iteration)


def reduced(reduction, *iteration):
    """Return the data and iteration of what a milestone yields, if it yields a message."""
    result = reduction.end_iteration(Milestone(iteration))
    return None if result is None else (result.data, result.iteration)


def test_each_filter_is_either_a_reducer_or_a_repeater():
    assert REDUCERS.keys() | REPEATERS.keys() == set(ConduitFilter)
    assert not REDUCERS.keys() & REPEATERS.keys()


def test_reducers_remove_levels_and_repeaters_add_them():
    assert all(kind.level_change < 0 for kind in REDUCERS.values())
    assert all(kind.level_change > 0 for kind in REPEATERS.values())


@pytest.mark.parametrize(
    ("filters", "reduces", "repeats", "levels_removed"),
    [
        ("", False, False, 0),
        ("last", True, False, 1),
        ("repeat pad", False, True, 0),
        ("last last repeat pad pad", True, True, 2),
    ],
)
def test_filters_of_a_conduit_report_what_they_do(filters, reduces, repeats, levels_removed):
    names = tuple(map(ConduitFilter, filters.split()))
    found = filters_of(Conduit(Reference("a.out"), Reference("b.in"), names))
    assert (found.reduces, found.repeats) == (reduces, repeats)
    assert found.levels_removed == levels_removed


# Reducers


def test_conduit_without_reducers_has_no_reduction():
    assert chain("repeat pad").reduction(2) is None


def test_last_yields_the_last_message_at_the_milestone_of_its_iteration():
    reduction = chain("last").reduction(2)
    for number in range(3):
        reduction.take(message(number, 4, number))
    assert reduced(reduction, 4) == (2, (4,))


def test_reduced_message_has_no_number_and_keeps_the_rest():
    reduction = chain("last").reduction(1)
    reduction.take(message("x", 0))
    result = reduction.end_iteration(Milestone(()))
    assert result == message("x", number=NOT_COUNTED)


def test_iteration_without_messages_yields_an_empty_message():
    reduction = chain("last").reduction(2)
    result = reduction.end_iteration(Milestone((3,)))
    assert result.is_empty
    assert (result.iteration, result.number) == ((3,), NOT_COUNTED)


def test_reduced_message_is_yielded_once():
    reduction = chain("last").reduction(2)
    reduction.take(message("x", 0, 0))
    assert reduced(reduction, 0) == ("x", (0,))
    assert reduced(reduction, 1) == (None, (1,))


def test_two_reducers_ignore_the_milestones_of_inner_iterations():
    reduction = chain("last last").reduction(3)
    reduction.take(message("x", 0, 0, 0))
    assert reduced(reduction, 0, 0) is None
    assert reduced(reduction, 0, 1) is None
    assert reduced(reduction, 0) == ("x", (0,))


def test_milestone_of_an_outer_iteration_yields_no_message():
    reduction = chain("last").reduction(3)
    reduction.take(message("x", 0, 0, 0))
    assert reduced(reduction, 0) is None
    assert reduced(reduction) is None


@pytest.mark.parametrize(
    ("iteration", "passes"), [((0, 0), False), ((0,), True), ((), True)], ids=str
)
def test_only_milestones_of_outer_iterations_pass_a_reducer(iteration, passes):
    assert chain("last").reduction(3).passes(Milestone(iteration)) is passes


def test_closing_milestone_passes_a_reducer_after_its_message():
    reduction = chain("last").reduction(1)
    assert reduced(reduction) == (None, ())
    assert reduction.passes(Milestone(()))


def test_reducer_copies_data_that_the_model_may_change():
    reduction = chain("last").reduction(1)
    data = [1]
    reduction.take(message(data, 0))
    data.append(2)
    assert reduced(reduction) == ([1], ())


def test_data_that_cannot_be_copied_is_rejected_by_a_reducer():
    with pytest.raises(UnsendableData, match="a filter holds it back, but it cannot be copied"):
        chain("last").reduction(1).take(message(threading.Lock(), 0))


@pytest.mark.parametrize("filters", ["last", "last last"])
def test_reduction_continues_from_its_saved_state(filters):
    before, after = (chain(filters).reduction(2) for _ in range(2))
    assert before.state() == []
    before.take(message("x", 1, 0))
    for state in before.state():
        after.restore(state)
    target = (1,)[: after.depth]
    assert reduced(after, *target) == ("x", target)


# Repeaters


def given(repetition, *iterations):
    return [repetition.give(iteration).data for iteration in iterations]


def test_repeated_message_has_the_iteration_of_the_receiver_and_keeps_the_rest():
    original = message("x", 0)
    result = chain("repeat").repetition(original).give((0, 3))
    assert (result.data, result.iteration) == ("x", (0, 3))
    assert (result.timestamp, result.next_timestamp, result.number) == (1.0, 2.0, 7)
    assert result.overlay == original.overlay


@pytest.mark.parametrize(
    ("iteration", "covered"), [((0, 0), True), ((0, 9), True), ((1, 0), False)], ids=str
)
def test_repetition_covers_the_iterations_within_that_of_its_message(iteration, covered):
    assert chain("repeat").repetition(message("x", 0)).covers(iteration) is covered


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("repeat repeat", ["x", "x", "x", "x"]),
        ("repeat pad", ["x", None, "x", None]),
        ("pad pad", ["x", None, None, None]),
    ],
)
def test_repeaters_are_applied_in_order(filters, expected):
    repetition = chain(filters).repetition(message("x"))
    assert given(repetition, (0, 0), (0, 1), (1, 0), (1, 1)) == expected


def test_model_may_change_repeated_data():
    repetition = chain("repeat").repetition(message({"parts": [1]}, 0))
    repetition.give((0, 0)).data["parts"].append(2)
    assert given(repetition, (0, 1)) == [{"parts": [1]}]


def test_repetition_without_padding_has_no_state():
    repetition = chain("repeat").repetition(message("x", 0))
    repetition.give((0, 0))
    assert repetition.state() == ()


def test_padded_repetition_continues_from_its_saved_state():
    before, after = (chain("repeat pad").repetition(message("x", 0)) for _ in range(2))
    before.give((0, 1, 0))
    before.give((0, 0, 0))
    assert before.state() == ((0, 0), (0, 1))
    after.restore(before.state())
    assert given(after, (0, 0, 1), (0, 1, 1), (0, 2, 0)) == [None, None, "x"]


def test_noted_iteration_counts_as_given():
    repetition = chain("pad").repetition(message("x", 0))
    repetition.note_given((0, 0))
    assert given(repetition, (0, 1)) == [None]
