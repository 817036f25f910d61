"""Resumed runs continue exactly as whole runs do, for every coupling pattern.

Each scenario is run in memory with many checkpoints, and resumed from every workflow snapshot; see
``tests/support/in_memory_resume.py``.
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest

from adapters.system.clock import SystemClock
from domain.checkpointing.workflow_snapshot import WorkflowSnapshot
from domain.identity import Reference
from domain.model.checkpoint_rules import CheckpointAtRule, CheckpointRangeRule, Checkpoints
from domain.model.configuration import Configuration
from tests.support.in_memory_resume import (
    MemoryRun,
    check_is_rest_of,
    other_workflow_snapshots,
    resume_in_memory,
    run_in_memory,
    scenario,
    timely_workflow_snapshots,
)

FREQUENT_CHECKPOINTS = Checkpoints(at_end=True, simulation_time=(CheckpointRangeRule(0.125),))
FEWEST_SNAPSHOTS = {
    "checkpoints_ensemble": 2,
    "checkpoints_resizable": 4,
    "dispatch": 1,
    "filter_last": 4,
    "filter_last_late": 7,
    "filter_last_pad": 6,
    "filter_last_repeat": 6,
    "filter_last_to_root": 3,
    "filter_pad": 2,
    "filter_repeat": 2,
    "filter_two_levels": 6,
    "instance_set_nested": 10,
    "interact": 2,
    "nested": 5,
}


def check_each_snapshot(
    configuration: Configuration,
    whole: MemoryRun,
    *,
    before: "MemoryRun | None" = None,
    seed: int = 0,
) -> int:
    """Check that each workflow snapshot can be resumed from; return the smallest number of them.

    The workflow snapshots are those of the whole run, or of a run resumed from it, and those that
    other speeds of the instances would have produced.
    """
    before = before or whole
    certain = [
        *timely_workflow_snapshots(configuration, before),
        *other_workflow_snapshots(configuration, before, seed=seed),
    ]
    for resume in _different([*before.workflow_snapshots, *certain]):
        resumed = resume_in_memory(configuration, before, resume)
        check_is_rest_of(whole, resumed, before, resume)
    return len(_different(certain))


def _different(found: Collection[WorkflowSnapshot]) -> list[Mapping[Reference, str]]:
    """Return the sets of snapshots to resume from, without duplicates."""
    return list({tuple(item.resume().values()): item.resume() for item in found}.values())


@pytest.mark.parametrize(("pattern", "fewest"), FEWEST_SNAPSHOTS.items())
def test_run_resumed_from_any_workflow_snapshot_continues_as_the_whole_run(pattern, fewest):
    configuration = scenario(pattern, FREQUENT_CHECKPOINTS)
    whole = run_in_memory(configuration)
    assert check_each_snapshot(configuration, whole) >= fewest
    # the newest one does not depend on the order
    newest = timely_workflow_snapshots(configuration, whole)[-1]
    assert whole.workflow_snapshots[-1].resume() == newest.resume()


@pytest.mark.parametrize("steps", [[2, 0, 3], [0, 0, 2, 2]])
def test_empty_message_of_last_does_not_end_checkpoints(steps):
    configuration = scenario(
        "filter_last", FREQUENT_CHECKPOINTS, **{"macro.steps": [6], "meso.steps": steps}
    )
    whole = run_in_memory(configuration)
    assert check_each_snapshot(configuration, whole) >= 8


NEVER, ONCE_FIRST, ONCE_LAST, NOW_AND_THEN = [0], [1, 0], [0, 0, 0, 0, 0, 1], [0, 2, 0, 0, 1, 0]


@pytest.mark.parametrize("stateless", [(), ("micro", "recorder")], ids=["saving", "stateless"])
@pytest.mark.parametrize(
    ("steps", "fewest"), [(NEVER, 6), (ONCE_FIRST, 1), (ONCE_LAST, 6), (NOW_AND_THEN, 3)]
)
def test_uncalled_model_does_not_prevent_resuming_the_others(steps, fewest, stateless):
    configuration = scenario("filter_last_late", FREQUENT_CHECKPOINTS, **{"meso.steps": steps})
    configuration = _keeping_state(configuration, but=stateless)
    whole = run_in_memory(configuration)
    assert check_each_snapshot(configuration, whole) >= fewest
    middle = whole.workflow_snapshots[len(whole.workflow_snapshots) // 2].resume()
    again = resume_in_memory(configuration, whole, middle)
    check_each_snapshot(configuration, whole, before=again)


@pytest.mark.parametrize(
    "checkpoints",
    [
        Checkpoints(at_end=True),
        Checkpoints(wallclock_time=(CheckpointRangeRule(0.0005),)),
        Checkpoints(simulation_time=(CheckpointAtRule((-2.5, -1.0)), CheckpointRangeRule(0.5))),
    ],
    ids=["at_end", "wallclock", "negative_times"],
)
@pytest.mark.parametrize("pattern", ["checkpoints_resizable", "filter_last", "interact", "nested"])
def test_all_rules_lead_to_resumable_workflow_snapshots(pattern, checkpoints):
    configuration = scenario(pattern, checkpoints, start=-3.0)
    for seed in range(3):  # instances of different speeds
        check_each_snapshot(configuration, run_in_memory(configuration), seed=seed)


class RandomClock(SystemClock):
    """Advances by a random time with each query."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._now = 0.0

    def monotonic(self) -> float:
        self._now += self._chance.random()
        return self._now


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("pattern", "caller", "every", "settings"),
    [
        ("dispatch_in_loop", "macro", 9.0, {}),
        ("macro_micro", "macro", 9.0, {}),
        ("nested", "driver", 200.0, {"solver.coarse.steps": [3]}),
    ],
)
def test_wall_clock_checkpoints_of_caller_and_callees_fit_together(
    pattern, caller, every, settings, seed
):
    rules = Checkpoints(at_end=True, wallclock_time=(CheckpointRangeRule(every),))
    steps = {"steps": [0], **settings, f"{caller}.steps": [20], "whole_steps": True}
    configuration = scenario(pattern, rules, **steps)
    run = run_in_memory(configuration, clock=RandomClock(seed))
    made = [name for name in run.snapshots if name.startswith(f"in_memory:{caller}_")]
    found = timely_workflow_snapshots(configuration, run)
    used = {name for item in found for name in item.resume().values()}
    # no calls after the last step
    assert len(used.intersection(made)) >= len(made) - 1 > 1


@pytest.mark.parametrize("pattern", ["filter_last", "filter_two_levels", "interact", "nested"])
def test_stateless_components_get_implicit_snapshots(pattern):
    configuration = scenario(pattern, FREQUENT_CHECKPOINTS)
    names = [str(name) for name in configuration.programs]
    configuration = _keeping_state(configuration, but=names)
    check_each_snapshot(configuration, run_in_memory(configuration))


def _keeping_state(configuration: Configuration, *, but: Collection[str]) -> Configuration:
    programs = {
        name: replace(
            program, env={**program.env, "STATE": "none" if str(name) in but else "saved"}
        )
        for name, program in configuration.programs.items()
    }
    return replace(configuration, programs=programs)


@pytest.mark.parametrize("pattern", ["checkpoints_ensemble", "filter_last_pad", "interact"])
def test_resumed_runs_can_be_resumed_with_and_without_checkpoints(pattern):
    configuration = scenario(pattern, FREQUENT_CHECKPOINTS)
    whole = run_in_memory(configuration)
    middle = whole.workflow_snapshots[len(whole.workflow_snapshots) // 2].resume()
    again = resume_in_memory(configuration, whole, middle)
    assert again.workflow_snapshots[0].resume()  # the resumed snapshots are registered at the start
    check_each_snapshot(configuration, whole, before=again)
    silent = replace(configuration, checkpoints=Checkpoints())
    check_is_rest_of(whole, resume_in_memory(silent, whole, middle), whole, middle)


def test_instances_without_a_snapshot_start_from_scratch():
    configuration = scenario("dispatch", FREQUENT_CHECKPOINTS, steps=[2])
    whole = run_in_memory(configuration)
    partial = [
        item for item in other_workflow_snapshots(configuration, whole, seed=0) if item.from_scratch
    ]
    assert partial
    for resume in (snapshot.resume() for snapshot in partial):
        resumed = resume_in_memory(configuration, whole, resume)
        check_is_rest_of(whole, resumed, whole, resume)
