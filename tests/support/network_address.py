"""An address of this machine that programs treat as that of another machine."""

import os

import pytest

from adapters.io import network
from adapters.wire.locations import is_loopback_host


def network_address() -> str:
    """Return an address that is not on the loopback interface; skip the test if there is none."""
    for host in network.own_hosts():
        if not is_loopback_host(host):
            return host
    if os.environ.get("CONJOIN_CI") == "1":
        pytest.fail("this machine has no network interface, which the test needs")
    pytest.skip("this machine has no network interface")
