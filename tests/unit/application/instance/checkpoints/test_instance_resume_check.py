"""An instance goes on from a snapshot of its own only, and only if nothing is forgotten."""

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
def test_its_own_snapshot_fits_and_one_of_which_nobody_knows_whose_it_is(instance):
    check(instance=instance)
    check(instance=instance, message=None, flags=STATELESS)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"instance": "micro"}, "it is a snapshot of 'micro'"),
        ({"message": None}, "no state of the model in it.*now the model says USES_CHECKPOINT_API"),
        ({"message": None, "flags": InstanceFlags(0)}, "no state.*does not say so any more"),
        ({"flags": STATELESS}, "a state of the model in it, which would be lost"),
        ({"flags": InstanceFlags(0)}, "a state of the model in it, which would be lost"),
        ({"out": (1, 1, 1)}, "port 'out' had 3 slots, and has 2 now"),
        ({"init": (1, 1)}, "port 'init' had 2 slots, and has 1 now"),
        ({"off": (1,)}, "port 'off' had passed messages"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_differs(changes, text):
    with pytest.raises(
        InconsistentSnapshot, match=f"'macro' cannot be resumed from 'there': .*{text}"
    ):
        check(**changes)
