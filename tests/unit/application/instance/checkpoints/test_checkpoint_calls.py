"""What a model is answered when it asks about checkpoints, and when snapshots are made for it."""

import math
from types import SimpleNamespace

import pytest

from adapters.in_memory.clock import ManualClock
from application.instance.checkpoints.checkpoint_calls import (
    CheckpointCalls,
    check_supports_checkpoints,
)
from application.instance.checkpoints.triggers import AT_END, CheckpointTriggers
from application.instance.overlays import OverlayKeeper
from domain.coupling.call_order import Call, CallOrder
from domain.coupling.flags import InstanceFlags
from domain.coupling.messages import Message, PeerMessage
from domain.coupling.ports import SETTINGS_IN, Operator, Port, PortState
from domain.coupling.settings import Settings
from domain.errors import CallOrderError, UsageError
from domain.identity import Reference
from domain.model.checkpoint_rules import CheckpointInfo, CheckpointRangeRule, Checkpoints

USES_API = InstanceFlags.USES_CHECKPOINT_API
STATELESS = InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE
NO_FLAGS = InstanceFlags(0)
AT_END_ONLY = Checkpoints(at_end=True)
EVERY_SECOND = Checkpoints(simulation_time=(CheckpointRangeRule(1.0),))
STATE = Message(1.5, None, "state")


class Snapshots:
    """Notes what is saved."""

    def __init__(self, resumed=None, *, intermediate=False):
        self.resumed = resumed
        self._intermediate = intermediate
        self.saved = []
        self.ends = 0

    def resuming_from_intermediate(self):
        return self._intermediate

    def load_snapshot(self):
        return STATE

    def note_end_of_pass(self):
        self.ends += 1

    def save_snapshot(self, message, final, triggers, elapsed, next_time, overlay):
        self.saved.append((message, final, triggers, next_time))
        return next_time if next_time is not None else math.nan if message is None else 1.5


class Receiver:
    """Has messages for the next pass, at these times by port."""

    def __init__(self, **times):
        self._times = times
        self.said = {}

    def calls(self):
        return [message for _, message in self.initial_messages()]

    def initial_messages(self):
        return [
            (
                PortState(Port(name, Operator.F_INIT), is_connected=True, length=None),
                PeerMessage(time, None, None, Settings(), None, 0, (), self.said.get(name)),
            )
            for name, time in self._times.items()
        ]


class Bench:
    def __init__(
        self, rules, *, flags=USES_API, snapshots=None, goes_on=True, is_called=False, **times
    ):
        self.clock = ManualClock()
        self.communicator = SimpleNamespace(saved_until=None)
        self.receiver = Receiver(**times)
        self.order = CallOrder(uses_checkpoint_api=flags is USES_API)
        self.snapshots = snapshots or Snapshots()
        self.calls = CheckpointCalls(
            calls=self.order,
            triggers=CheckpointTriggers(CheckpointInfo(0.0, rules), clock=self.clock),
            snapshots=self.snapshots,
            overlays=OverlayKeeper(Reference("macro"), Settings()),
            receiver=self.receiver,
            communicator=self.communicator,
            receive_ahead=lambda: goes_on,
            flags=flags,
            is_called=is_called,
        )

    def begin(self):
        self.order.note(Call.REUSE_INSTANCE, answer=True)
        return self.calls.resuming()

    def loop(self):
        self.begin()
        self.calls.should_init()
        return self.calls


@pytest.mark.parametrize("flags", [USES_API, STATELESS, USES_API | STATELESS])
def test_who_can_save_or_do_without_may_take_part(flags):
    check_supports_checkpoints("macro", flags, CheckpointInfo(0.0, AT_END_ONLY))


def test_who_can_do_neither_may_take_part_where_nothing_is_saved():
    check_supports_checkpoints("macro", NO_FLAGS, CheckpointInfo(0.0, Checkpoints()))


@pytest.mark.parametrize(
    ("info", "cure"),
    [
        (CheckpointInfo(0.0, AT_END_ONLY), "remove 'checkpoints:' from the yMMSL file"),
        (CheckpointInfo(0.0, Checkpoints(), on_request=True), "leave out --checkpoint-on-term"),
    ],
)
def test_who_can_do_neither_is_told_what_to_do(info, cure):
    with pytest.raises(UsageError, match=f"instance 'macro' does not support them.*{cure}"):
        check_supports_checkpoints("macro", NO_FLAGS, info)


def test_a_run_from_scratch_initialises_and_resumes_nothing():
    bench = Bench(AT_END_ONLY)
    assert not bench.begin()
    assert bench.calls.should_init()


@pytest.mark.parametrize("intermediate", [True, False])
def test_a_resumed_run_loads_and_initialises_only_between_passes(intermediate):
    bench = Bench(AT_END_ONLY, snapshots=Snapshots("resumed", intermediate=intermediate))
    assert bench.begin()
    assert bench.calls.load_snapshot() == STATE
    assert bench.calls.should_init() is not intermediate


def test_only_the_first_pass_resumes():
    bench = Bench(AT_END_ONLY, snapshots=Snapshots("resumed", intermediate=True))
    bench.calls.note_pass_begun(is_first=False)
    assert not bench.begin()
    assert bench.calls.should_init()


def test_a_snapshot_is_saved_with_why_and_answers_for_its_moment():
    bench = Bench(EVERY_SECOND)
    calls = bench.loop()
    assert calls.should_save_snapshot(1.5)
    calls.save_snapshot(STATE)
    ((message, final, triggers, next_time),) = bench.snapshots.saved
    assert (message, final, next_time) == (STATE, False, None)
    assert triggers
    assert not calls.should_save_snapshot(1.9)
    assert calls.should_save_snapshot(2.0)


def test_what_is_due_must_be_saved_before_anything_else():
    calls = Bench(EVERY_SECOND).loop()
    assert calls.should_save_snapshot(1.5)
    with pytest.raises(CallOrderError, match=r"save_snapshot\(\) must be called first"):
        calls.should_save_final_snapshot()


def test_a_final_snapshot_answers_for_the_messages_of_the_next_pass_but_not_for_settings():
    bench = Bench(EVERY_SECOND, init=2.5, **{SETTINGS_IN: 9.0})
    calls = bench.loop()
    assert calls.should_save_final_snapshot()
    calls.save_final_snapshot(STATE)
    assert [(final, next_time) for _, final, _, next_time in bench.snapshots.saved] == [(True, 2.5)]
    assert bench.snapshots.ends == 1


@pytest.mark.parametrize(("goes_on", "is_due"), [(True, False), (False, True)])
def test_at_the_end_a_snapshot_is_made_where_that_was_asked_for(goes_on, is_due):
    bench = Bench(AT_END_ONLY, goes_on=goes_on, init=1.0)
    assert bench.loop().should_save_final_snapshot() is is_due


def test_for_a_model_without_state_it_is_made_between_its_passes():
    bench = Bench(AT_END_ONLY, flags=STATELESS)
    assert bench.calls.has_to_save_implicitly
    bench.calls.before_receiving_ahead()
    bench.calls.after_receiving_ahead(goes_on=True)
    assert bench.snapshots.saved == []
    bench.calls.after_receiving_ahead(goes_on=False)
    assert bench.snapshots.saved == [(None, True, (AT_END,), None)]
    assert bench.snapshots.ends == 1


@pytest.mark.parametrize(
    ("flags", "rules"),
    [(STATELESS, Checkpoints()), (USES_API, AT_END_ONLY), (USES_API | STATELESS, AT_END_ONLY)],
)
def test_otherwise_nothing_is_made_for_it(flags, rules):
    bench = Bench(rules, flags=flags)
    bench.calls.before_receiving_ahead()
    bench.calls.after_receiving_ahead(goes_on=False)
    assert bench.snapshots.saved == []
    assert bench.snapshots.ends == 0


EVERY_MINUTE = Checkpoints(wallclock_time=(CheckpointRangeRule(60.0),))


def test_who_calls_others_says_how_far_its_snapshots_answer():
    bench = Bench(EVERY_MINUTE)
    calls = bench.loop()
    assert bench.communicator.saved_until == 0.0
    bench.clock.advance(59)
    assert not calls.should_save_snapshot(1.0)
    assert bench.communicator.saved_until == 59.0
    bench.clock.advance(2)
    assert calls.should_save_snapshot(2.0)
    calls.save_snapshot(STATE)
    assert bench.communicator.saved_until == 61.0


def test_without_rules_on_the_wall_clock_there_is_nothing_to_say():
    bench = Bench(EVERY_SECOND)
    bench.loop().should_save_snapshot(1.0)
    assert bench.communicator.saved_until is None


def test_who_is_called_saves_when_its_callers_have_and_passes_that_on():
    bench = Bench(EVERY_MINUTE, is_called=True, f_init=1.0, other=1.0)
    bench.receiver.said = {"f_init": 0.0, "other": 0.0}
    bench.begin()
    bench.calls.should_init()
    bench.clock.advance(70)
    assert not bench.calls.should_save_final_snapshot()  # they have not saved before their calls
    bench.receiver.said = {"f_init": 50.0, "other": 65.0}
    bench.loop()
    assert bench.calls.should_save_final_snapshot()
    bench.calls.save_final_snapshot(STATE)
    assert bench.snapshots.saved[-1][2] == ("wallclock_time >= 60.0",)
    assert bench.communicator.saved_until == 65.0


def test_who_is_called_saves_by_its_own_clock_while_its_callers_wait():
    bench = Bench(EVERY_MINUTE, is_called=True, f_init=1.0)
    bench.receiver.said = {"f_init": 0.0}
    bench.begin()
    bench.calls.should_init()
    bench.clock.advance(70)
    assert bench.calls.should_save_snapshot(1.0)
    bench.calls.save_snapshot(STATE)
    assert bench.communicator.saved_until == 70.0
    bench.receiver.said = {"f_init": 65.0}
    assert not bench.calls.should_save_final_snapshot()  # it has answered for that
    assert bench.communicator.saved_until == 70.0


@pytest.mark.parametrize(("is_called", "said"), [(False, {"f_init": 0.0}), (True, {})])
def test_who_is_called_once_or_by_who_says_nothing_has_its_own_clock(is_called, said):
    bench = Bench(EVERY_MINUTE, is_called=is_called, f_init=1.0, other=1.0)
    bench.receiver.said = said
    bench.loop()
    bench.clock.advance(70)
    assert bench.calls.should_save_final_snapshot()
