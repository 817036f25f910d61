"""Containers in which programs run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ContainerRunner(Enum):
    """The programs that run containers."""

    APPTAINER = "apptainer"
    PODMAN = "podman"
    DOCKER = "docker"


@dataclass(frozen=True, slots=True)
class Container:
    """A container image, and how to run it.

    Variables and `~` in the image and the options are replaced, as in a program's executable.

    Attributes:
        image: Path or name of the image, as its runner accepts it.
        runner: The program that runs it.
        options: Further options for the runner.
    """

    image: str
    runner: ContainerRunner = ContainerRunner.APPTAINER
    options: tuple[str, ...] = ()
