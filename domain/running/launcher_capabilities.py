"""The capabilities of a launcher of agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

LAUNCHERS: Final = ("auto", "local", "srun", "mpiexec", "ssh")
"""The choices of launchers for the nodes of a batch job; see `ManagerOptions`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LauncherCapabilities:
    """The capabilities of a launcher of agents. The defaults suit the nodes of a cluster.

    Attributes:
        is_this_machine: Whether all agents run on the manager's machine. If so, the manager checks
            before the start that the programs exist, and listens on the loopback interface only,
            unless the user names other addresses.
        shares_files: Whether the nodes have the manager's files, at the same paths.
        binds_cores: Whether threads and MPI ranks are bound to the cores that they are given.
        may_oversubscribe: Whether instances that run at the same time may share cores if there are
            too few, unless the user chooses. Otherwise too few cores are an error.
        uses_loopback: Whether programs on all nodes reach the manager at its loopback interface,
            for example through tunnels. If so, the manager listens only there, unless the user
            names other addresses.
        manager_locations: By node name, the location at which programs on that node reach the
            manager, if it differs from the one where it listens, for example behind a tunnel.
    """

    is_this_machine: bool = False
    shares_files: bool = True
    binds_cores: bool = True
    may_oversubscribe: bool = False
    uses_loopback: bool = False
    manager_locations: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_network(self) -> bool:
        """Whether the manager must listen on addresses that other machines reach."""
        return not (self.is_this_machine or self.uses_loopback)

    def oversubscribes(self, chosen: bool | None) -> bool:
        """Return whether instances that run at the same time may share cores.

        Args:
            chosen: What the user chooses; None for the default of this launcher.
        """
        return self.may_oversubscribe if chosen is None else chosen

    def manager_location(self, node: str, *, default: str) -> str:
        """Return the location at which programs on a node reach the manager.

        Args:
            node: Name of the node.
            default: The location where the manager listens.
        """
        return self.manager_locations.get(node, default)


THIS_MACHINE = LauncherCapabilities(is_this_machine=True, binds_cores=False, may_oversubscribe=True)
"""For a launcher of a single agent on the manager's machine, which other users may share."""
