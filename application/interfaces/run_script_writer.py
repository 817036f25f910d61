"""Run scripts: the scripts that start programs."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from domain.identity import Reference
from domain.model.configuration import Program, ResourceRequirements
from domain.placement.resources import Resources


class RunScriptWriter(Protocol):
    """Writes the script that starts an instance of a program."""

    @abstractmethod
    def write(
        self,
        directory: Path,
        *,
        instance: Reference,
        program: Program,
        requirements: ResourceRequirements,
        resources: Resources,
        environment: Mapping[str, str],
        bind_to_cores: bool,
    ) -> Path:
        """Write the script (and a rank file, if its program needs one) to an instance's directory.

        Args:
            directory: The instance's own directory.
            instance: Name of the instance.
            program: The program to start.
            requirements: The resources that the configuration requests for it.
            resources: The resources that are assigned to it.
            environment: Variables to set in addition to the program's own, such as the manager's
                location.
            bind_to_cores: Whether to bind threads and ranks to their assigned cores.

        Returns:
            The path of the executable script.
        """
