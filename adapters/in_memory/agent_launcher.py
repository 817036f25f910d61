"""An agent launcher that starts no agents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

from typing_extensions import override

from application.interfaces.agents import AgentLauncher
from domain.errors import TransportError
from domain.running.agents import AgentOrders
from domain.running.launcher_capabilities import LauncherCapabilities


@final
class InMemoryAgentLauncher(AgentLauncher):
    """Returns names of nodes without starting agents on them.

    Args:
        nodes: Names of the nodes.
        unreachable: Names of nodes on which the launch fails.
        capabilities: The capabilities to report.
    """

    def __init__(
        self,
        nodes: Sequence[str] = ("node1",),
        *,
        unreachable: Sequence[str] = (),
        capabilities: LauncherCapabilities | None = None,
    ) -> None:
        self._capabilities = capabilities or LauncherCapabilities()
        self._nodes = tuple(nodes)
        self._unreachable = tuple(unreachable)
        self._on_lost: Callable[[str, str], None] | None = None
        self.orders: AgentOrders | None = None
        """The start-up message that the agents would receive."""
        self.given_up: list[str] = []
        """The nodes for whose agents `close` must not wait."""
        self.is_closed = False
        """Whether `close` was called."""

    @property
    @override
    def capabilities(self) -> LauncherCapabilities:
        return self._capabilities

    @override
    def launch(self, orders: AgentOrders, *, on_lost: Callable[[str, str], None]) -> Sequence[str]:
        if self._unreachable:
            msg = f"node '{self._unreachable[0]}' cannot be reached"
            raise TransportError(msg)
        self.orders = orders
        self._on_lost = on_lost
        return self._nodes

    def lose(self, node: str, reason: str) -> None:
        """Report the agent on a node as lost, unless the launcher has been closed."""
        if self._on_lost is not None and not self.is_closed:
            self._on_lost(node, reason)

    @override
    def give_up(self, node: str) -> None:
        self.given_up.append(node)

    @override
    def close(self) -> None:
        self.is_closed = True
