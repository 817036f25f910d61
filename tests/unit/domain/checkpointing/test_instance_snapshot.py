"""What is told about snapshots."""

import math

import pytest

from domain.checkpointing.instance_snapshot import (
    CommunicatorState,
    RegisteredSnapshot,
    Snapshot,
    SnapshotMetadata,
    WorkflowSnapshot,
    describe,
    described_from_scratch,
    described_model,
    filled_port,
    reduced_port,
    snapshot_name,
)
from domain.coupling.conduits import Conduit, ConduitFilter
from domain.coupling.messages import Message
from domain.coupling.settings import Settings
from domain.identity import Reference

CONDUIT = Conduit(Reference("a.out"), Reference("b.in"), (ConduitFilter.LAST,))
COUNTS = CommunicatorState({"in": (1,)}, reduced_counts={reduced_port(CONDUIT): (2,)})


def stored(name, *, trigger="at_end", final=True):
    metadata = SnapshotMetadata((trigger,), 2.5, 1.5, None, {}, final, f"/{name}")
    return RegisteredSnapshot(Reference(name), 1, metadata)


def test_what_a_filter_let_pass_is_counted_under_a_name_that_no_port_has():
    assert reduced_port(CONDUIT) == "out -> b.in"
    assert filled_port(CONDUIT) == "in <- a.out"


def test_the_manager_is_told_time_counts_and_place():
    snapshot = Snapshot(("t",), 2.5, True, Message(1.0, 3.0), Settings(), COUNTS)
    assert snapshot.metadata("/there") == SnapshotMetadata(
        ("t",), 2.5, 1.0, 3.0, {"in": (1,), "out -> b.in": (2,)}, True, "/there"
    )


def test_a_snapshot_without_a_state_has_no_time():
    metadata = Snapshot((), 2.5, True, None, Settings(), COUNTS).metadata("/there")
    assert math.isnan(metadata.timestamp)
    assert metadata.next_timestamp is None


@pytest.mark.parametrize(
    ("name", "file"),
    [("macro", "macro_7.pack"), ("outer.micro[3][0]", "outer.micro-3--0-_7.pack")],
)
def test_a_name_has_nothing_that_a_shell_would_expand(name, file):
    assert snapshot_name(Reference(name), 7) == file


def test_a_simulation_is_resumed_from_where_the_snapshots_are():
    snapshot = WorkflowSnapshot("m", (stored("a"), stored("b")))
    assert snapshot.resume() == {Reference("a"): "/a", Reference("b"): "/b"}


def test_a_workflow_snapshot_is_described_for_people():
    snapshot = WorkflowSnapshot(
        "m", (stored("macro"), stored("micro[0]", trigger="t", final=False)), (Reference("late"),)
    )
    assert describe(snapshot, taken="today") == (
        "Workflow snapshot for m taken on today.\n"
        "Snapshot triggers:\n"
        "- at_end (macro)\n"
        "- t (micro[0])\n"
        "\n"
        "Instance  t           Wallclock time  Type\n"
        "--------------------------------------------------\n"
        "macro     1.5         2.5             Final\n"
        "micro[0]  1.5         2.5             Intermediate\n"
        "late      -           -               From scratch\n"
    )


def test_who_starts_from_scratch_is_found_in_a_description():
    late = Reference("late"), Reference("micro[1]")
    snapshot = WorkflowSnapshot("m", (stored("macro"), stored("micro[0]")), late)
    assert described_from_scratch(describe(snapshot, taken="today")) == {"late", "micro[1]"}
    assert described_from_scratch("It starts From scratch") == frozenset()


@pytest.mark.parametrize(
    ("description", "model"),
    [
        (describe(WorkflowSnapshot("kitchen", ()), taken="today"), "kitchen"),
        ("Workflow snapshot for kitchen taken on 2026-11-20 22:48:39.\nmore", "kitchen"),
        ("Workflow snapshot for kitchen", ""),
        ("my own words\nWorkflow snapshot for kitchen taken on x", ""),
        ("", ""),
    ],
)
def test_the_model_is_found_in_a_description(description, model):
    assert described_model(description) == model
