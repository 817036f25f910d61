"""The limits that real control groups of this machine set to a node's resources."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CONTROL_GROUPS = Path("/sys/fs/cgroup")
INSPECT = """\
import json
from adapters.processes.node_inspector import LinuxNodeInspector
found = LinuxNodeInspector(node="here").resources()
cores = sorted(sorted(core.hwthreads) for core in found.cores)
print(json.dumps({"cores": cores, "memory": found.memory}))
"""
ENTER = 'for file in $GROUPS_TO_ENTER; do echo $$ > "$file/cgroup.procs"; done; exec "$@"'


@pytest.fixture
def group() -> Iterator["ControlGroup"]:
    if os.geteuid() != 0 or not (CONTROL_GROUPS / "cpuset/cgroup.procs").exists():
        pytest.skip("needs root, and control groups of version 1")
    made = ControlGroup(f"conjoin-test-{uuid.uuid4().hex}")
    yield made
    made.remove()


class ControlGroup:
    """A control group of version 1, below that of this process."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._made: dict[str, Path] = {}

    def limit(self, controller: str, **values: object) -> None:
        """Make the group for a controller, and set its limits."""
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        (own,) = [
            path for _, names, path in (line.split(":", 2) for line in lines) if names == controller
        ]
        directory = CONTROL_GROUPS / controller / own.lstrip("/") / self._name
        try:
            directory.mkdir()
        except OSError as error:
            pytest.skip(f"control groups cannot be made here: {error.strerror}")
        self._made[controller] = directory
        for name, value in values.items():
            (directory / f"{controller}.{name}").write_text(str(value))

    def resources(self) -> dict[str, Any]:
        """Return the resources that an inspector finds in the group."""
        done = subprocess.run(
            ["sh", "-c", ENTER, "sh", sys.executable, "-c", INSPECT],
            env={**os.environ, "GROUPS_TO_ENTER": " ".join(map(str, self._made.values()))},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def remove(self) -> None:
        for directory in self._made.values():
            directory.rmdir()


def usable() -> list[int]:
    return sorted(os.sched_getaffinity(0))


def test_cpu_set_of_a_control_group_restricts_the_cores(group: ControlGroup):
    last = usable()[-1]
    group.limit("cpuset", cpus=last, mems=0)
    found = group.resources()
    assert [last in core for core in found["cores"]] == [True]


def test_cpu_quota_of_a_control_group_restricts_the_number_of_cores(group: ControlGroup):
    group.limit("cpu", cfs_period_us=100_000, cfs_quota_us=90_000)
    assert len(group.resources()["cores"]) == 1


def test_memory_limit_of_a_control_group_is_the_memory_of_the_node(group: ControlGroup):
    group.limit("memory", limit_in_bytes=512 * 2**20)
    assert group.resources()["memory"] == 512 * 2**20


def test_node_without_limits_has_all_usable_cores(group: ControlGroup):
    threads = sorted(thread for core in group.resources()["cores"] for thread in core)
    assert threads == usable()
