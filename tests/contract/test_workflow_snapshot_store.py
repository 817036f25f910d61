"""What every WorkflowSnapshotStore promises."""

import re
import threading
from abc import ABC, abstractmethod
from datetime import datetime
from pathlib import Path

import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.filesystem.workflow_snapshot_store import FilesystemWorkflowSnapshotStore
from adapters.in_memory.clock import ManualClock
from adapters.in_memory.snapshot_store import InMemorySnapshotStore, InMemoryWorkflowSnapshotStore
from adapters.ymmsl_files.source import YmmslConfigurationSource
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from domain.checkpointing.instance_snapshot import (
    RegisteredSnapshot,
    SnapshotMetadata,
    WorkflowSnapshot,
)
from domain.identity import Reference

MACRO = Reference("macro")
MICRO = Reference("micro[0]")


def workflow_snapshot(store, number=1):
    states = []
    for name, final, time in ((MACRO, False, 1.5), (MICRO, True, float("nan"))):
        location = store.store(name, number, b"x")
        metadata = SnapshotMetadata(("at_end",), 2.5, time, None, {}, final, location)
        states.append(RegisteredSnapshot(name, number, metadata))
    return WorkflowSnapshot("model", tuple(states), (Reference("late"),))


class Reports(list):
    """Collects reports; `wait` waits for a number of them."""

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
    """To be subclassed for each adapter."""

    @abstractmethod
    def make(self, folder: Path):
        """Return an empty shelf, and the store that it trusts."""

    def keep_in(self, store):
        """Trust what is in a store, and say where it is."""

        def keep(state):
            self.kept.append((state.instance, state.number))
            store.secure(state.snapshot.snapshot_filename)
            return self.renamed.get(state.instance, state.snapshot.snapshot_filename)

        return keep

    @pytest.fixture(autouse=True)
    def make_shelf(self, tmp_path):
        self.kept = []
        self.renamed = {}
        self.shelf, self.store = self.make(tmp_path)
        self.reports = Reports()
        yield
        self.shelf.close()

    def test_what_was_announced_is_on_the_shelf(self):
        snapshot = workflow_snapshot(self.store)
        self.shelf.announce(snapshot, self.reports)
        self.reports.wait(1)
        (shelved,) = self.shelf.list()
        assert self.reports == [(snapshot, shelved.location, "")]
        assert shelved.resume == snapshot.resume()
        assert not shelved.problem

    def test_the_description_says_why_and_when(self):
        self.shelf.announce(workflow_snapshot(self.store), self.reports)
        self.reports.wait(1)
        lines = self.shelf.list()[0].description.splitlines()
        assert lines[0].startswith("Workflow snapshot for model taken on ")
        assert "- at_end (macro, micro[0])" in lines
        assert [line.split() for line in lines[-3:]] == [
            ["macro", "1.5", "2.5", "Intermediate"],
            ["micro[0]", "nan", "2.5", "Final"],
            ["late", "-", "-", "From", "scratch"],
        ]

    def test_no_two_get_the_same_location_and_the_oldest_comes_first(self):
        announced = [workflow_snapshot(self.store, number) for number in range(1, 13)]
        for snapshot in announced:
            self.shelf.announce(snapshot, self.reports)
        self.reports.wait(12)
        assert [item.resume for item in self.shelf.list()] == [item.resume() for item in announced]

    def test_a_workflow_snapshot_that_names_a_missing_one_is_not_announced(self):
        snapshot = workflow_snapshot(self.store)
        self.store.remove(snapshot.resume()[MICRO])
        self.shelf.announce(snapshot, self.reports)
        self.reports.wait(1)
        assert list(self.shelf.list()) == []
        assert not self.reports[0].location
        assert snapshot.resume()[MICRO] in self.reports[0].problem

    def test_a_snapshot_is_named_where_it_was_put(self):
        self.renamed[MACRO] = "s3://bucket/macro_1.pack"
        snapshot = workflow_snapshot(self.store)
        self.shelf.announce(snapshot, self.reports)
        self.reports.wait(1)
        (shelved,) = self.shelf.list()
        assert shelved.resume == {**snapshot.resume(), MACRO: "s3://bucket/macro_1.pack"}

    def test_a_failure_does_not_keep_the_next_one_from_being_announced(self):
        bad, good = workflow_snapshot(self.store, 1), workflow_snapshot(self.store, 2)
        self.store.remove(bad.resume()[MICRO])
        self.shelf.announce(bad, self.reports)
        self.shelf.announce(good, self.reports)
        self.reports.wait(2)
        assert [item.resume for item in self.shelf.list()] == [good.resume()]

    def test_one_is_read_by_its_location(self):
        self.shelf.announce(workflow_snapshot(self.store), self.reports)
        self.reports.wait(1)
        (shelved,) = self.shelf.list()
        assert self.shelf.read(shelved.location) == shelved

    def test_what_was_removed_is_gone_and_its_location_is_not_used_again(self):
        first, second, third = (workflow_snapshot(self.store, number) for number in (1, 2, 3))
        self.shelf.announce(first, self.reports)
        self.shelf.announce(second, self.reports)
        self.reports.wait(2)
        self.shelf.remove(self.reports[0].location)
        self.shelf.announce(third, self.reports)
        self.reports.wait(3)
        assert [item.resume for item in self.shelf.list()] == [second.resume(), third.resume()]
        assert self.shelf.read(self.reports[0].location).problem == "there is nothing there"
        with pytest.raises(OSError):
            self.shelf.remove(self.reports[0].location)
        assert self.store.load(first.resume()[MACRO]) == b"x"

    def test_closing_announces_what_is_waiting(self):
        for number in range(1, 6):
            self.shelf.announce(workflow_snapshot(self.store, number), self.reports)
        self.shelf.close()
        self.shelf.close()
        assert len(self.reports) == 5
        assert len(self.shelf.list()) == 5


class TestInMemoryWorkflowSnapshotStore(WorkflowSnapshotStoreContract):
    def make(self, folder):
        store = InMemorySnapshotStore()
        return InMemoryWorkflowSnapshotStore(self.keep_in(store)), store


class TestFilesystemWorkflowSnapshotStore(WorkflowSnapshotStoreContract):
    def make(self, folder):
        self.clock = ManualClock()
        self.folder = folder / "shelf"
        store = FilesystemSnapshotStore(folder / "snapshots")
        shelf = FilesystemWorkflowSnapshotStore(
            self.folder,
            keep=self.keep_in(store),
            form=YmmslWorkflowSnapshotFormat(),
            clock=self.clock,
        )
        return shelf, store

    def test_what_was_put_somewhere_is_found_again_if_another_one_could_not_be(self):
        first = workflow_snapshot(self.store)
        location = first.resume()[MICRO]
        self.store.remove(location)
        self.shelf.announce(first, self.reports)
        self.reports.wait(1)
        self.store.store(MICRO, 1, b"x")
        self.shelf.announce(first, self.reports)
        self.reports.wait(2)
        assert self.kept == [(MACRO, 1), (MICRO, 1), (MICRO, 1)]
        assert self.reports[1].location

    def names_after(self, count):
        self.shelf.announce(workflow_snapshot(self.store, count), self.reports)
        self.reports.wait(count)
        return [Path(report.location).name for report in self.reports]

    def test_files_are_named_after_the_time(self):
        moment = datetime.fromtimestamp(self.clock.time()).astimezone().strftime("%Y%m%d_%H%M%S")
        self.names_after(1)
        assert re.sub(r"\D", "", self.shelf.list()[0].taken) == moment.replace("_", "")
        self.clock.advance(0.25)
        assert self.names_after(2) == [f"snapshot_{moment}.ymmsl", f"snapshot_{moment}_1.ymmsl"]

    def test_a_clock_that_is_set_back_does_not_change_the_order(self):
        self.clock.advance(100)
        self.names_after(1)
        self.clock.advance(-50)
        names = self.names_after(2)
        assert [Path(item.location).name for item in self.shelf.list()] == names

    def test_files_of_an_earlier_run_are_not_replaced(self):
        (name,) = self.names_after(1)
        (self.folder / name).write_text("theirs")
        other = FilesystemWorkflowSnapshotStore(
            self.folder,
            keep=self.keep_in(self.store),
            form=YmmslWorkflowSnapshotFormat(),
            clock=self.clock,
        )
        other.announce(workflow_snapshot(self.store), self.reports)
        other.close()
        assert (self.folder / name).read_text() == "theirs"
        assert self.reports[1].location

    def test_a_damaged_file_is_listed_with_what_is_wrong(self):
        self.folder.mkdir()
        (self.folder / "snapshot_20260101_000000.ymmsl").write_text("resume: [")
        (self.folder / "snapshot_20260101_000001.ymmsl").write_bytes(b"\xff")
        (self.folder / "notes.txt").write_text("")
        assert [bool(item.problem) for item in self.shelf.list()] == [True, True]

    def test_a_run_can_be_resumed_from_a_file_and_the_files_of_the_model(self):
        self.names_after(1)
        model = """ymmsl_version: v0.2
models:
  model:
    description: Two of them
    components:
      macro: {description: x, ports: {}, implementation: p}
      micro: {description: x, ports: {}, implementation: p, multiplicity: 1}
programs:
  p: {description: x, executable: /bin/true}
"""
        location = self.reports[0].location
        configuration = YmmslConfigurationSource().load([model, Path(location)])
        assert configuration.resume == workflow_snapshot(self.store).resume()
