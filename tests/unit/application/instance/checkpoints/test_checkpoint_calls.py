"""The calls of the checkpoint API, and implicit snapshots."""

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
    """Records what is saved."""

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
    """Holds messages for the next pass, with the given timestamps by port."""

    def __init__(self, **times):
        self._times = times
        self.saved_until = {}

    def calls(self):
        return [message for _, message in self.initial_messages()]

    def initial_messages(self):
        return [
            (
                PortState(Port(name, Operator.F_INIT), is_connected=True, length=None),
                PeerMessage(time, None, None, Settings(), None, 0, (), self.saved_until.get(name)),
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
def test_instance_that_saves_or_needs_no_state_is_accepted(flags):
    check_supports_checkpoints("macro", flags, CheckpointInfo(0.0, AT_END_ONLY))


def test_instance_without_support_is_accepted_without_checkpoints():
    check_supports_checkpoints("macro", NO_FLAGS, CheckpointInfo(0.0, Checkpoints()))


@pytest.mark.parametrize(
    ("info", "advice"),
    [
        (CheckpointInfo(0.0, AT_END_ONLY), "remove 'checkpoints:' from the yMMSL file"),
        (CheckpointInfo(0.0, Checkpoints(), on_request=True), "leave out --checkpoint-on-term"),
    ],
)
def test_instance_without_support_is_rejected_with_advice(info, advice):
    with pytest.raises(UsageError, match=f"instance 'macro' does not support them.*{advice}"):
        check_supports_checkpoints("macro", NO_FLAGS, info)


def test_instance_from_scratch_initialises_and_does_not_resume():
    bench = Bench(AT_END_ONLY)
    assert not bench.begin()
    assert bench.calls.should_init()


@pytest.mark.parametrize("intermediate", [True, False])
def test_resumed_instance_initialises_only_between_passes(intermediate):
    bench = Bench(AT_END_ONLY, snapshots=Snapshots("resumed", intermediate=intermediate))
    assert bench.begin()
    assert bench.calls.load_snapshot() == STATE
    assert bench.calls.should_init() is not intermediate


def test_only_the_first_pass_resumes():
    bench = Bench(AT_END_ONLY, snapshots=Snapshots("resumed", intermediate=True))
    bench.calls.note_pass_begun(is_first=False)
    assert not bench.begin()
    assert bench.calls.should_init()


def test_snapshot_has_triggers_and_covers_its_time():
    bench = Bench(EVERY_SECOND)
    calls = bench.loop()
    assert calls.should_save_snapshot(1.5)
    calls.accept_state(STATE)
    ((message, final, triggers, next_time),) = bench.snapshots.saved
    assert (message, final, next_time) == (STATE, False, None)
    assert triggers
    assert not calls.should_save_snapshot(1.9)
    assert calls.should_save_snapshot(2.0)


def test_due_snapshot_must_be_saved_before_the_next_call():
    calls = Bench(EVERY_SECOND).loop()
    assert calls.should_save_snapshot(1.5)
    with pytest.raises(CallOrderError, match=r"save_snapshot\(\) must be called first"):
        calls.should_save_final_snapshot()


def test_final_snapshot_covers_the_next_messages_but_not_settings():
    bench = Bench(EVERY_SECOND, init=2.5, **{SETTINGS_IN: 9.0})
    calls = bench.loop()
    assert calls.should_save_final_snapshot()
    calls.accept_final_state(STATE)
    assert [(final, next_time) for _, final, _, next_time in bench.snapshots.saved] == [(True, 2.5)]
    assert bench.snapshots.ends == 1


@pytest.mark.parametrize(("goes_on", "is_due"), [(True, False), (False, True)])
def test_final_snapshot_is_due_at_the_end_if_configured(goes_on, is_due):
    bench = Bench(AT_END_ONLY, goes_on=goes_on, init=1.0)
    assert bench.loop().should_save_final_snapshot() is is_due


def test_implicit_snapshot_is_made_between_passes():
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
def test_implicit_snapshot_is_not_made_otherwise(flags, rules):
    bench = Bench(rules, flags=flags)
    bench.calls.before_receiving_ahead()
    bench.calls.after_receiving_ahead(goes_on=False)
    assert bench.snapshots.saved == []
    assert bench.snapshots.ends == 0


EVERY_MINUTE = Checkpoints(wallclock_time=(CheckpointRangeRule(60.0),))


def test_caller_sends_the_time_covered_by_its_snapshots():
    bench = Bench(EVERY_MINUTE)
    calls = bench.loop()
    assert bench.communicator.saved_until == 0.0
    bench.clock.advance(59)
    assert not calls.should_save_snapshot(1.0)
    assert bench.communicator.saved_until == 59.0
    bench.clock.advance(2)
    assert calls.should_save_snapshot(2.0)
    calls.accept_state(STATE)
    assert bench.communicator.saved_until == 61.0


def test_covered_time_is_not_sent_without_wall_clock_rules():
    bench = Bench(EVERY_SECOND)
    bench.loop().should_save_snapshot(1.0)
    assert bench.communicator.saved_until is None


def test_called_instance_saves_after_its_callers_and_sends_the_covered_time():
    bench = Bench(EVERY_MINUTE, is_called=True, f_init=1.0, other=1.0)
    bench.receiver.saved_until = {"f_init": 0.0, "other": 0.0}
    bench.begin()
    bench.calls.should_init()
    bench.clock.advance(70)
    assert not bench.calls.should_save_final_snapshot()  # the callers had not saved before the call
    bench.receiver.saved_until = {"f_init": 50.0, "other": 65.0}
    bench.loop()
    assert bench.calls.should_save_final_snapshot()
    bench.calls.accept_final_state(STATE)
    assert bench.snapshots.saved[-1][2] == ("wallclock_time >= 60.0",)
    assert bench.communicator.saved_until == 65.0


def test_called_instance_follows_its_own_clock_while_its_callers_wait():
    bench = Bench(EVERY_MINUTE, is_called=True, f_init=1.0)
    bench.receiver.saved_until = {"f_init": 0.0}
    bench.begin()
    bench.calls.should_init()
    bench.clock.advance(70)
    assert bench.calls.should_save_snapshot(1.0)
    bench.calls.accept_state(STATE)
    assert bench.communicator.saved_until == 70.0
    bench.receiver.saved_until = {"f_init": 65.0}
    assert not bench.calls.should_save_final_snapshot()  # already covered
    assert bench.communicator.saved_until == 70.0


@pytest.mark.parametrize(("is_called", "saved_until"), [(False, {"f_init": 0.0}), (True, {})])
def test_own_clock_is_used_if_called_once_or_if_callers_do_not_report(is_called, saved_until):
    bench = Bench(EVERY_MINUTE, is_called=is_called, f_init=1.0, other=1.0)
    bench.receiver.saved_until = saved_until
    bench.loop()
    bench.clock.advance(70)
    assert bench.calls.should_save_final_snapshot()
