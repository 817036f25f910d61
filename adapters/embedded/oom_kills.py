"""Counts the processes that the kernel has killed because memory ran out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_COUNT: Final = re.compile(rb"^oom_kill (\d+)$", re.MULTILINE)
_PROC: Final = Path("/proc")
_CGROUPS: Final = Path("/sys/fs/cgroup")


def count_oom_kills(*, proc: Path = _PROC, cgroups: Path = _CGROUPS) -> int:
    """Return the count of this process's control group; without one, that of the system.

    Args:
        proc: Mount point of procfs.
        cgroups: Mount point of the control groups.
    """
    for file in (*_files_of_group(proc, cgroups), proc / "vmstat"):
        try:
            found = _COUNT.search(file.read_bytes())
        except OSError:
            continue
        if found is not None:
            return int(found[1])
    return 0


def _files_of_group(proc: Path, cgroups: Path) -> list[Path]:
    try:
        lines = (proc / "self/cgroup").read_text().splitlines()
    except OSError:
        return []
    files = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        inside = path.lstrip("/")
        if not controllers:
            files.append(cgroups / inside / "memory.events")
        elif "memory" in controllers.split(","):
            files.append(cgroups / "memory" / inside / "memory.oom_control")
    # a container may see its own group as the root, although its path is valid only outside
    return [*files, cgroups / "memory.events", cgroups / "memory/memory.oom_control"]
