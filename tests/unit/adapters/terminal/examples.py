"""Events and statuses to show."""

from domain.coupling.messages import Wait
from domain.running.events import InstanceState, InstanceStatus, StatusChanged

NOW = 1_795_212_216.0


def status(instance, state, **values):
    values.setdefault("since", NOW - 12.0)
    return InstanceStatus(instance, state, **values)


def changed(instance, state, **values):
    return StatusChanged(status(instance, state, **values))


RUNNING = status("macro", InstanceState.RUNNING, simulated_time=2.5)
WAITING = status(
    "micro[3]",
    InstanceState.WAITING,
    waiting_for=Wait("micro[3]", "macro", "init", 3),
    simulated_time=2.25,
)
