"""Workflow snapshots, and the text that describes them."""

import pytest

from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.checkpointing.workflow_snapshot import (
    RegisteredSnapshot,
    WorkflowSnapshot,
    describe,
    described_from_scratch,
    described_model,
    described_origin,
    described_time,
)
from domain.identity import Reference
from domain.model.configuration import ResumeOrigin


def registered(name, *, trigger="at_end", final=True):
    metadata = SnapshotMetadata((trigger,), 2.5, 1.5, None, {}, final, f"/{name}")
    return RegisteredSnapshot(Reference(name), 1, metadata)


def test_resume_lists_the_locations_of_the_snapshots():
    snapshot = WorkflowSnapshot("m", (registered("a"), registered("b")))
    assert snapshot.resume() == {Reference("a"): "/a", Reference("b"): "/b"}


def test_description_has_triggers_and_a_table():
    snapshot = WorkflowSnapshot(
        "m",
        (registered("macro"), registered("micro[0]", trigger="t", final=False)),
        (Reference("late"),),
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


def test_instances_from_scratch_are_found_in_a_description():
    late = Reference("late"), Reference("micro[1]")
    snapshot = WorkflowSnapshot("m", (registered("macro"), registered("micro[0]")), late)
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
def test_model_is_found_in_a_description(description, model):
    assert described_model(description) == model


@pytest.mark.parametrize(
    ("description", "time"),
    [
        (
            "Workflow snapshot for m taken on 2026-11-20 22:48:39+01:00.",
            "2026-11-20 22:48:39+01:00",
        ),
        (
            "Workflow snapshot for m taken on 2026-11-20 22:48:39.",
            "",
        ),  # MUSCLE3's text has no UTC offset
        ("Workflow snapshot for m\ntaken on 2026-11-20 22:48:39+01:00.", ""),
        ("", ""),
    ],
)
def test_time_is_found_in_a_description(description, time):
    assert described_time(description) == time


def test_origin_is_found_in_a_description():
    snapshot = WorkflowSnapshot("m", (registered("macro"),), (Reference("late"),))
    expected = ResumeOrigin("m", frozenset({"late"}))
    assert described_origin(describe(snapshot, taken="today")) == expected
