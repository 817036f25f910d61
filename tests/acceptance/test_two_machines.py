"""A run on two machines."""

from collections.abc import Iterator

import pytest

from tests.support.by_hand import manual_manager, start_instance
from tests.support.conditions import wait_until
from tests.support.machines import (
    Machine,
    cut_off,
    listening_port,
    recorded_packets,
    retransmissions,
    two_machines,
)
from tests.support.workspace import Workspace

pytestmark = pytest.mark.slow

MARKER = "a marker that only programs of the run may read"


@pytest.fixture
def machines() -> Iterator[tuple[Machine, Machine]]:
    with two_machines() as both:
        yield both


def test_messages_and_settings_are_unreadable_between_machines(
    workspace: Workspace, machines: tuple[Machine, Machine]
):
    here, there = machines
    workspace.change("model.ymmsl", "macro.steps: 2", f"macro.steps: 2\n  note: {MARKER}")
    workspace.change("macro.py", "step + 1.0, step)", f"step + 1.0, {MARKER!r})")
    workspace.change("micro.py", "message.data + k", "message.data")
    packets = workspace.folder / "packets"
    with (
        recorded_packets(there, packets),
        manual_manager(workspace, "--listen", here.address, prefix=here.run) as (
            manager,
            environment,
        ),
        start_instance(workspace, "macro", environment, prefix=here.run) as macro,
        start_instance(workspace, "micro", environment, prefix=there.run) as micro,
    ):
        assert here.address in environment["MUSCLE_MANAGER"]
        for program in (macro, micro, manager):
            outcome = program.finish()
            assert outcome.exit_code == 0, outcome.text
    seen = packets.read_bytes()
    assert here.address.encode() not in seen  # part of each location
    assert MARKER.encode() not in seen
    assert len(seen) > 5000


SENDS_WHEN_CUT_OFF = """\
import time
from pathlib import Path

from conjoin import Instance, Message, Operator

folder = Path({folder!r})
instance = Instance({{Operator.O_I: ["state_out"], Operator.S: ["state_in"]}})
while instance.reuse_instance():
    (folder / "ready").touch()
    while not (folder / "cut").exists():
        time.sleep(0.01)
    instance.send("state_out", Message(0.0, None, 0))
    instance.receive("state_in")
"""


def test_network_cut_longer_than_the_receive_timeout_is_not_a_deadlock(
    workspace: Workspace, machines: tuple[Machine, Machine]
):
    here, there = machines
    timeout = "macro.steps: 2\n  muscle_deadlock_receive_timeout: 0.5"
    workspace.change("model.ymmsl", "macro.steps: 2", timeout)
    workspace.write("macro.py", SENDS_WHEN_CUT_OFF.format(folder=str(workspace.folder)))
    with (
        manual_manager(workspace, "--listen", here.address, prefix=here.run) as (
            manager,
            environment,
        ),
        start_instance(workspace, "macro", environment, prefix=here.run) as macro,
        start_instance(workspace, "micro", environment, prefix=there.run) as micro,
    ):
        wait_until((workspace.folder / "ready").exists)
        port = listening_port(here, macro.process.pid)
        # the message of macro is lost, while both can still report to the manager that they wait
        with cut_off(here, port):
            (workspace.folder / "cut").touch()
            wait_until(lambda: retransmissions(here, port) >= 5)
        for program in (macro, micro, manager):
            outcome = program.finish()
            assert outcome.exit_code == 0, outcome.text
            assert "eadlock" not in outcome.text
