"""Detects the resources that a node offers to this process."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Final, final

from adapters.processes import cgroups, topology
from application.interfaces.agents import NodeInspector
from domain.placement.resources import Core, CoreSet, NodeResources


@final
class LinuxNodeInspector(NodeInspector):
    """Reads the affinity mask, the topology of the processors, and the limits of control groups.

    On other systems than Linux, it uses psutil.

    Args:
        node: Name to give to the node; the host name by default.
        proc: Mount point of procfs.
        sys: Mount point of sysfs.
        max_cores: Number of cores to report at most; None for all.
    """

    def __init__(
        self,
        *,
        node: str | None = None,
        proc: Path = Path("/proc"),
        sys: Path = Path("/sys"),
        max_cores: int | None = None,
    ) -> None:
        self.node: Final = node or socket.gethostname()
        """Name of the node."""
        self._proc = proc
        self._sys = sys
        self._max_cores = max_cores

    def resources(self) -> NodeResources:
        limits = cgroups.read_limits(self._proc, self._sys)
        return NodeResources(self.node, self._cores(limits.cpus), self._memory(limits.memory))

    def _cores(self, quota: int | None) -> CoreSet:
        cores = topology.read_cores(self._sys, usable_hwthreads()) or _cores_by_count()
        # with a CPU time quota, using more cores would only slow all of them down
        return frozenset(sorted(cores)[:quota][: self._max_cores])

    def _memory(self, limit: int | None) -> int | None:
        sizes = [size for size in (_physical_memory(), limit) if size is not None]
        return min(sizes, default=None)


def usable_hwthreads() -> frozenset[int]:
    """Return the hardware threads that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def _cores_by_count() -> CoreSet:
    """Return cores where the system reports only their number."""
    import psutil

    hwthreads = sorted(usable_hwthreads())
    count = min(psutil.cpu_count(logical=False) or len(hwthreads), len(hwthreads))
    return frozenset(Core(number, frozenset(hwthreads[number::count])) for number in range(count))


def _physical_memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        import psutil

        return int(psutil.virtual_memory().total)
