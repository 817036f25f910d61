"""The members of a run."""

import pytest

from domain.runtime.membership import Joined, Left, Member, Membership

WORKER = Member("worker:0:1@11111111")
NEXT_LIFE = Member("worker:0:1@22222222")


@pytest.fixture
def members():
    return Membership("head")


def test_connected_member_is_found_by_both_forms_of_its_uid(members):
    assert members.connect(WORKER) == [Joined(WORKER)]
    assert members.find("worker:0:1") == WORKER
    assert members.find("worker:0:1@11111111") == WORKER


def test_duplicate_connection_is_ignored(members):
    members.connect(WORKER)
    assert members.connect(WORKER) == []


def test_new_life_replaces_the_earlier_one(members):
    members.connect(WORKER)
    assert members.connect(NEXT_LIFE) == [Left(WORKER), Joined(NEXT_LIFE)]
    assert members.find("worker:0:1") == NEXT_LIFE


def test_uid_of_an_earlier_life_is_a_key_error(members):
    members.connect(WORKER)
    members.connect(NEXT_LIFE)
    with pytest.raises(KeyError):
        members.find(WORKER.uid)


def test_unknown_uid_is_a_key_error(members):
    with pytest.raises(KeyError):
        members.find("worker:0:7")


def test_disconnected_member_has_left(members):
    members.connect(WORKER)
    assert members.disconnect("worker:0:1") == [Left(WORKER)]
    assert not members.is_live(WORKER.uid)
    assert members.has_ended(WORKER.uid)


def test_disconnecting_an_unknown_member_is_ignored(members):
    assert members.disconnect("worker:0:1") == []


def test_late_disconnection_of_an_earlier_life_keeps_the_new_one(members):
    members.connect(NEXT_LIFE)
    assert members.disconnect(WORKER.uid) == []
    assert members.is_live("worker:0:1")


def test_late_announcement_of_an_ended_life_is_ignored(members):
    members.connect(WORKER)
    members.connect(NEXT_LIFE)
    assert members.connect(WORKER) == []
    assert members.find("worker:0:1") == NEXT_LIFE


def test_members_of_a_role_are_ordered_by_index(members):
    for index in (10, 2, 0):
        members.connect(Member(f"worker:0:{index}"))
    members.connect(Member("head"))
    assert [item.uid for item in members.of_role("worker")] == [
        "worker:0:0",
        "worker:0:2",
        "worker:0:10",
    ]
