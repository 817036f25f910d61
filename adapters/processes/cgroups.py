"""Reads the control group limits that containers and batch systems set, and what is used."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from adapters.processes.topology import parse_list

NO_LIMIT_FROM: Final = 2**60
"""Version 1 reports a huge number when there is no limit."""

_MEMORY_FILES: Final = ("memory.max", "memory.current", "inactive_file")
_OLD_MEMORY_FILES: Final = (
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "total_inactive_file",
)
"""Names of the files with the limit and the use, and of the line in `memory.stat` with caches."""


@dataclass(frozen=True)
class Limits:
    """Upper limits on what this process may use.

    Attributes:
        memory: Bytes of memory; None if unlimited.
        cpus: CPU time in processors, rounded up; None if unlimited.
        hwthreads: Hardware threads that it may run on; None if unlimited.
    """

    memory: int | None
    cpus: int | None
    hwthreads: frozenset[int] | None = None


def read_limits(proc: Path, sys: Path) -> Limits:
    """Return the control group limits that apply to this process.

    Args:
        proc: Mount point of procfs.
        sys: Mount point of sysfs; control groups are in `fs/cgroup`.
    """
    root = sys / "fs/cgroup"
    memory: list[int] = []
    cpus: list[int] = []
    hwthreads: list[frozenset[int]] = []
    for controllers, path in _groups(proc):
        for mount in (root, root / "unified") if not controllers else ():
            memory += _numbers(mount, path, "memory.max")
            cpus += _quotas(mount, path)
            hwthreads += _cpu_lists(mount, path, "cpuset.cpus.effective")
        if "memory" in controllers:
            memory += _numbers(root / "memory", path, "memory.limit_in_bytes")
        if "cpu" in controllers:
            for mount in (root / "cpu", root / "cpu,cpuacct"):
                cpus += _old_quotas(mount, path)
        if "cpuset" in controllers:
            hwthreads += _cpu_lists(root / "cpuset", path, "cpuset.effective_cpus", "cpuset.cpus")
    return Limits(
        min((limit for limit in memory if limit < NO_LIMIT_FROM), default=None),
        min(cpus, default=None),
        min(hwthreads, key=len, default=None),
    )


@dataclass(frozen=True)
class MemoryUse:
    """The use of memory by a control group that has a limit, in bytes.

    Attributes:
        limit: The limit.
        used: Memory in use, without caches of files that can be dropped at once.
    """

    limit: int
    used: int


def read_memory_use(proc: Path, sys: Path) -> MemoryUse | None:
    """Return the use of memory by the control group of this process with the tightest limit.

    Args:
        proc: Mount point of procfs.
        sys: Mount point of sysfs; control groups are in `fs/cgroup`.

    Returns:
        The use; None if there is no limit, or the kernel does not report the use.
    """
    root = sys / "fs/cgroup"
    uses: list[MemoryUse] = []
    for controllers, path in _groups(proc):
        for mount in (root, root / "unified") if not controllers else ():
            uses += _memory_uses(mount, path, *_MEMORY_FILES)
        if "memory" in controllers:
            uses += _memory_uses(root / "memory", path, *_OLD_MEMORY_FILES)
    return min(uses, key=lambda use: use.limit, default=None)


def _memory_uses(
    mount: Path, path: PurePosixPath, limit: str, used: str, droppable: str
) -> Iterator[MemoryUse]:
    for level in _levels(mount, path):
        most, total = _read(level / limit), _read(level / used)
        if most.isdecimal() and total.isdecimal() and int(most) < NO_LIMIT_FROM:
            found = re.search(rf"^{droppable} (\d+)$", _read(level / "memory.stat"), re.MULTILINE)
            cached = int(found[1]) if found else 0
            yield MemoryUse(int(most), max(0, int(total) - cached))


def _groups(proc: Path) -> Iterator[tuple[list[str], PurePosixPath]]:
    """Yield the controllers (none for version 2) and the path of each group of this process."""
    try:
        lines = (proc / "self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        yield [name for name in controllers.split(",") if name], PurePosixPath(path)


def _levels(mount: Path, path: PurePosixPath) -> Iterator[Path]:
    """Yield the directories of a group and its ancestors; the tightest limit applies."""
    # a container may see its own group as the root, although its path is valid only outside
    relative = path.relative_to("/") if path.is_absolute() else path
    for level in (relative, *relative.parents):
        if ".." not in level.parts:
            yield mount / level


def _numbers(mount: Path, path: PurePosixPath, name: str) -> list[int]:
    texts = (_read(level / name) for level in _levels(mount, path))
    return [int(text) for text in texts if text.isdecimal()]


def _quotas(mount: Path, path: PurePosixPath) -> list[int]:
    pairs = (_read(level / "cpu.max").split() for level in _levels(mount, path))
    return [_rounded_up(pair[0], pair[1]) for pair in pairs if _are_numbers(pair)]


def _old_quotas(mount: Path, path: PurePosixPath) -> list[int]:
    pairs = (
        [_read(level / "cpu.cfs_quota_us"), _read(level / "cpu.cfs_period_us")]
        for level in _levels(mount, path)
    )
    return [_rounded_up(pair[0], pair[1]) for pair in pairs if _are_numbers(pair)]


def _cpu_lists(mount: Path, path: PurePosixPath, *names: str) -> list[frozenset[int]]:
    """Return the list of the innermost group that has one; the list of its parent contains it."""
    for level in _levels(mount, path):
        for name in names:
            with contextlib.suppress(ValueError):
                if numbers := parse_list(_read(level / name)):
                    return [numbers]
    return []


def _are_numbers(pair: list[str]) -> bool:
    return len(pair) == 2 and all(text.isdecimal() and int(text) > 0 for text in pair)


def _rounded_up(quota: str, period: str) -> int:
    return -(-int(quota) // int(period))


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
