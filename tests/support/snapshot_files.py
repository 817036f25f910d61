"""The snapshots that a run wrote."""

from pathlib import Path

from adapters.wire.snapshots import MsgPackSnapshot
from adapters.ymmsl_files.resume_files import YmmslWorkflowSnapshotFormat
from domain.identity import Reference
from domain.snapshots import CommunicatorState, Snapshot


def workflow_snapshots(run_dir: Path) -> list[Path]:
    """Those of a run, the oldest first; fails if there are none."""
    found = (run_dir / "snapshots").glob("snapshot_*.ymmsl")
    paths = sorted(found, key=lambda path: (path.name[:24], len(path.name), path.name))
    assert paths, "no workflow snapshot was written"
    return paths


def files_in(workflow_snapshot: Path) -> dict[Reference, Path]:
    """The files that a workflow snapshot names, per instance."""
    _, resume = YmmslWorkflowSnapshotFormat().load(workflow_snapshot.read_text())
    return {instance: Path(location) for instance, location in resume.items()}


def snapshot_in(file: Path) -> Snapshot:
    """What is in one of these."""
    return MsgPackSnapshot.decode(file.read_bytes(), name=str(file))


def state_in(file: Path) -> tuple[bytes, CommunicatorState]:
    """What snapshots of ours and MUSCLE3's say of a state, to compare with others to the last bit.

    When and why it was made is left out, and in which order ports received their messages.
    """
    snapshot = snapshot_in(file)
    bare = snapshot._replace(
        triggers=(), wallclock_time=0.0, instance="", communicator=CommunicatorState({})
    )
    counts, timeline, messages, *_ = snapshot.communicator
    messages = sorted(messages, key=lambda item: (item.port, str(item.slot)))
    return MsgPackSnapshot.encode(bare), CommunicatorState(counts, timeline, tuple(messages))


def state_at_the_end(run_dir: Path) -> dict[Reference, tuple[bytes, CommunicatorState]]:
    """What the last snapshots of a run hold."""
    last = files_in(workflow_snapshots(run_dir)[-1])
    return {instance: state_in(file) for instance, file in last.items()}


def check_resumed(run_dir: Path, workflow_snapshot: Path) -> None:
    """Check that all instances resumed: they store again what they resumed from."""
    for instance, path in files_in(workflow_snapshot).items():
        (first,) = (run_dir / "instances" / str(instance) / "snapshots").glob("*_1.pack")
        assert state_in(first) == state_in(path)
