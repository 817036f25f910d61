"""A simulation whose snapshots cannot be stored continues, and reports it."""

from contextlib import ExitStack

import pytest

from domain.model.checkpoint_rules import CheckpointRangeRule, Checkpoints
from domain.running.events import SnapshotAnnounced, SnapshotFailed
from entrypoints.manager import Manager
from tests.support.mounts import as_root, read_only, small_disk
from tests.support.pair import with_programs

STEPS = 8
MACRO = f"""\
from entrypoints.instance import Instance, InstanceFlags, Message, Operator
ports = {{Operator.O_I: ["out"], Operator.S: ["in"]}}
instance = Instance(ports, InstanceFlags.USES_CHECKPOINT_API)
while instance.reuse_instance():
    step, total = 0, 0.0
    if instance.resuming():
        step, total, _ = instance.load_snapshot().data
    instance.should_init()
    while step < {STEPS}:
        instance.send("out", Message(float(step), None, total))
        total += instance.receive("in").data
        step += 1
        if instance.should_save_snapshot(float(step)):
            instance.save_snapshot(Message(float(step), None, [step, total, bytes(40_000)]))
    print("total", total)
    if instance.should_save_final_snapshot():
        instance.save_final_snapshot(Message(float(step), None, [step, total, b""]))
"""
MICRO = """\
from entrypoints.instance import Instance, InstanceFlags, Message, Operator
ports = {Operator.F_INIT: ["init"], Operator.O_F: ["final"]}
instance = Instance(ports, InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE)
while instance.reuse_instance():
    message = instance.receive("init")
    instance.send("final", Message(message.timestamp, None, message.data / 3 + 1))
"""
MODEL = with_programs(macro=MACRO, micro=MICRO)
EACH_STEP = Checkpoints(simulation_time=(CheckpointRangeRule(1.0),))
SNAPSHOTS_OF_MACRO = "instances/macro/snapshots"


@pytest.fixture
def mounts():
    """Keep mounts until the end of the test."""
    with ExitStack() as stack:
        yield stack


def run(before_start=lambda run_directory: None, **options):
    """Run to the end; return the manager, and its events about snapshots."""
    events = []
    with Manager(MODEL, checkpoints=EACH_STEP, **options) as manager:
        manager.subscribe(events.append)
        before_start(manager.run_directory)
        manager.start_all()
        result = manager.wait()
    assert result.succeeded, result.cause
    return manager, [
        item for item in events if isinstance(item, (SnapshotAnnounced, SnapshotFailed))
    ]


def total(manager):
    return (manager.run_directory / "instances" / "macro" / "stdout.txt").read_text()


@as_root
def test_full_disk_keeps_earlier_snapshots_resumable(mounts):
    manager, events = run(
        lambda run: mounts.enter_context(small_disk(run / SNAPSHOTS_OF_MACRO, size="200k"))
    )
    failed = [item for item in events if isinstance(item, SnapshotFailed)]
    announced = [item for item in events if isinstance(item, SnapshotAnnounced)]
    assert len(failed) + len(announced) == STEPS
    assert announced
    assert failed
    assert all(item.instance == "macro" for item in failed)
    assert all("No space left on device" in item.problem for item in failed)
    assert failed[0].problem in manager.log_tail()
    resumed, _ = run(resume=manager.run_directory)
    assert resumed.resumed_from == announced[-1].location
    assert total(resumed) == total(manager)


@as_root
def test_read_only_directory_does_not_end_the_simulation(mounts):
    manager, events = run(lambda run: mounts.enter_context(read_only(run / SNAPSHOTS_OF_MACRO)))
    assert [type(item) for item in events] == [SnapshotFailed] * STEPS
    assert all(item.instance == "macro" for item in events)
    assert "Read-only file system" in events[0].problem
    assert events[0].problem in manager.log_tail()
    assert total(manager)


@as_root
def test_workflow_snapshots_that_cannot_be_written_are_reported(mounts):
    manager, events = run(lambda run: mounts.enter_context(read_only(run / "snapshots")))
    assert {type(item) for item in events} == {SnapshotFailed}
    assert all(item.instance == "" for item in events)
    assert "Read-only file system" in events[0].problem
    assert "a workflow snapshot could not be written" in manager.log_tail()
    assert total(manager)
