"""Proxies of runtimes."""

import pytest

from application.runtime.runtime_proxy import RuntimeProxy
from tests.support.runtime_links import Parts


@pytest.mark.parametrize(
    ("arguments", "uid"),
    [
        ({"name": "worker", "indices": (0, 1)}, "worker:0:1"),
        ({"name": "node", "indices": 0}, "node:0"),
        ({"name": "head"}, "head"),
        ({"uid": "worker:0:1@3fa9c2d1"}, "worker:0:1@3fa9c2d1"),
    ],
)
def test_proxy_has_the_uid_of_its_arguments(arguments, uid):
    proxy = RuntimeProxy(**arguments)
    assert proxy.uid == uid
    assert uid in repr(proxy)


def test_proxy_without_name_and_uid_is_an_error():
    with pytest.raises(ValueError, match="name or a uid"):
        RuntimeProxy()


def test_proxy_has_name_and_indices():
    proxy = RuntimeProxy(uid="worker:0:1@3fa9c2d1")
    assert (proxy.name, proxy.indices) == ("worker", (0, 1))


def test_proxies_of_one_uid_are_equal():
    assert {RuntimeProxy("head"), RuntimeProxy("head")} == {RuntimeProxy("head")}


def test_address_of_a_peer_that_is_not_connected_is_a_key_error():
    parts = Parts()
    parts.connect("head")
    assert RuntimeProxy("head", comms=parts.comms).address == "localhost"
    assert RuntimeProxy("head", comms=parts.comms).pubsub_port == 0
    for name in ("address", "port", "pubsub_port"):
        with pytest.raises(KeyError):
            getattr(RuntimeProxy("worker", 7, comms=parts.comms), name)


def test_proxy_outside_of_a_run_has_no_communications():
    with pytest.raises(KeyError):
        _ = RuntimeProxy("head").comms


def test_subprocess_handle_can_be_set():
    proxy = RuntimeProxy("node", 0)
    assert proxy.subprocess is None
    proxy.subprocess = "handle"
    assert proxy.subprocess == "handle"
