"""Limits that control groups set, as containers and batch systems use them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

NO_LIMIT_FROM: Final = 2**60
"""Version 1 writes a huge number where there is no limit."""


@dataclass(frozen=True)
class Limits:
    """What this process may use at most.

    Attributes:
        memory: Bytes of memory; None if not limited.
        cpus: Whole processors' worth of time, rounded up; None if not limited.
    """

    memory: int | None
    cpus: int | None


def read_limits(proc: Path, sys: Path) -> Limits:
    """Return the limits that this process is under.

    Args:
        proc: Where the kernel tells about processes.
        sys: Where the kernel tells about devices; control groups are in `fs/cgroup`.
    """
    root = sys / "fs/cgroup"
    memory: list[int] = []
    cpus: list[int] = []
    for controllers, path in _groups(proc):
        if not controllers:
            memory += _numbers(root, path, "memory.max")
            cpus += _quotas(root, path)
        if "memory" in controllers:
            memory += _numbers(root / "memory", path, "memory.limit_in_bytes")
        if "cpu" in controllers:
            for mount in (root / "cpu", root / "cpu,cpuacct"):
                cpus += _old_quotas(mount, path)
    return Limits(
        min((limit for limit in memory if limit < NO_LIMIT_FROM), default=None),
        min(cpus, default=None),
    )


def _groups(proc: Path) -> Iterator[tuple[list[str], PurePosixPath]]:
    """Yield controllers (none for version 2) and path of each group that this process is in."""
    try:
        lines = (proc / "self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        yield [name for name in controllers.split(",") if name], PurePosixPath(path)


def _levels(mount: Path, path: PurePosixPath) -> Iterator[Path]:
    """Yield the directory of a group and of each one around it: the tightest limit holds."""
    # a container may see its own group as the root, under a path that is only valid outside
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


def _are_numbers(pair: list[str]) -> bool:
    return len(pair) == 2 and all(text.isdecimal() and int(text) > 0 for text in pair)


def _rounded_up(quota: str, period: str) -> int:
    return -(-int(quota) // int(period))


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
