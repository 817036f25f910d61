"""Records the files in which Linux describes a node: `python -m tests.recorded.record_node`.

It prints the JSON text of a file in `tests/recorded/nodes`: the contents of files by path.
"""

import json
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")
PATTERNS = (
    "proc/self/cgroup",
    "sys/devices/system/cpu/online",
    "sys/devices/system/cpu/cpu[0-9]*/topology/core_cpus_list",
    "sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list",
    "proc/driver/nvidia/gpus/*/information",
    "sys/class/drm/renderD*/device/vendor",
)
LINES = {"proc/self/status": "Cpus_allowed_list:", "proc/meminfo": "MemTotal:"}
LIMITS = (
    "cpu.cfs_period_us",
    "cpu.cfs_quota_us",
    "cpu.max",
    "cpuset.cpus",
    "cpuset.cpus.effective",
    "cpuset.effective_cpus",
    "memory.limit_in_bytes",
    "memory.max",
)
DEVICES = ("dev/nvidia[0-9]*", "dev/kfd", "dev/dri/renderD*")


def main() -> None:
    """Print the record of this node."""
    found = {str(path.relative_to(ROOT)): _text(path) for path in _files()}
    for name, start in LINES.items():
        lines = (ROOT / name).read_text().splitlines(keepends=True)
        found[name] = "".join(line for line in lines if line.startswith(start))
    found |= {str(path.relative_to(ROOT)): "" for item in DEVICES for path in ROOT.glob(item)}
    print(json.dumps({name: text for name, text in found.items() if text is not None}, indent=1))


def _files() -> Iterator[Path]:
    for pattern in PATTERNS:
        yield from sorted(ROOT.glob(pattern))
    mounts = (ROOT / "sys/fs/cgroup").iterdir()
    for mount in (ROOT / "sys/fs/cgroup", *(item for item in sorted(mounts) if item.is_dir())):
        for group in _groups():
            for level in (group, *group.parents):
                yield from (mount / level / name for name in LIMITS)


def _groups() -> set[Path]:
    lines = (ROOT / "proc/self/cgroup").read_text().splitlines()
    return {Path(line.split(":", 2)[2].lstrip("/")) for line in lines}


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


if __name__ == "__main__":
    main()
