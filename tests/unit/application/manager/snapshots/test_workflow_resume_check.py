"""Checks of the snapshots that a configuration names, before the start of a run."""

from dataclasses import replace

import pytest

from adapters.in_memory.run_directory import InMemoryRunDirectory
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository
from application.manager.snapshots.snapshot_stores import SnapshotStores
from application.manager.snapshots.workflow_resume_check import WorkflowResumeCheck
from domain.checkpointing.instance_snapshot import CommunicatorState, Snapshot
from domain.checkpointing.workflow_snapshot import WorkflowSnapshot, describe
from domain.coupling.messages import Message
from domain.coupling.settings import Settings
from domain.errors import InconsistentSnapshot
from domain.identity import Reference
from domain.model.configuration import ExecutionModel, ResumeOrigin
from tests.support.models import configuration

MACRO, MICRO = Reference("macro"), Reference("micro")
CONFIGURATION = configuration("macro o_i -> micro f_init\nmicro o_f -> macro s")
COUNTS = {MACRO: {"o_i": (2,), "s": (2,)}, MICRO: {"f_init": (2,), "o_f": (2,)}}
WORKDIR = "/in_memory/run/instances/macro/workdir"


class Bench:
    """A resume check with snapshots in memory."""

    def __init__(self):
        self.store = InMemorySnapshotStore()
        self.stores = SnapshotStores(lambda _: self.store)
        repository = MsgPackSnapshotRepository(lambda _: self.store)
        self._check = WorkflowResumeCheck(stores=self.stores, repository=repository)
        self.run_directory = InMemoryRunDirectory()

    def put(self, location, instance):
        """Store a fitting snapshot of an instance at a location; return the location."""
        state = CommunicatorState(COUNTS[instance])
        snapshot = Snapshot((), 0.0, True, Message(1.0), Settings(), state, str(instance))
        stored = MsgPackSnapshotRepository(lambda _: self.store).add(None, instance, 1, snapshot)
        self.store.snapshots[location] = self.store.snapshots.pop(stored)
        return location

    def check(self, macro, micro, **changes):
        resumed = replace(CONFIGURATION, resume={MACRO: macro, MICRO: micro}, **changes)
        return self._check.check(resumed)

    def check_relative(self, macro, micro, **changes):
        resumed = replace(CONFIGURATION, resume={MACRO: macro, MICRO: micro}, **changes)
        return self._check.check_relative(resumed, self.run_directory)


@pytest.fixture
def bench():
    return Bench()


def test_fitting_snapshots_are_accepted(bench):
    assert bench.check(bench.put("/a", MACRO), bench.put("s3://b/c", MICRO)) == []


def test_absolute_paths_are_checked(bench):
    with pytest.raises(InconsistentSnapshot, match="'/absent' cannot be used"):
        bench.check("/absent", bench.put("/b", MICRO))


def test_relative_paths_are_not_checked_before_the_run_directory_exists(bench):
    assert bench.check("absent", "/absent") == ()


def test_origin_of_the_configuration_is_checked(bench):
    locations = bench.put("/a", MACRO), bench.put("/b", MICRO)
    with pytest.raises(InconsistentSnapshot, match="are of model 'other'"):
        bench.check(*locations, resume_origin=ResumeOrigin("other"))


def test_description_is_checked_if_the_origin_is_unknown(bench):
    locations = bench.put("/a", MACRO), bench.put("/b", MICRO)
    description = describe(WorkflowSnapshot("other", ()), taken="today")
    with pytest.raises(InconsistentSnapshot, match="are of model 'other'"):
        bench.check(*locations, description=description)
    assert bench.check(*locations, description=description, resume_origin=ResumeOrigin()) == []


def test_relative_path_starts_in_the_working_directory_of_the_instance(bench):
    bench.put(f"{WORKDIR}/a", MACRO)
    assert bench.check_relative("a", bench.put("/b", MICRO)) == []


def test_missing_file_at_a_relative_path_is_rejected_with_advice(bench):
    with pytest.raises(InconsistentSnapshot) as caught:
        bench.check_relative("a", bench.put("/b", MICRO))
    assert f"would be '{WORKDIR}/a', but that file does not exist" in str(caught.value)
    assert "use absolute ones" in str(caught.value)


def test_mismatched_snapshot_at_a_relative_path_is_rejected(bench):
    bench.put(f"{WORKDIR}/a", MICRO)
    with pytest.raises(InconsistentSnapshot, match="this is a snapshot of 'micro'"):
        bench.check_relative("a", bench.put("/b", MICRO))


def test_absolute_paths_are_not_checked_again(bench):
    assert bench.check_relative("/absent", "/absent") == ()


def test_relative_path_of_a_manually_started_instance_is_not_checked(bench):
    programs = {
        name: replace(program, execution_model=ExecutionModel.MANUAL)
        for name, program in CONFIGURATION.programs.items()
    }
    assert bench.check_relative("absent", "/absent", programs=programs) == ()
