"""A program resumes a simulation and makes checkpoints, with a Manager."""

import pytest

from domain.errors import InconsistentSnapshot
from domain.model.checkpoint_rules import CheckpointAtRule, CheckpointRangeRule, Checkpoints
from entrypoints.manager import Manager
from tests.support.pair import with_programs

SAVES = """\
from entrypoints.instance import Instance, InstanceFlags, Message, Operator
ports = {Operator.O_I: ["out"], Operator.S: ["in"]}
instance = Instance(ports, InstanceFlags.USES_CHECKPOINT_API)
while instance.reuse_instance():
    step = instance.load_snapshot().data if instance.resuming() else 0
    instance.should_init()
    for time in range(step, 3):
        instance.send("out", Message(float(time)))
        instance.receive("in")
        if instance.should_save_snapshot(time + 1.0):
            instance.save_snapshot(Message(time + 1.0, None, time + 1))
    if instance.should_save_final_snapshot():
        instance.save_final_snapshot(Message(3.0, None, 3))
"""
STATELESS = """\
from entrypoints.instance import Instance, InstanceFlags, Message, Operator
ports = {Operator.F_INIT: ["init"], Operator.O_F: ["final"]}
instance = Instance(ports, InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE)
while instance.reuse_instance():
    instance.send("final", instance.receive("init"))
"""
MODEL = with_programs(macro=SAVES, micro=STATELESS)
EACH_STEP = Checkpoints(simulation_time=(CheckpointRangeRule(1.0),))


def run(**options):
    with Manager(MODEL, checkpoints=EACH_STEP, **options) as manager:
        manager.start_all()
        result = manager.wait()
        assert result.succeeded, result.cause
        return manager


def test_checkpoints_are_added_to_the_rules_of_the_files():
    more = "ymmsl_version: v0.2\ncheckpoints:\n  simulation_time:\n  - at: [2.0]\n"
    rules = Manager([MODEL, more], checkpoints=EACH_STEP).configuration.checkpoints
    assert rules == Checkpoints(
        simulation_time=(CheckpointAtRule((2.0,)), CheckpointRangeRule(1.0))
    )


def test_manager_resumes_from_the_latest_run():
    first = run()
    assert first.resumed_from is None
    second = run(resume="latest")
    assert second.resumed_from is not None
    assert second.resumed_from.startswith(str(first.run_directory))
    assert second.run_directory != first.run_directory
    assert run(resume=first.run_directory).resumed_from == second.resumed_from


def test_invalid_resume_raises_when_the_manager_is_created(folder):
    with pytest.raises(InconsistentSnapshot, match="No workflow snapshot of model"):
        Manager(MODEL, resume="latest")
    bad = f"ymmsl_version: v0.2\nresume:\n  macro: {folder}/nothing_1.pack\n"
    with pytest.raises(InconsistentSnapshot, match="there is nothing there"):
        Manager([MODEL, bad])
