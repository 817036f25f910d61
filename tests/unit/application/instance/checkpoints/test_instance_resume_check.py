"""Checks of whether an instance can resume from a snapshot."""

import pytest

from application.instance.checkpoints.instance_resume_check import check_instance_resume
from domain.checkpointing.instance_snapshot import CommunicatorState, Snapshot
from domain.coupling.flags import InstanceFlags
from domain.coupling.messages import Message
from domain.coupling.ports import Operator, Port, PortState
from domain.coupling.settings import Settings
from domain.errors import InconsistentSnapshot
from domain.identity import Reference

SAVES = InstanceFlags.USES_CHECKPOINT_API
STATELESS = InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE
STATE = Message(1.0, None, "state")


def check(*, message=STATE, flags=SAVES, instance="macro", **counts):
    ports = {
        "init": PortState(Port("init", Operator.F_INIT), is_connected=True, length=None),
        "out": PortState(Port("out", Operator.O_I), is_connected=True, length=2),
        "parts": PortState(
            Port("parts", Operator.O_F), is_connected=True, length=0, is_resizable=True
        ),
        "off": PortState(Port("off", Operator.O_F), is_connected=False, length=None),
    }
    counts = {"init": (1,), "out": (2, 2), "parts": (1, 1, 1), **counts}
    snapshot = Snapshot((), 0.0, True, message, Settings(), CommunicatorState(counts), instance)
    check_instance_resume(snapshot, "there", instance=Reference("macro"), ports=ports, flags=flags)


@pytest.mark.parametrize("instance", ["macro", ""])
def test_own_snapshot_and_snapshot_without_instance_name_are_accepted(instance):
    check(instance=instance)
    check(instance=instance, message=None, flags=STATELESS)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"instance": "micro"}, "it is a snapshot of 'micro'"),
        ({"message": None}, "no state of the model.*now it passes USES_CHECKPOINT_API"),
        ({"message": None, "flags": InstanceFlags(0)}, "no state.*now it passes neither"),
        ({"flags": STATELESS}, "a state of the model, which would be lost"),
        ({"flags": InstanceFlags(0)}, "a state of the model, which would be lost"),
        ({"out": (1, 1, 1)}, "port 'out' had 3 slots, and now has 2"),
        ({"init": (1, 1)}, "port 'init' had 2 slots, and now has 1"),
        ({"off": (1,)}, "port 'off' had passed messages"),
    ],
)
def test_differences_are_rejected_and_described(changes, text):
    with pytest.raises(
        InconsistentSnapshot, match=f"'macro' cannot be resumed from 'there': .*{text}"
    ):
        check(**changes)
