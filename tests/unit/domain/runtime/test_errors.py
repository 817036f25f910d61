import pickle

import pytest

from domain.runtime.errors import (
    HostLost,
    RemoteFailure,
    Unpicklable,
    Unsupported,
    ValueLost,
)
from domain.runtime.hosts import Capability, LossKind, LossReason

REASON = LossReason(LossKind.KILLED, "was killed by signal 9 (SIGKILL)", signal=9)


@pytest.mark.parametrize(
    "error",
    [
        HostLost("worker:0:1@00000001", REASON, perhaps_done=True),
        ValueLost("k", "it was released"),
        Unsupported(Capability.PLACES, "ray"),
        Unsupported(Capability.GROWS, "inline", "Start the run with num_workers=3"),
        Unpicklable("model.lock", "it is a lock"),
        RemoteFailure("ValueError", "no", "Traceback …"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_engine_error_survives_pickling(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_loss_of_a_host_names_host_and_reason():
    error = HostLost("worker:0:1@00000001", REASON, perhaps_done=False)
    assert str(error) == "worker:0:1@00000001 is lost: it was killed by signal 9 (SIGKILL)"
