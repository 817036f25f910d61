"""Reports on announced workflow snapshots."""

import pytest

from application.interfaces.workflow_snapshot_store import AnnouncementResult
from application.manager.snapshots.workflow_snapshot_watch import WorkflowSnapshotWatch
from domain.running.events import SnapshotAnnounced, SnapshotFailed
from tests.support.in_memory_services import InMemoryServices
from tests.support.loggers import silent_log
from tests.support.models import configuration


def watch_for(desk: InMemoryServices, *, must_store: bool = False) -> WorkflowSnapshotWatch:
    return WorkflowSnapshotWatch(
        board=desk.board,
        on_announced=desk.end.note_announced,
        control=desk.control,
        must_store=must_store,
        scheduler=desk.clock,
        log=silent_log(),
    )


@pytest.fixture
def desk() -> InMemoryServices:
    return InMemoryServices(configuration("macro o_i -> micro f_init"))


def test_announcement_is_published_on_the_thread_of_the_services(desk: InMemoryServices):
    watch_for(desk).note(AnnouncementResult(None, "snapshot.ymmsl"))
    assert desk.sink.events == []
    desk.clock.advance()
    assert desk.sink.events == [SnapshotAnnounced("snapshot.ymmsl")]


@pytest.mark.parametrize("must_store", [False, True])
def test_failed_announcement_ends_the_run_only_if_snapshots_must_be_stored(
    desk: InMemoryServices, must_store
):
    watch_for(desk, must_store=must_store).note(AnnouncementResult(None, "", "the disk is full"))
    desk.clock.advance()
    assert SnapshotFailed("the disk is full") in desk.sink.events
    assert [result.was_interrupted for result in desk.results] == ([False] if must_store else [])
