"""The directories of a run."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from dataclasses import dataclass

from adapters.embedded.socket_directory import create_socket_directory
from domain.runtime.hosts import EnginePlan


@dataclass(frozen=True, slots=True)
class RunPlaces:
    """The directories of a run.

    Attributes:
        sockets: The directory of its sockets.
        spilled: The directory for values that do not fit in memory; created when needed.
    """

    sockets: str
    spilled: str

    def remove(self) -> None:
        """Remove both."""
        for directory in (self.sockets, self.spilled):
            shutil.rmtree(directory, ignore_errors=True)


def create_places(plan: EnginePlan) -> RunPlaces:
    """Return the directories of a new run.

    Raises:
        EngineError: If there is no suitable place for the sockets.
    """
    parent = plan.spill_directory or plan.run_directory or tempfile.gettempdir()
    return RunPlaces(create_socket_directory(), f"{parent}/conjoin-spilled-{secrets.token_hex(8)}")
