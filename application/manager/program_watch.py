"""Notices at once that the program of an instance that the user started has ended."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from application.interfaces.admission import Client
from application.interfaces.peer_processes import PeerProcesses
from application.interfaces.process_watch import ProcessWatch
from domain.running.clients import Process


class ProgramWatch:
    """Watches the processes of instances that the user starts on this machine.

    Agents report the ends of the others. An instance on another machine, or one whose process
    cannot be found, is found to be gone later, by `ConnectionWatch`.

    Args:
        processes: Finds the process of a client.
        watch: Watches it.
        is_by_hand: Returns whether the user starts an instance.
        on_ended: Called with the name of an instance when its process has ended.
    """

    def __init__(
        self,
        *,
        processes: PeerProcesses,
        watch: ProcessWatch,
        is_by_hand: Callable[[str], bool],
        on_ended: Callable[[str], None],
    ) -> None:
        self._processes: Final = processes
        self._watch: Final = watch
        self._is_by_hand: Final = is_by_hand
        self._on_ended: Final = on_ended
        self._programs: dict[str, Process] = {}

    @property
    def is_watching(self) -> bool:
        """Whether there is a process to watch."""
        return bool(self._programs)

    def process_ids(self) -> dict[str, int]:
        """Return the process id of each instance that is watched."""
        return {name: process.pid for name, process in self._programs.items()}

    def note_registered(self, instance: str, client: Client) -> None:
        """Watch the process of an instance that has registered, instead of an earlier one."""
        self._programs.pop(instance, None)
        if not self._is_by_hand(instance):
            return
        process = self._process_of(instance, client)
        if process is not None:
            self._programs[instance] = process
            self._watch.watch(process, partial(self._note_ended, instance, process))

    def _process_of(self, instance: str, client: Client) -> Process | None:
        if client.process is not None:
            return client.process
        origin = client.origin or client.locate()
        if origin is None or not origin.is_local:
            return None
        return self._processes.process_of(origin, instance=instance)

    def _note_ended(self, instance: str, process: Process) -> None:
        if self._programs.get(instance) == process:
            del self._programs[instance]
            self._on_ended(instance)
