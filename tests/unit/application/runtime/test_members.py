"""The members of a run, as a service."""

import pytest

from domain.runtime.task_errors import RuntimeDisconnectedError
from tests.support.runtime_links import KILLED, Parts

FIRST, SECOND = "worker:0:0@11111111", "worker:0:1@22222222"


@pytest.fixture
def members():
    parts = Parts()
    parts.connect("head", "monitor", "node:0", FIRST, SECOND)
    return parts.members


def test_workers_and_nodes_are_listed_by_index(members):
    assert members.workers() == [FIRST, SECOND]
    assert members.nodes() == ["node:0"]
    assert len(members.all()) == 5


def test_members_without_process_of_their_own_live_in_the_head(members):
    assert members.host_of("monitor") == "head"
    assert members.host_of("node:0") == "head"
    assert members.host_of("worker:0:1") == SECOND


def test_lost_member_has_left_and_its_uid_is_refused(members):
    left = []
    members.notify(left=lambda *event: left.append(event))
    members.disconnect(FIRST, KILLED)
    assert left == [(FIRST, KILLED)]
    with pytest.raises(RuntimeDisconnectedError, match="SIGKILL"):
        members.host_of(FIRST)


def test_unknown_member_is_a_key_error(members):
    with pytest.raises(KeyError):
        members.host_of("worker:0:7")


def test_joined_member_is_reported(members):
    joined = []
    members.notify(joined=joined.append)
    members.connect("worker:0:2@33333333")
    members.connect("worker:0:2@33333333")
    assert joined == ["worker:0:2@33333333"]


def test_node_of_a_worker_is_found(members):
    assert members.node_of(SECOND) == "node:0"
    assert members.node_of("head") is None


def test_both_forms_of_a_uid_are_the_same_member(members):
    assert members.same("worker:0:0", FIRST)
    assert not members.same(FIRST, SECOND)
