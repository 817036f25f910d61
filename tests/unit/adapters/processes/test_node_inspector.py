import json
import os
import sys
from pathlib import Path

import pytest

from adapters.processes import node_inspector
from adapters.processes.cgroups import Limits, read_limits
from adapters.processes.node_inspector import LinuxNodeInspector
from adapters.processes.topology import parse_list, read_cores
from domain.placement.resources import Core, Gpu, GpuKind, NodeResources
from domain.running.nodes import NodeLoad

NODES = Path(__file__).resolve().parents[3] / "recorded/nodes"


def core(number: int, *hwthreads: int) -> Core:
    return Core(number, frozenset(hwthreads))


class Machine:
    """A directory that imitates /proc and /sys."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.proc = root / "proc"
        self.sys = root / "sys"

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")

    def topology(self, online: str, *cores: str, name: str = "core_cpus_list") -> None:
        self.write("sys/devices/system/cpu/online", online)
        for siblings in cores:
            for hwthread in parse_list(siblings):
                self.write(f"sys/devices/system/cpu/cpu{hwthread}/topology/{name}", siblings)

    def limits(self) -> Limits:
        return read_limits(self.proc, self.sys)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("", set()), ("3", {3}), ("0-2", {0, 1, 2}), ("0-1,8,10-11\n", {0, 1, 8, 10, 11})],
)
def test_cpu_lists_of_the_kernel_are_parsed(text: str, numbers: set[int]) -> None:
    assert parse_list(text) == numbers


def test_hardware_threads_of_one_core_are_grouped(machine: Machine) -> None:
    machine.topology("0-3", "0,2", "1,3")
    assert read_cores(machine.sys, frozenset(range(4))) == {core(0, 0, 2), core(1, 1, 3)}


def test_topology_files_of_older_kernels_are_read(machine: Machine) -> None:
    machine.topology("0-3", "0-1", "2-3", name="thread_siblings_list")
    assert read_cores(machine.sys, frozenset(range(4))) == {core(0, 0, 1), core(1, 2, 3)}


def test_unusable_cores_are_skipped_without_renumbering(machine: Machine) -> None:
    machine.topology("0-7", "0,4", "1,5", "2,6", "3,7")
    assert read_cores(machine.sys, frozenset({2, 6, 7})) == {core(2, 2, 6), core(3, 7)}


def test_hardware_thread_without_siblings_is_a_core(machine: Machine) -> None:
    machine.topology("0-1")
    assert read_cores(machine.sys, frozenset({0, 1})) == {core(0, 0), core(1, 1)}


def test_missing_topology_has_no_cores(machine: Machine) -> None:
    assert read_cores(machine.sys, frozenset({0, 1})) == frozenset()


def test_missing_control_group_has_no_limits(machine: Machine) -> None:
    assert machine.limits() == Limits(None, None)


def test_tightest_limit_of_cgroup_version_2_applies(machine: Machine) -> None:
    machine.write("proc/self/cgroup", "0::/slurm/job_1/step_0")
    machine.write("sys/fs/cgroup/slurm/job_1/memory.max", "2000000")
    machine.write("sys/fs/cgroup/slurm/job_1/step_0/memory.max", "max")
    machine.write("sys/fs/cgroup/slurm/memory.max", "3000000")
    machine.write("sys/fs/cgroup/slurm/cpu.max", "250000 100000")
    machine.write("sys/fs/cgroup/slurm/job_1/cpu.max", "max 100000")
    assert machine.limits() == Limits(2000000, 3)


def test_limits_of_cgroup_version_1_apply(machine: Machine) -> None:
    machine.write("proc/self/cgroup", "4:memory:/docker/a\n2:cpu,cpuacct:/docker/a\n0::/")
    machine.write("sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes", "1000")
    machine.write("sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us", "200000")
    machine.write("sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_period_us", "100000")
    assert machine.limits() == Limits(1000, 2)


def test_cgroup_version_1_without_limits_has_none(machine: Machine) -> None:
    machine.write("proc/self/cgroup", "4:memory:/\n1:cpu:/")
    machine.write("sys/fs/cgroup/memory/memory.limit_in_bytes", str(2**63 - 4096))
    machine.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1")
    machine.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000")
    assert machine.limits() == Limits(None, None)


def test_limits_of_a_control_group_outside_of_the_container_are_read(
    machine: Machine,
) -> None:
    machine.write("proc/self/cgroup", "0::/../../outside")
    machine.write("sys/fs/cgroup/memory.max", "5000")
    assert machine.limits().memory == 5000


MEMINFO = "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 400 kB"


def test_load_average_and_memory_in_use_are_read(machine: Machine) -> None:
    machine.write("proc/loadavg", "1.25 0.50 0.10 2/345 6789")
    machine.write("proc/meminfo", MEMINFO)
    assert LinuxNodeInspector(root=machine.root).load() == NodeLoad(1.25, 600 * 1024)


def test_memory_in_use_is_that_of_a_limited_cgroup_of_version_2(machine: Machine) -> None:
    machine.write("proc/meminfo", MEMINFO)
    machine.write("proc/self/cgroup", "0::/job/step")
    machine.write("sys/fs/cgroup/job/step/memory.max", "max")
    machine.write("sys/fs/cgroup/job/memory.max", "500000")
    machine.write("sys/fs/cgroup/job/memory.current", "300000")
    machine.write("sys/fs/cgroup/job/memory.stat", "anon 100\ninactive_file 50000\nfile 7")
    assert LinuxNodeInspector(root=machine.root).load().memory_used == 250000


def test_memory_in_use_is_that_of_a_limited_cgroup_of_version_1(machine: Machine) -> None:
    machine.write("proc/meminfo", MEMINFO)
    machine.write("proc/self/cgroup", "4:memory:/docker")
    machine.write("sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "500000")
    machine.write("sys/fs/cgroup/memory/docker/memory.usage_in_bytes", "300000")
    machine.write(
        "sys/fs/cgroup/memory/docker/memory.stat", "inactive_file 1\ntotal_inactive_file 9"
    )
    assert LinuxNodeInspector(root=machine.root).load().memory_used == 299991


def test_cgroup_limit_above_the_memory_of_the_node_is_ignored(machine: Machine) -> None:
    machine.write("proc/meminfo", MEMINFO)
    machine.write("proc/self/cgroup", "0::/")
    machine.write("sys/fs/cgroup/memory.max", "5000000")
    machine.write("sys/fs/cgroup/memory.current", "300000")
    assert LinuxNodeInspector(root=machine.root).load().memory_used == 600 * 1024


def test_cpu_quota_limits_the_number_of_cores(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_inspector, "usable_hwthreads", lambda: frozenset(range(4)))
    machine.topology("0-3", "0", "1", "2", "3")
    machine.write("proc/self/cgroup", "0::/")
    machine.write("sys/fs/cgroup/cpu.max", "150000 100000")
    inspector = LinuxNodeInspector(node="n", root=machine.root)
    assert inspector.resources().cores == {core(0, 0), core(1, 1)}


def test_usable_hardware_threads_count_as_cores_without_kernel_information(
    machine: Machine,
) -> None:
    resources = LinuxNodeInspector(root=machine.root).resources()
    usable = node_inspector.usable_hwthreads()
    assert frozenset().union(*(core.hwthreads for core in resources.cores)) == usable


def test_current_node_has_the_usable_hardware_threads() -> None:
    resources = LinuxNodeInspector(node="here").resources()
    hwthreads = frozenset().union(*(core.hwthreads for core in resources.cores))
    assert resources.node == "here"
    assert hwthreads <= frozenset(os.sched_getaffinity(0))
    assert resources.memory is not None
    assert resources.memory > 2**20


def recorded(name: str, root: Path, **environment: str) -> NodeResources:
    """Return the resources of a recorded node."""
    for path, text in json.loads((NODES / f"{name}.json").read_text()).items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return LinuxNodeInspector(node="n", root=root, environment=environment).resources()


def nvidia(*devices: str) -> tuple[Gpu, ...]:
    return tuple(Gpu(GpuKind.NVIDIA, device) for device in devices)


def test_recorded_virtual_machine_has_two_cores(tmp_path: Path) -> None:
    resources = recorded("virtual_machine", tmp_path)
    assert resources == NodeResources("n", frozenset({core(0, 0), core(1, 1)}), 24683656 * 1024)


def test_recorded_job_of_slurm_has_its_cores_memory_and_gpus(tmp_path: Path) -> None:
    resources = recorded("slurm_job", tmp_path)
    assert resources.cores == {core(2, 2, 10), core(3, 3, 11)}
    assert resources.memory == 8 * 2**30
    assert resources.gpus == nvidia("0", "1")


def test_recorded_container_has_the_cores_of_its_cpu_set_and_quota(tmp_path: Path) -> None:
    resources = recorded("container", tmp_path)
    assert resources.cores == {core(2, 4, 5), core(3, 6, 7)}
    assert resources.memory == 2 * 2**30


def test_gpus_without_a_device_file_are_left_out(tmp_path: Path) -> None:
    assert recorded("container", tmp_path).gpus == nvidia("0")


def test_recorded_workstation_has_two_amd_gpus(tmp_path: Path) -> None:
    gpus = (Gpu(GpuKind.AMD, "0"), Gpu(GpuKind.AMD, "1"))
    assert recorded("workstation", tmp_path).gpus == gpus
    assert recorded("workstation", tmp_path, ROCR_VISIBLE_DEVICES="1").gpus == gpus[1:]


def test_affinity_restricts_the_cores_without_a_control_group(machine: Machine) -> None:
    machine.topology("0-7", "0,4", "1,5", "2,6", "3,7")
    machine.write("proc/self/status", "Cpus_allowed_list:\t1,5-6")
    resources = LinuxNodeInspector(root=machine.root).resources()
    assert resources.cores == {core(1, 1, 5), core(2, 6)}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's affinity mask")
def test_affinity_of_this_process_restricts_the_cores() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        cores = LinuxNodeInspector().resources().cores
    finally:
        os.sched_setaffinity(0, before)
    assert [core.hwthreads for core in cores] == [{min(before)}]
