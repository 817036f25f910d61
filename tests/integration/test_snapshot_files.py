"""The real MUSCLE3 reads our snapshot files."""

import subprocess

import numpy as np
import pytest

from adapters.snapshot_files.msgpack_snapshot import MsgPackSnapshot
from domain.checkpointing.instance_snapshot import CommunicatorState, Snapshot
from domain.coupling.messages import Message
from domain.coupling.settings import Settings
from tests.support.muscle3 import require_muscle3

SNAPSHOT = Snapshot(
    ("simulation_time >= 2.0",),
    1.25,
    False,
    Message(2.5, None, {"step": 7, "array": np.arange(3.0)}),
    Settings({"x": 1}),
    CommunicatorState({"out": (4,)}, reduced_counts={"out -> b.in": (1,)}),
)


@pytest.mark.muscle3
@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (SNAPSHOT, ["Intermediate", "2.5", "1.25", "simulation_time >= 2.0", "'step': 7"]),
        (SNAPSHOT._replace(message=None, is_final_snapshot=True), ["Final", "No data available"]),
    ],
)
def test_muscle3_command_shows_our_snapshots(tmp_path, snapshot, expected):
    path = tmp_path / "macro_1.pack"
    path.write_bytes(MsgPackSnapshot.encode(snapshot))
    program = require_muscle3().muscle3
    done = subprocess.run(
        [program, "snapshot", "--verbose", "--data", path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for text in expected:
        assert text in done.stdout
