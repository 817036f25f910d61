import pytest

from adapters.embedded.oom_kills import count_oom_kills


@pytest.fixture
def system(tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/vmstat").write_text("oom_kill_disable 0\noom_kill 9\n")
    return tmp_path


def add(system, file, text):
    path = system / "cgroup" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def count(system):
    return count_oom_kills(proc=system / "proc", cgroups=system / "cgroup")


def test_count_of_the_control_group_is_used(system):
    (system / "proc/self/cgroup").write_text("0::/user/me\n")
    add(system, "user/me/memory.events", "low 0\noom 3\noom_kill 2\noom_group_kill 1\n")
    assert count(system) == 2


def test_count_of_a_version_1_group_is_used(system):
    (system / "proc/self/cgroup").write_text("5:cpu,memory:/me\n1:name=systemd:/x\n")
    add(system, "memory/me/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n")
    assert count(system) == 4


def test_root_of_the_mount_is_used_in_a_container(system):
    (system / "proc/self/cgroup").write_text("0::/only/valid/outside\n")
    add(system, "memory.events", "oom_kill 1\n")
    assert count(system) == 1


def test_count_of_the_system_is_used_without_groups(system):
    assert count(system) == 9


def test_count_is_zero_if_the_kernel_has_none(tmp_path):
    assert count(tmp_path) == 0
