import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.call_order import ALLOWED, NEXT, Call, CallOrder, Phase
from domain.errors import CallOrderError


def test_the_tables_fit_together():
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
def test_only_the_calls_of_the_phase_are_allowed_and_the_error_names_them(steps):
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
        for allowed in ALLOWED[phase]:
            assert f"{allowed.value}()" in str(caught.value)
        assert order.phase is phase


def test_a_whole_life_is_allowed():
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
def test_without_the_flag_only_the_harmless_calls_are_allowed_at_any_time(call: Call):
    order = CallOrder(uses_checkpoint_api=False)
    if call in (Call.REUSE_INSTANCE, Call.RESUMING, Call.SHOULD_INIT):
        order.check(call)
    else:
        with pytest.raises(CallOrderError, match="USES_CHECKPOINT_API"):
            order.check(call)
