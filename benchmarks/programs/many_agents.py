"""Many node agents in one process, each with its own connection, which run no programs.

It reads the orders of all agents from standard input, and prints a line when every agent has
reported.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import replace

from adapters.tcp.agent_line import TcpAgentLine
from adapters.wire.agent_orders import decode_orders
from domain.placement.resources import Core, NodeResources
from domain.running.agents import AgentOrders, ShutdownCommand
from domain.running.nodes import NodeLoad
from domain.version import VERSION

CORES = frozenset(Core(number, frozenset({number})) for number in range(64))
LOAD = NodeLoad(0.5, 2**30)
"""The load that each agent reports with each request for a command."""


def main() -> None:
    """Run the agents until the manager shuts them down."""
    count = int(sys.argv[1])
    orders = decode_orders(sys.stdin.buffer.readline())
    reported = threading.Semaphore(0)
    agents = [
        threading.Thread(target=_serve, args=(replace(orders, node=f"node{number}"), reported))
        for number in range(count)
    ]
    for agent in agents:
        agent.start()
    for _ in agents:
        reported.acquire()
    print("all agents have reported", flush=True)
    for agent in agents:
        agent.join()


def _serve(orders: AgentOrders, reported: threading.Semaphore) -> None:
    node = orders.node or ""
    line = TcpAgentLine(
        orders.manager_locations, secret=orders.secret, node=node, retry_time=orders.timeout
    )
    line.report_resources(NodeResources(node, CORES), version=VERSION)
    reported.release()
    while not isinstance(line.next_command(LOAD), ShutdownCommand):
        pass
    line.close(timeout=10.0)


if __name__ == "__main__":
    main()
