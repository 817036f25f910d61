"""The scripts that start programs."""

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
            program: What to start.
            requirements: What was asked for it.
            resources: What it got.
            environment: Variables to set beside the program's own: where the manager is, and so on.
            bind_to_cores: Whether threads and ranks are bound to the cores they got.

        Returns:
            The path of the script, which is executable.
        """
