"""Finds out which user and process a connection belongs to."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, final

from adapters.io.network import TUNNEL_HOST
from adapters.processes.process_stat import PARENT, SESSION, START_TIME, read_stat
from adapters.processes.socket_table import PROC, find_socket
from application.interfaces.peer_processes import PeerProcesses
from domain.running.clients import STARTED_FOR, Origin, Process

IS_LINUX: Final = sys.platform.startswith("linux")
_MAPPED: Final = "::ffff:"
_INIT: Final = 1
_SOCKET: Final = "socket:["
_MOST_FILES: Final = 100_000
_HINTS: Final = frozenset({STARTED_FOR.encode(), b"MUSCLE_INSTANCE", b"--muscle-instance"})
"""Names of the variables and options that say which instance a program claims to be."""


def new_peer_processes(secret: str) -> PeerProcesses:
    """Return the best implementation for this system.

    Args:
        secret: The run's secret.
    """
    return LinuxPeerProcesses(secret) if IS_LINUX else AssumedPeerProcesses()


@final
class LinuxPeerProcesses(PeerProcesses):
    """Reads the system's table of sockets, and procfs.

    A process was started for an instance if its environment, or that of the leader of its session
    or of an ancestor, has the run's secret and the instance's name. An agent gives both to the
    programs that it starts. Others of the same user could read them, but no other user can.

    Args:
        secret: The run's secret.
        proc: Mount point of procfs.
    """

    def __init__(self, secret: str, *, proc: Path = PROC) -> None:
        self._secret = f"CONJOIN_SECRET={secret}".encode()
        self._proc = proc
        self._seen: set[int] = set()
        self._likely: dict[bytes, set[int]] = {}
        self._files: dict[int, tuple[int, str]] = {}

    def origin(self, own: tuple[str, int], peer: tuple[str, int]) -> Origin:
        own_end = (own[0].removeprefix(_MAPPED), own[1])
        if peer[0].removeprefix(_MAPPED) == TUNNEL_HOST:
            return Origin(peer[0], is_local=False)
        other_end = (peer[0].removeprefix(_MAPPED), peer[1])
        found = find_socket(other_end, own_end, proc=self._proc)
        if found is None:
            return Origin(peer[0], is_local=False)
        if found.inode == 0:  # closed by its program, so that the system reports root as its user
            return Origin(peer[0], is_local=True)
        return Origin(peer[0], is_local=True, uid=found.uid, socket=found.inode)

    def process_of(self, origin: Origin, *, instance: str) -> Process | None:
        if origin.socket == 0:
            return None
        if origin.socket in self._files:
            holder, file = self._files[origin.socket]
            if self._inode(holder, file) == origin.socket:  # else the number was used again
                return self._process(holder)
        name = instance.encode()
        tried = set(self._likely.get(name, ()))
        pid = self._holder(tried, origin.socket)
        if pid is None:
            self._update()
            pid = self._holder(self._likely.get(name, set()) - tried, origin.socket)
        if pid is None:
            # the program may have another environment, or have been seen before it got its own
            pid = self._holder(self._seen, origin.socket)
            self._seen.clear()
            self._likely.clear()
        return None if pid is None else self._process(pid)

    def is_held_by(self, origin: Origin, process: Process) -> bool:
        return self._process(process.pid) == process and self._holds(process.pid, origin.socket)

    def was_started_for(self, process: Process, instance: str) -> bool:
        marks = {self._secret, f"{STARTED_FOR}={instance}".encode()}
        return self._process(process.pid) == process and any(
            marks <= self._environment(pid) for pid in self._lineage(process.pid)
        )

    def _update(self) -> None:
        """Note which instances new processes are likely to be."""
        names = os.listdir(self._proc)  # noqa: PTH208 - many times faster
        pids = {int(name) for name in names if name.isdecimal()}
        for pid in pids - self._seen:
            for item in (*self._environment(pid), *self._items(pid, "cmdline")):
                name, _, value = item.partition(b"=")
                if name in _HINTS:
                    self._likely.setdefault(value, set()).add(pid)
        self._seen = pids

    def _holder(self, pids: set[int], inode: int) -> int | None:
        """Return which of some processes holds a socket; those that started last come first."""
        return next((pid for pid in sorted(pids, reverse=True) if self._holds(pid, inode)), None)

    def _environment(self, pid: int) -> frozenset[bytes]:
        return frozenset(self._items(pid, "environ"))

    def _items(self, pid: int, file: str) -> list[bytes]:
        try:
            with open(f"{self._proc}/{pid}/{file}", "rb") as content:
                return content.read().split(b"\0")
        except OSError:  # another user's, or ended
            return []

    def _holds(self, pid: int, inode: int) -> bool:
        """Return whether a process holds a socket, and note all sockets that it holds.

        One program may simulate many instances, and this would take a millisecond for each.
        """
        found = False
        if len(self._files) > _MOST_FILES:
            self._files.clear()
        with contextlib.suppress(OSError):
            for file in os.listdir(f"{self._proc}/{pid}/fd"):  # noqa: PTH208 - many times faster
                held = self._inode(pid, file)
                if held:
                    self._files[held] = (pid, file)
                found = found or held == inode
        return found

    def _inode(self, pid: int, file: str) -> int:
        """Return the inode of an open socket of a process; 0 if the file is not a socket."""
        try:
            target = os.readlink(f"{self._proc}/{pid}/fd/{file}")  # noqa: PTH115 - faster
        except OSError:
            return 0
        return int(target[len(_SOCKET) : -1]) if target.startswith(_SOCKET) else 0

    def _lineage(self, pid: int) -> Iterator[int]:
        """Yield a process, the leader of its session, and its ancestors."""
        yield pid
        seen: set[int] = set()
        while pid > _INIT and pid not in seen:
            seen.add(pid)
            fields = self._stat(pid)
            if fields is None:
                return
            parent, session = int(fields[PARENT]), int(fields[SESSION])
            yield session
            yield parent
            pid = parent

    def _process(self, pid: int) -> Process | None:
        fields = self._stat(pid)
        return None if fields is None else Process(pid, int(fields[START_TIME]))

    def _stat(self, pid: int) -> list[bytes] | None:
        """Return the fields of `process_stat`; None if the process has ended."""
        try:
            return read_stat(f"{self._proc}/{pid}/stat")
        except OSError:
            return None


@final
class AssumedPeerProcesses(PeerProcesses):
    """Assumes that all programs on this machine belong to the user and the run.

    For systems where users and processes of connections cannot be found out without privileges.
    """

    def origin(self, own: tuple[str, int], peer: tuple[str, int]) -> Origin:
        is_local = own[0] == peer[0]  # one machine's addresses reach each other from themselves
        return Origin(peer[0], is_local=is_local, uid=os.geteuid() if is_local else None)

    def process_of(self, origin: Origin, *, instance: str) -> Process | None:  # noqa: ARG002
        return Process(0, 0) if origin.is_local else None

    def is_held_by(self, origin: Origin, process: Process) -> bool:  # noqa: ARG002
        return origin.is_local

    def was_started_for(self, process: Process, instance: str) -> bool:  # noqa: ARG002
        return True
