"""Detects the resources that a node offers to this process, and its load."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final, final

from adapters.processes import cgroups, topology
from adapters.processes.gpus import read_gpus
from application.interfaces.agents import NodeInspector
from domain.placement.resources import Core, CoreSet, NodeResources
from domain.running.nodes import NodeLoad

_ALLOWED: Final = re.compile(r"^Cpus_allowed_list:\s*(\S+)", re.MULTILINE)
_MEMORY: Final = re.compile(r"^MemTotal:\s*(\d+) kB", re.MULTILINE)

_AVAILABLE: Final = re.compile(r"^MemAvailable:\s*(\d+) kB", re.MULTILINE)
_LOAD: Final = re.compile(r"(\d+\.\d+) ")


@final
class LinuxNodeInspector(NodeInspector):
    """Reads the affinity mask, the topology, the limits of control groups, and the GPUs.

    On other systems than Linux, it uses psutil.

    Args:
        node: Name to give to the node; the host name by default.
        root: The root directory, with `proc`, `sys` and `dev`.
        max_cores: Number of cores to report at most; None for all.
        environment: The environment; by default, that of this process.
    """

    def __init__(
        self,
        *,
        node: str | None = None,
        root: Path = Path("/"),
        max_cores: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.node: Final = node or socket.gethostname()
        """Name of the node."""
        self._root = root
        self._max_cores = max_cores
        self._environment = os.environ if environment is None else environment

    def resources(self) -> NodeResources:
        limits = cgroups.read_limits(self._root / "proc", self._root / "sys")
        return NodeResources(
            self.node,
            self._cores(limits),
            self._memory(limits.memory),
            read_gpus(self._root, self._environment),
        )

    def load(self) -> NodeLoad:
        return NodeLoad(self._load_average(), self._memory_used())

    def _load_average(self) -> float | None:
        found = _LOAD.match(_read(self._root / "proc/loadavg"))
        if found is not None:
            return float(found[1])
        try:
            return os.getloadavg()[0]
        except OSError:
            return None

    def _memory_used(self) -> int | None:
        meminfo = _read(self._root / "proc/meminfo")
        total, available = _MEMORY.search(meminfo), _AVAILABLE.search(meminfo)
        if total is None or available is None:
            return _physical_memory_used()
        group = cgroups.read_memory_use(self._root / "proc", self._root / "sys")
        if group is not None and group.limit < int(total[1]) * 1024:
            return group.used
        return (int(total[1]) - int(available[1])) * 1024

    def _cores(self, limits: cgroups.Limits) -> CoreSet:
        usable = self._usable_hwthreads()
        if limits.hwthreads is not None and usable & limits.hwthreads:
            usable &= limits.hwthreads
        cores = topology.read_cores(self._root / "sys", usable) or _cores_by_count(usable)
        # with a CPU time quota, using more cores would only slow all of them down
        return frozenset(sorted(cores)[: limits.cpus][: self._max_cores])

    def _usable_hwthreads(self) -> frozenset[int]:
        """Return the hardware threads in the affinity mask of this process."""
        found = _ALLOWED.search(_read(self._root / "proc/self/status"))
        try:
            return topology.parse_list(found[1]) if found is not None else usable_hwthreads()
        except ValueError:
            return usable_hwthreads()

    def _memory(self, limit: int | None) -> int | None:
        found = _MEMORY.search(_read(self._root / "proc/meminfo"))
        physical = int(found[1]) * 1024 if found is not None else _physical_memory()
        sizes = [size for size in (physical, limit) if size is not None]
        return min(sizes, default=None)


def usable_hwthreads() -> frozenset[int]:
    """Return the hardware threads that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def _cores_by_count(usable: frozenset[int]) -> CoreSet:
    """Return cores where the system reports only their number."""
    import psutil

    hwthreads = sorted(usable)
    count = min(psutil.cpu_count(logical=False) or len(hwthreads), len(hwthreads))
    return frozenset(Core(number, frozenset(hwthreads[number::count])) for number in range(count))


def _physical_memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        import psutil

        return int(psutil.virtual_memory().total)


def _physical_memory_used() -> int:
    import psutil

    memory = psutil.virtual_memory()
    return int(memory.total - memory.available)


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
