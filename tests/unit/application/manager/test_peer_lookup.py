"""Lookup of the peers of an instance."""

import pytest

from domain.errors import ManagerRefused
from domain.identity import Reference
from tests.unit.application.manager.runs import PLACES, desk_for, register


def test_peers_are_pending_until_all_have_registered():
    desk = desk_for(sizes={"micro": (2,)})
    register(desk, "macro", "micro[1]")
    with pytest.raises(Exception, match=r"^Waiting for component micro$"):
        desk.desk.get_peers("macro")
    received: list[object] = []
    desk.desk.await_peers("macro", received.append)
    assert not received
    register(desk, "micro[0]")
    assert received == [desk.desk.get_peers("macro")]


def test_instance_of_a_set_gets_only_its_own_peers():
    desk = desk_for(sizes={"macro": (2,), "micro": (2,)})
    register(desk, "macro[1]", "micro[1]")
    found = desk.desk.get_peers("macro[1]")
    assert set(found.locations) == {Reference("micro[1]")}
    assert found.dimensions == {Reference("micro"): (2,)}


def test_deregistered_peer_is_still_found():
    desk = desk_for()
    register(desk, "macro", "micro")
    desk.desk.deregister_instance("micro")
    assert desk.desk.get_peers("macro").locations[Reference("micro")] == PLACES


def test_instance_without_peers_is_called_back_immediately():
    desk = desk_for("lonely")
    received = []
    desk.desk.await_peers("lonely", received.append)
    assert [dict(info.locations) for info in received] == [{}]


def test_waiting_instance_is_called_back_once():
    desk = desk_for()
    received = []
    desk.desk.await_peers("macro", received.append)
    register(desk, "micro")
    desk.desk.deregister_instance("micro")
    register(desk, "micro")
    assert len(received) == 1


def test_unknown_instance_is_rejected_by_name():
    with pytest.raises(ManagerRefused, match=r"^Unknown component macro\[1\]$"):
        desk_for().desk.await_peers("macro[1]", pytest.fail)
