"""A simulation goes on when its snapshots cannot be stored, and says so."""

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
    """What is mounted stays until the end of the test."""
    with ExitStack() as stack:
        yield stack


def run(before_start=lambda run_directory: None, **options):
    """Run to the end; return the manager, and what it told of snapshots."""
    told = []
    with Manager(MODEL, checkpoints=EACH_STEP, **options) as manager:
        manager.subscribe(told.append)
        before_start(manager.run_directory)
        manager.start_all()
        result = manager.wait()
    assert result.succeeded, result.cause
    return manager, [item for item in told if isinstance(item, (SnapshotAnnounced, SnapshotFailed))]


def total(manager):
    return (manager.run_directory / "instances" / "macro" / "stdout.txt").read_text()


@as_root
def test_on_a_full_disk_what_was_stored_before_can_be_resumed_from(mounts):
    manager, told = run(
        lambda run: mounts.enter_context(small_disk(run / SNAPSHOTS_OF_MACRO, size="200k"))
    )
    failed = [item for item in told if isinstance(item, SnapshotFailed)]
    announced = [item for item in told if isinstance(item, SnapshotAnnounced)]
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
def test_in_a_read_only_directory_the_simulation_goes_on_without_snapshots(mounts):
    manager, told = run(lambda run: mounts.enter_context(read_only(run / SNAPSHOTS_OF_MACRO)))
    assert [type(item) for item in told] == [SnapshotFailed] * STEPS
    assert all(item.instance == "macro" for item in told)
    assert "Read-only file system" in told[0].problem
    assert told[0].problem in manager.log_tail()
    assert total(manager)


@as_root
def test_workflow_snapshots_that_cannot_be_written_are_told_of_as_well(mounts):
    manager, told = run(lambda run: mounts.enter_context(read_only(run / "snapshots")))
    assert {type(item) for item in told} == {SnapshotFailed}
    assert all(item.instance == "" for item in told)
    assert "Read-only file system" in told[0].problem
    assert "a workflow snapshot could not be written" in manager.log_tail()
    assert total(manager)
