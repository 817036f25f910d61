import pytest

from adapters.embedded.peers import MAX_EARLY_FRAMES, Peers
from domain.runtime.errors import HostLost, Unreachable
from domain.runtime.hosts import LossKind, LossReason

REASON = LossReason(LossKind.UNKNOWN, "is gone")


def test_expected_host_can_be_called():
    peers = Peers(["head", "worker:0:0@00000001"])
    peers.check("head")
    assert "head" in peers
    assert peers.workers == ["worker:0:0@00000001"]


def test_new_worker_is_listed_when_it_has_joined():
    peers = Peers()
    peers.expect("worker:0:0@00000001")
    assert peers.workers == []
    peers.join("worker:0:0@00000001")
    assert peers.workers == ["worker:0:0@00000001"]
    peers.join("worker:0:1@00000002")
    assert len(peers.workers) == 1


def test_unknown_host_is_unreachable():
    with pytest.raises(Unreachable, match="worker:0:9"):
        Peers().check("worker:0:9")


def test_lost_host_is_reported_as_lost():
    peers = Peers(["a"])
    assert peers.lose("a", REASON)
    assert not peers.lose("a", REASON)
    peers.expect("b")
    assert not peers.lose("b", REASON)
    with pytest.raises(HostLost) as caught:
        peers.check("a")
    assert not caught.value.perhaps_done


def test_early_frames_are_returned_when_their_sender_is_expected():
    peers = Peers()
    assert peers.keep_early("a", b"1")
    assert peers.keep_early("a", b"2")
    assert peers.expect("a") == [b"1", b"2"]
    assert peers.expect("a") == ()


def test_frames_of_a_lost_host_are_not_kept():
    peers = Peers(["a"])
    peers.lose("a", REASON)
    assert not peers.keep_early("a", b"late")


def test_number_of_early_frames_is_limited():
    peers = Peers()
    for _ in range(MAX_EARLY_FRAMES):
        assert peers.keep_early("stranger", b"")
    assert not peers.keep_early("other", b"")
