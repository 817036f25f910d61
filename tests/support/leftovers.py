"""Detects leftovers of a test: threads, child processes, open files and sockets."""

import gc
import os
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TypeAlias

import psutil

_PATIENCE = 60.0
_PAUSE = 0.01
_KINDS = {
    stat.S_IFSOCK: "socket",
    stat.S_IFIFO: "pipe",
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFCHR: "device",
}

_Descriptor: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True)
class Surroundings:
    """The threads, child processes and descriptors of this process at one time.

    Attributes:
        threads: Its threads.
        children: Its child processes, including zombies.
        descriptors: Number, kind, device and inode of all its open descriptors.
    """

    threads: frozenset[threading.Thread]
    children: frozenset[psutil.Process]
    descriptors: frozenset[_Descriptor]

    @classmethod
    def now(cls) -> "Surroundings":
        """Return the surroundings now."""
        return cls(
            threads=frozenset(threading.enumerate()),
            children=frozenset(psutil.Process().children()),
            descriptors=frozenset(_open_descriptors()),
        )


def wait_for_leftovers(before: Surroundings) -> list[str]:
    """Describe the threads, processes and files that did not exist before.

    Waits for those that are about to end: a thread may not be scheduled for a while.
    """
    if left := _leftovers(before):
        # A reference cycle is not a leak; a file that it left open causes a ResourceWarning.
        gc.collect()
        _wait_until(lambda: not _leftovers(before))
        left = _leftovers(before)
    return left


def _wait_until(condition: Callable[[], bool]) -> None:
    # The end of a thread or descriptor causes no notification, so this polls.
    deadline = time.monotonic() + _PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(_PAUSE)


def _leftovers(before: Surroundings) -> list[str]:
    now = Surroundings.now()
    tracker = resource_tracker._resource_tracker
    return [
        *(f"thread '{thread.name}'" for thread in now.threads - before.threads),
        *(
            f"process {_description(child)}"
            for child in now.children - before.children
            if child.pid != tracker._pid
        ),
        *(
            f"{_KINDS.get(descriptor[1], 'descriptor')} {_target(descriptor[0])}"
            for descriptor in now.descriptors - before.descriptors
            if descriptor[0] != tracker._fd and not _is_harmless(descriptor[0])
        ),
    ]


def _open_descriptors() -> list[_Descriptor]:
    found = []
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - a Path per descriptor is slow
        with suppress(OSError):
            status = os.fstat(int(name))
            kind = stat.S_IFMT(status.st_mode)
            found.append((int(name), kind, status.st_dev, status.st_ino))
    return found


def _is_harmless(descriptor: int) -> bool:
    # The interpreter keeps the random number device open after its first use.
    return _target(descriptor) in ("/dev/urandom", "/dev/null")


def _target(descriptor: int) -> str:
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    except OSError:
        return str(descriptor)


def _description(process: psutil.Process) -> str:
    try:
        return f"{process.pid} ({' '.join(process.cmdline()) or process.status()})"
    except psutil.Error:
        return str(process.pid)
