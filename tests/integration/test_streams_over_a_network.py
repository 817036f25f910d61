"""Streams between our own instances, over a network that loses connections."""

import random
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from adapters.wire.locations import CONJOIN, TcpAddress, addresses_in, format_location
from application.instance.peer_transports import PeerTransports
from domain.coupling.grid import Grid
from domain.coupling.messages import PeerMessage
from domain.coupling.peers import Endpoint
from domain.coupling.settings import Settings
from domain.identity import Reference
from entrypoints._instance.instance_wiring import open_transports
from tests.support.byte_cutting_proxy import ByteCuttingProxy

SECRET = "a secret of this test"
SENDER = Endpoint(Reference("sender"), "out")
RECEIVER = Endpoint(Reference("receiver"), "in")


@pytest.fixture
def transports() -> Iterator[tuple[PeerTransports, PeerTransports]]:
    pair = tuple(
        open_transports(name, secret=SECRET, hosts=["127.0.0.1"]) for name in ("sender", "receiver")
    )
    yield pair  # type: ignore[misc]
    for transport in pair:
        transport.close()


def _send_all(outlet, messages: list[object]) -> None:
    for number, data in enumerate(messages):
        outlet.send(PeerMessage(float(number), None, data, Settings(), None, number, ()))


def _exchange(transports, cuts: list[int], messages: list[object], *, towards_client: bool) -> None:
    """Send messages through a cutting proxy; check that each arrives once, in order."""
    sender, receiver = transports
    (address,) = [
        item for item in addresses_in(sender.locations(), CONJOIN) if isinstance(item, TcpAddress)
    ]
    proxy = ByteCuttingProxy((address.host, address.port), cuts, towards_client=towards_client)
    try:
        outlet = sender.outlet(
            sender=SENDER, receiver=RECEIVER, peer_locations=receiver.locations()
        )
        _send_all(outlet, messages[: len(messages) // 2])
        inlet = receiver.inlet(
            sender=SENDER,
            receiver=RECEIVER,
            peer_locations=[format_location(CONJOIN, [TcpAddress("127.0.0.1", proxy.port)])],
        )
        rest = threading.Thread(target=_send_all_rest, args=(outlet, messages))
        rest.start()
        for number, data in enumerate(messages):
            received = inlet.receive(timeout=60)
            assert received is not None
            assert received.number == number
            assert _equal(received.data, data)
        rest.join()
        receiver.finish_receiving()
        assert sender.wait_until_sent(timeout=60)
        assert proxy.all_cut
    finally:
        proxy.close()


def _send_all_rest(outlet, messages: list[object]) -> None:
    start = len(messages) // 2
    for number, data in enumerate(messages[start:], start):
        outlet.send(PeerMessage(float(number), None, data, Settings(), None, number, ()))


def _equal(received: object, sent: object) -> bool:
    if isinstance(sent, np.ndarray):
        return isinstance(received, Grid) and np.array_equal(received.array, sent)
    return received == sent


GREETING = 64 + 8


@pytest.mark.parametrize("cut", [*range(1, 240, 7), 5000, 100_001])
def test_cut_in_the_senders_data_loses_and_duplicates_no_messages(transports, cut):
    messages = [number if number % 3 else np.arange(3000.0) + number for number in range(40)]
    cuts = [GREETING + cut, GREETING + cut, GREETING + 2 * cut]
    _exchange(transports, cuts, messages, towards_client=True)


@pytest.mark.parametrize("cut", [5, 39, 41, 72, 73, 78, 85, 90])
def test_cut_in_the_receivers_data_loses_and_duplicates_no_messages(transports, cut):
    _exchange(transports, [cut, cut], list(range(300)), towards_client=False)


def test_repeated_cuts_in_large_messages_lose_no_data(transports):
    draw = random.Random(20261120)
    messages = [np.full(400_000, float(number)) for number in range(6)]
    cuts = [GREETING + draw.randrange(100, 4_000_000) for _ in range(5)]
    _exchange(transports, cuts, messages, towards_client=True)
