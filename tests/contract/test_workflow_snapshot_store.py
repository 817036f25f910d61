"""Contract of WorkflowSnapshotStore."""

import re
import threading
from abc import ABC, abstractmethod
from datetime import datetime
from pathlib import Path

import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.filesystem.workflow_snapshot_store import FilesystemWorkflowSnapshotStore
from adapters.in_memory.clock import ManualClock
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.in_memory.workflow_snapshot_store import InMemoryWorkflowSnapshotStore
from adapters.ymmsl_files.source import YmmslConfigurationSource
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.checkpointing.workflow_snapshot import RegisteredSnapshot, WorkflowSnapshot
from domain.identity import Reference
from domain.model.configuration import ResumeOrigin

MACRO = Reference("macro")
MICRO = Reference("micro[0]")


def workflow_snapshot(store, number=1):
    snapshots = []
    for name, final, time in ((MACRO, False, 1.5), (MICRO, True, float("nan"))):
        location = store.store(name, number, b"x")
        metadata = SnapshotMetadata(("at_end",), 2.5, time, None, {}, final, location)
        snapshots.append(RegisteredSnapshot(name, number, metadata))
    return WorkflowSnapshot("model", tuple(snapshots), (Reference("late"),))


class Reports(list):
    """Records results; `wait` waits for a number of them."""

    def __init__(self):
        super().__init__()
        self._changed = threading.Condition()

    def __call__(self, report):
        with self._changed:
            self.append(report)
            self._changed.notify_all()

    def wait(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self) >= count, timeout=60)


class WorkflowSnapshotStoreContract(ABC):
    """Subclass it for each adapter."""

    @abstractmethod
    def make(self, folder: Path):
        """Return an empty store, and the same store with the instance snapshots that it names."""

    def ensure_stored_in(self, store):
        """Return a function that checks that a snapshot is in a store."""

        def ensure_stored(snapshot):
            self.ensured.append((snapshot.instance, snapshot.number))
            location = snapshot.metadata.snapshot_filename
            store.secure(location)
            return self.renamed.get(snapshot.instance, location)

        return ensure_stored

    @pytest.fixture(autouse=True)
    def make_store(self, tmp_path):
        self.ensured = []
        self.renamed = {}
        self.workflow_snapshots, self.store = self.make(tmp_path)
        self.reports = Reports()
        yield
        self.workflow_snapshots.close()

    def test_announced_workflow_snapshot_is_listed(self):
        snapshot = workflow_snapshot(self.store)
        self.workflow_snapshots.announce(snapshot, self.reports)
        self.reports.wait(1)
        (stored,) = self.workflow_snapshots.list()
        assert self.reports == [(snapshot, stored.location, "")]
        assert stored.resume == snapshot.resume()
        assert not stored.problem

    def test_record_states_model_and_instances_from_scratch(self):
        self.workflow_snapshots.announce(workflow_snapshot(self.store), self.reports)
        self.reports.wait(1)
        (stored,) = self.workflow_snapshots.list()
        assert stored.origin == ResumeOrigin("model", frozenset({"late"}))

    def test_description_contains_triggers_and_times(self):
        self.workflow_snapshots.announce(workflow_snapshot(self.store), self.reports)
        self.reports.wait(1)
        lines = self.workflow_snapshots.list()[0].record.description.splitlines()
        assert lines[0].startswith("Workflow snapshot for model taken on ")
        assert "- at_end (macro, micro[0])" in lines
        assert [line.split() for line in lines[-3:]] == [
            ["macro", "1.5", "2.5", "Intermediate"],
            ["micro[0]", "nan", "2.5", "Final"],
            ["late", "-", "-", "From", "scratch"],
        ]

    def test_locations_are_unique_and_listed_oldest_first(self):
        announced = [workflow_snapshot(self.store, number) for number in range(1, 13)]
        for snapshot in announced:
            self.workflow_snapshots.announce(snapshot, self.reports)
        self.reports.wait(12)
        assert [item.resume for item in self.workflow_snapshots.list()] == [
            item.resume() for item in announced
        ]

    def test_workflow_snapshot_with_a_missing_snapshot_is_not_announced(self):
        snapshot = workflow_snapshot(self.store)
        self.store.remove(snapshot.resume()[MICRO])
        self.workflow_snapshots.announce(snapshot, self.reports)
        self.reports.wait(1)
        assert list(self.workflow_snapshots.list()) == []
        assert not self.reports[0].location
        assert snapshot.resume()[MICRO] in self.reports[0].problem

    def test_final_location_of_a_snapshot_is_recorded(self):
        self.renamed[MACRO] = "s3://bucket/macro_1.pack"
        snapshot = workflow_snapshot(self.store)
        self.workflow_snapshots.announce(snapshot, self.reports)
        self.reports.wait(1)
        (stored,) = self.workflow_snapshots.list()
        assert stored.resume == {**snapshot.resume(), MACRO: "s3://bucket/macro_1.pack"}

    def test_failed_announcement_does_not_block_the_next(self):
        bad, good = workflow_snapshot(self.store, 1), workflow_snapshot(self.store, 2)
        self.store.remove(bad.resume()[MICRO])
        self.workflow_snapshots.announce(bad, self.reports)
        self.workflow_snapshots.announce(good, self.reports)
        self.reports.wait(2)
        assert [item.resume for item in self.workflow_snapshots.list()] == [good.resume()]

    def test_read_returns_the_listed_workflow_snapshot(self):
        self.workflow_snapshots.announce(workflow_snapshot(self.store), self.reports)
        self.reports.wait(1)
        (stored,) = self.workflow_snapshots.list()
        assert self.workflow_snapshots.read(stored.location) == stored

    def test_removed_location_is_not_reused(self):
        first, second, third = (workflow_snapshot(self.store, number) for number in (1, 2, 3))
        self.workflow_snapshots.announce(first, self.reports)
        self.workflow_snapshots.announce(second, self.reports)
        self.reports.wait(2)
        self.workflow_snapshots.remove(self.reports[0].location)
        self.workflow_snapshots.announce(third, self.reports)
        self.reports.wait(3)
        assert [item.resume for item in self.workflow_snapshots.list()] == [
            second.resume(),
            third.resume(),
        ]
        assert (
            self.workflow_snapshots.read(self.reports[0].location).problem
            == "there is nothing there"
        )
        with pytest.raises(OSError):
            self.workflow_snapshots.remove(self.reports[0].location)
        assert self.store.load(first.resume()[MACRO]) == b"x"

    def test_close_finishes_pending_announcements(self):
        for number in range(1, 6):
            self.workflow_snapshots.announce(workflow_snapshot(self.store, number), self.reports)
        self.workflow_snapshots.close()
        self.workflow_snapshots.close()
        assert len(self.reports) == 5
        assert len(self.workflow_snapshots.list()) == 5


class TestInMemoryWorkflowSnapshotStore(WorkflowSnapshotStoreContract):
    def make(self, folder):
        store = InMemorySnapshotStore()
        return InMemoryWorkflowSnapshotStore(self.ensure_stored_in(store)), store


class TestFilesystemWorkflowSnapshotStore(WorkflowSnapshotStoreContract):
    def make(self, folder):
        self.clock = ManualClock()
        self.folder = folder / "workflow_snapshots"
        store = FilesystemSnapshotStore(folder / "snapshots")
        workflow_snapshots = FilesystemWorkflowSnapshotStore(
            self.folder,
            ensure_stored=self.ensure_stored_in(store),
            form=YmmslWorkflowSnapshotFormat(),
            clock=self.clock,
        )
        return workflow_snapshots, store

    def test_stored_snapshot_is_not_stored_again_after_another_failed(self):
        first = workflow_snapshot(self.store)
        location = first.resume()[MICRO]
        self.store.remove(location)
        self.workflow_snapshots.announce(first, self.reports)
        self.reports.wait(1)
        self.store.store(MICRO, 1, b"x")
        self.workflow_snapshots.announce(first, self.reports)
        self.reports.wait(2)
        assert self.ensured == [(MACRO, 1), (MICRO, 1), (MICRO, 1)]
        assert self.reports[1].location

    def names_after(self, count):
        self.workflow_snapshots.announce(workflow_snapshot(self.store, count), self.reports)
        self.reports.wait(count)
        return [Path(report.location).name for report in self.reports]

    def test_files_are_named_after_the_time(self):
        taken = datetime.fromtimestamp(self.clock.time()).astimezone().strftime("%Y%m%d_%H%M%S")
        self.names_after(1)
        assert re.sub(r"\D", "", self.workflow_snapshots.list()[0].taken) == taken.replace("_", "")
        self.clock.advance(0.25)
        assert self.names_after(2) == [f"snapshot_{taken}.ymmsl", f"snapshot_{taken}_1.ymmsl"]

    def test_clock_set_back_does_not_change_the_order(self):
        self.clock.advance(100)
        self.names_after(1)
        self.clock.advance(-50)
        names = self.names_after(2)
        assert [Path(item.location).name for item in self.workflow_snapshots.list()] == names

    def test_existing_files_are_not_replaced(self):
        (name,) = self.names_after(1)
        (self.folder / name).write_text("theirs")
        other = FilesystemWorkflowSnapshotStore(
            self.folder,
            ensure_stored=self.ensure_stored_in(self.store),
            form=YmmslWorkflowSnapshotFormat(),
            clock=self.clock,
        )
        other.announce(workflow_snapshot(self.store), self.reports)
        other.close()
        assert (self.folder / name).read_text() == "theirs"
        assert self.reports[1].location

    def test_damaged_file_is_listed_with_its_problem(self):
        self.folder.mkdir()
        (self.folder / "snapshot_20260101_000000.ymmsl").write_text("resume: [")
        (self.folder / "snapshot_20260101_000001.ymmsl").write_bytes(b"\xff")
        (self.folder / "notes.txt").write_text("")
        assert [bool(item.problem) for item in self.workflow_snapshots.list()] == [True, True]

    def test_run_is_resumed_from_the_file_together_with_the_model(self):
        self.names_after(1)
        model = """ymmsl_version: v0.2
models:
  model:
    description: Two components
    components:
      macro: {description: x, ports: {}, implementation: p}
      micro: {description: x, ports: {}, implementation: p, multiplicity: 1}
programs:
  p: {description: x, executable: /bin/true}
"""
        location = self.reports[0].location
        configuration = YmmslConfigurationSource().load([model, Path(location)])
        assert configuration.resume == workflow_snapshot(self.store).resume()
        assert configuration.resume_origin == ResumeOrigin("model", frozenset({"late"}))
