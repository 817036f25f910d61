"""Events travel from one service to another as `build_services` has wired them."""

from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.identity import Reference
from domain.running.events import InstanceState, SnapshotAnnounced
from domain.running.process_end import SUCCESS, Exited, ProcessResult
from tests.unit.application.manager.runs import desk_for, live, started


def test_process_end_reported_by_agent_reaches_run_control():
    desk = started()
    live(desk, "macro")
    desk.agents.report_result([ProcessResult("macro", SUCCESS)])
    assert desk.board["macro"].state is InstanceState.FINISHED


def test_lost_node_is_part_of_the_cause():
    desk = started()
    desk.launcher.lose("n1", "the cable was pulled")
    desk.clock.advance()
    for name in ("macro", "micro"):
        desk.agents.report_result([ProcessResult(name, Exited(1))])
    (result,) = desk.results
    assert "Node 'n1' was lost: the cable was pulled" in result.cause


def test_announced_workflow_snapshot_is_published():
    desk = desk_for("alone")
    location = desk.snapshots.store(Reference("alone"), 1, b"its state")
    desk.desk.register_instance("alone", ("tcp:a:1",), (), "0.11.0")
    desk.desk.submit_snapshot(
        "alone", SnapshotMetadata(("at_end",), 0.0, 0.0, None, {}, True, location)
    )
    desk.clock.advance()
    assert any(isinstance(event, SnapshotAnnounced) for event in desk.sink.events)
