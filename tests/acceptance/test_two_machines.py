"""A run on two machines."""

from collections.abc import Iterator

import pytest

from tests.support.by_hand import manual_manager, start_instance
from tests.support.machines import Machine, recorded_packets, two_machines
from tests.support.workspace import Workspace

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
    workspace.change("macro.py", "None, step)", f"None, {MARKER!r})")
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
