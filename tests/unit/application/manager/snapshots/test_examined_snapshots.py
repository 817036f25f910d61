"""Summaries, problems and remarks of examined snapshots."""

from application.manager.snapshots.examined_snapshots import (
    ExaminedSnapshot,
    ExaminedWorkflowSnapshot,
)
from domain.checkpointing.workflow_snapshot import StoredWorkflowSnapshot, WorkflowSnapshotRecord
from domain.identity import Reference
from domain.model.configuration import ResumeOrigin

MACRO, MICRO = Reference("macro"), Reference("micro")
STORED = StoredWorkflowSnapshot("/w", WorkflowSnapshotRecord({}, ResumeOrigin("m")))


def examined(*snapshots, stored=STORED):
    return ExaminedWorkflowSnapshot(stored, snapshots)


def test_summary_combines_the_instance_snapshots():
    found = examined(
        ExaminedSnapshot(MACRO, "/a", 3, ("x", "y")), ExaminedSnapshot(MICRO, "/b", 4, ("y", "z"))
    )
    assert (found.location, found.model) == ("/w", "m")
    assert (found.size, found.triggers) == (7, ("x", "y", "z"))
    assert found.is_sound


def test_problem_of_an_instance_snapshot_makes_it_unsound():
    found = examined(
        ExaminedSnapshot(MACRO, "/a", problem="damaged"), ExaminedSnapshot(MICRO, "/b")
    )
    assert found.problems == ("damaged",)
    assert not found.is_sound


def test_problem_of_the_workflow_snapshot_takes_precedence():
    stored = StoredWorkflowSnapshot("/w", problem="it is empty")
    found = examined(ExaminedSnapshot(MACRO, "/a", problem="damaged"), stored=stored)
    assert found.problems == ("'/w': it is empty",)


def test_remarks_mention_a_move_and_unchecked_snapshots():
    stored = StoredWorkflowSnapshot("/w", moved_from="/old")
    found = examined(ExaminedSnapshot(MACRO, "/a", remark="unchecked"), stored=stored)
    moved, unchecked = found.remarks
    assert "'/w' was in '/old', and has been moved" in moved
    assert unchecked == "unchecked"
    assert found.is_sound


def test_sound_snapshot_has_no_remarks():
    assert examined(ExaminedSnapshot(MACRO, "/a")).remarks == ()
