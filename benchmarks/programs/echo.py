"""Sends back each message to the program that started this one, over TCP."""

import sys

from adapters.wire.locations import CONJOIN, TcpAddress, addresses_in, format_location
from domain.coupling.peers import Endpoint
from domain.identity import Reference
from entrypoints._instance.instance_wiring import open_transports

HERE, THERE = (Endpoint(Reference(name), "port") for name in ("echo", "caller"))

host, secret = sys.argv[1:]
transport = open_transports("echo", secret=secret, hosts=[host])
tcp = [
    item for item in addresses_in(transport.locations(), CONJOIN) if isinstance(item, TcpAddress)
]
print(format_location(CONJOIN, tcp), flush=True)
peer = [sys.stdin.readline().strip()]
outlet = transport.outlet(sender=HERE, receiver=THERE, peer_locations=peer)
inlet = transport.inlet(sender=THERE, receiver=HERE, peer_locations=peer)
while (message := inlet.receive(timeout=None)) is not None and message.number >= 0:
    outlet.send(message)
transport.finish_receiving()
transport.wait_until_sent(timeout=10)
transport.close()
