"""The interface of commands that start the agents of a batch job."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

NODE_VARIABLES: Final = (
    "HOSTNAME",
    "CUDA_VISIBLE_DEVICES",
    "GPU_DEVICE_ORDINAL",
    "ROCR_VISIBLE_DEVICES",
    "ZE_AFFINITY_MASK",
)
"""Environment variables that describe a node: their values differ from those at the manager."""


class GroupStarter(Protocol):
    """A program that runs a command once on each node."""

    @property
    @abstractmethod
    def passes_input(self) -> bool:
        """Whether it passes its standard input to the commands on all nodes.

        If so, their standard input stays open until its own is closed.
        """

    @property
    @abstractmethod
    def node_name_variable(self) -> str | None:
        """Environment variable of a started command with the name of its node, if there is one."""

    @property
    @abstractmethod
    def kept_variables(self) -> Sequence[str]:
        """Environment variables of a started command that describe its node."""

    @abstractmethod
    def command(
        self,
        nodes: Sequence[str],
        program: Sequence[str],
        *,
        directory: Path,
        exported: Sequence[str] = (),
    ) -> list[str]:
        """Return the command that runs a program once on each node.

        Args:
            nodes: Names of the nodes.
            program: The program with its arguments.
            directory: Its working directory.
            exported: Names of the environment variables that the program must get.
        """

    @abstractmethod
    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the environment for the command, from that of the manager."""

    @abstractmethod
    def program_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the environment for the programs of the run, from that of the manager."""

    @abstractmethod
    def losses(self, line: str, nodes: Sequence[str]) -> Iterable[str]:
        """Return the names of nodes on which a program failed, according to a line of output.

        Args:
            line: The line.
            nodes: Names of the nodes, as passed to `command`.
        """
