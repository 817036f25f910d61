"""A node agent that simulates running programs, for the benchmark of the manager's loop.

It reads its orders from standard input like a real agent. After all programs have been started, it
reports that all of them fail at the same time.
"""

from __future__ import annotations

import sys

from adapters.tcp.agent_line import TcpAgentLine
from adapters.wire.agent_orders import decode_orders
from domain.placement.resources import Core, NodeResources
from domain.running.agents import CancelCommand, ShutdownCommand, StartCommand
from domain.running.process_end import Exited, ProcessResult
from domain.version import VERSION


def main() -> None:
    """Simulate an agent on a node with as many cores as there are programs."""
    count = int(sys.argv[1])
    orders = decode_orders(sys.stdin.buffer.readline())
    node = orders.node or "simulated"
    line = TcpAgentLine(
        orders.manager_locations, secret=orders.secret, node=node, retry_time=orders.timeout
    )
    cores = frozenset(Core(number, frozenset({number})) for number in range(count))
    line.report_resources(NodeResources(node, cores), version=VERSION)
    running: set[str] = set()
    while True:
        match line.next_command():
            case StartCommand(name):
                running.add(name)
                if len(running) < count:
                    continue
            case CancelCommand() | None:
                continue
            case ShutdownCommand():
                break
        sys.stdin.buffer.readline()  # until the benchmark makes the programs fail
        line.report_results([ProcessResult(name, Exited(1)) for name in sorted(running)])
    line.close(timeout=10.0)


if __name__ == "__main__":
    main()
