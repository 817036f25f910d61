"""Creates the directories of instances, in the background."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import final

from application.interfaces.run_directory import RunDirectory
from application.interfaces.worker import Worker
from domain.identity import Reference


@final
class InstanceDirectories:
    """Creates the directory of each instance once, before it is needed.

    Args:
        run_directory: The run directory that contains them.
        worker: Runs the creation in the background.
    """

    def __init__(self, run_directory: RunDirectory, *, worker: Worker) -> None:
        self._run_directory = run_directory
        self._worker = worker
        self._existing: set[Reference] = set()

    def note_created(self, instance: Reference) -> None:
        """Record that the directory of an instance exists."""
        self._existing.add(instance)

    def ensure(
        self,
        instance: Reference,
        *,
        ready: Callable[[Path], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Ensure that the directory of an instance and its subdirectories exist.

        Args:
            instance: The instance.
            ready: Called with the directory, now or later.
            failed: Called instead with a ConfigurationError if it cannot be created.
        """
        if instance in self._existing:
            ready(self._run_directory.instance_path(instance))
            return
        self._worker.run(
            partial(self._run_directory.instance_directory, instance),
            done=partial(self._note_ready, instance, ready),
            failed=failed,
        )

    def _note_ready(
        self, instance: Reference, ready: Callable[[Path], None], directory: Path
    ) -> None:
        self.note_created(instance)
        ready(directory)
