import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.coupling.call_order import ALLOWED, NEXT, Call, CallOrder, Phase
from domain.errors import CallOrderError


def test_call_order_tables_are_consistent():
    """Every call that a phase allows leads on, and every phase can be reached and left."""
    assert set(ALLOWED) == set(Phase)
    reached = {Phase.REUSE}
    while True:
        further = {
            following
            for phase in reached
            for (call, _), following in NEXT.items()
            if call in ALLOWED[phase]
        }
        if further <= reached:
            break
        reached |= further
    assert reached == set(Phase)


@given(st.lists(st.tuples(st.sampled_from(Call), st.booleans()), max_size=30))
def test_call_outside_its_phase_is_rejected_naming_the_missing_calls(steps):
    order = CallOrder(uses_checkpoint_api=True)
    for call, answer in steps:
        phase = order.phase
        if call in ALLOWED[phase]:
            order.check(call)
            if (call, answer) in NEXT:
                order.note(call, answer=answer)
            continue
        with pytest.raises(CallOrderError) as caught:
            order.check(call)
        assert order.phase is phase
        assert leads_to(call, phase, missing_calls(str(caught.value)))


def missing_calls(text: str) -> list[Call]:
    """Return the calls that an error message requires first, in its order."""
    named = text.partition(", but ")[2].partition(" must be called first")[0]
    return [Call(name) for name in re.findall(r"(\w+)\(\)", named)]


def leads_to(call: Call, phase: Phase, way: list[Call]) -> bool:
    """Whether a call is allowed after others, and not before, for some of their return values."""
    if not way:
        return call in ALLOWED[phase]
    return (
        call not in ALLOWED[phase]
        and way[0] in ALLOWED[phase]
        and any(
            leads_to(call, following, way[1:])
            for (step, _), following in NEXT.items()
            if step is way[0]
        )
    )


@pytest.mark.parametrize(
    ("phase", "call", "text"),
    [
        (
            Phase.LOOP,
            Call.REUSE_INSTANCE,
            "reuse_instance() was called, but should_save_final_snapshot() must be called first.",
        ),
        (
            Phase.LOOP,
            Call.SAVE_SNAPSHOT,
            """save_snapshot() was called, but should_save_snapshot() must be called first and
            return True.""",
        ),
        (
            Phase.REUSE,
            Call.SAVE_FINAL_SNAPSHOT,
            """save_final_snapshot() was called, but reuse_instance(), resuming(), should_init() and
            should_save_final_snapshot() must be called first, in this order, and
            should_save_final_snapshot() must return True.""",
        ),
    ],
)
def test_call_order_error_names_only_necessary_calls(phase, call, text):
    order = CallOrder(uses_checkpoint_api=True)
    order.phase = phase
    with pytest.raises(CallOrderError) as caught:
        order.check(call)
    assert str(caught.value) == " ".join(text.split())


def test_calls_of_a_whole_run_are_allowed():
    order = CallOrder(uses_checkpoint_api=True)
    life = [
        (Call.REUSE_INSTANCE, True),
        (Call.RESUMING, True),
        (Call.LOAD_SNAPSHOT, True),
        (Call.SHOULD_INIT, False),
        (Call.SHOULD_SAVE_SNAPSHOT, True),
        (Call.SAVE_SNAPSHOT, True),
        (Call.SHOULD_SAVE_FINAL_SNAPSHOT, True),
        (Call.SAVE_FINAL_SNAPSHOT, True),
        (Call.REUSE_INSTANCE, False),
    ]
    for call, answer in life:
        order.check(call)
        order.note(call, answer=answer)


@pytest.mark.parametrize("call", Call)
def test_checkpoint_calls_without_the_flag_are_rejected_except_harmless_ones(call: Call):
    order = CallOrder(uses_checkpoint_api=False)
    if call in (Call.REUSE_INSTANCE, Call.RESUMING, Call.SHOULD_INIT):
        order.check(call)
    else:
        with pytest.raises(CallOrderError, match="USES_CHECKPOINT_API"):
            order.check(call)
