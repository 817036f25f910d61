"""Run scripts: the scripts that start programs."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from domain.identity import Reference
from domain.model.configuration import Program, ResourceRequirements
from domain.placement.resources import Resources
from domain.running.launcher_capabilities import LauncherCapabilities


@dataclass(frozen=True, slots=True)
class ScriptOrder:
    """The contents of a run script, as values.

    Attributes:
        directory: The instance's own directory.
        instance: Name of the instance.
        program: The program to start.
        requirements: The resources that the configuration requests for it.
        resources: The resources that are assigned to it.
        environment: Variables to set in addition to the program's own, such as the manager's
            location.
        capabilities: Those of the launcher whose agent runs the script: for example, whether to
            bind threads and ranks to their assigned cores.
        mounts: Directories that the program must see if it runs in a container.
    """

    directory: Path
    instance: Reference
    program: Program
    requirements: ResourceRequirements
    resources: Resources
    environment: Mapping[str, str]
    capabilities: LauncherCapabilities
    mounts: tuple[Path, ...] = ()


class RunScriptWriter(Protocol):
    """Writes the script that starts an instance of a program."""

    @abstractmethod
    def write(self, order: ScriptOrder) -> Path:
        """Write the script (and a rank file, if its program needs one) to an instance's directory.

        Args:
            order: What to write, and where.

        Returns:
            The path of the executable script.
        """
