"""Where a control group is created for the programs of a run, and what it does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.processes.run_group import create_run_group

SLEEP = (sys.executable, "-c", "import time; time.sleep(1000)")


def write_proc(folder: Path, *, group: str, mounts: str) -> str:
    """Write the files of procfs that describe this process's control group."""
    (folder / "self").mkdir()
    (folder / "self/cgroup").write_text(f"3:cpuset:/\n{group}\n")
    (folder / "self/mountinfo").write_text(f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n{mounts}\n")
    return str(folder)


@pytest.mark.parametrize(
    ("group", "mounts"),
    [
        ("0::/user/scope", ""),
        ("2:cpu:/", "41 31 0:38 / {sys} rw - cgroup2 cgroup2 rw"),
        ("0::/elsewhere", "41 31 0:38 /user {sys} rw - cgroup2 cgroup2 rw"),
        ("0::/missing", "41 31 0:38 / {sys} rw - cgroup2 cgroup2 rw"),
    ],
    ids=["version 1 only", "not in a group", "not mounted", "missing"],
)
def test_no_group_is_created_without_a_visible_control_group(tmp_path, group, mounts):
    proc = write_proc(tmp_path, group=group, mounts=mounts.format(sys=tmp_path))
    assert create_run_group(proc=proc) is None


def test_no_group_is_created_without_procfs(tmp_path):
    assert create_run_group(proc=str(tmp_path)) is None


@pytest.mark.parametrize("root", ["/", "/user"])
def test_directory_without_the_files_of_a_group_is_removed_again(tmp_path, root):
    group = tmp_path / ("user/scope" if root == "/" else "scope")
    group.mkdir(parents=True)
    (group / "cgroup.procs").write_text("")
    mark_as_delegated(group)
    mounts = f"41 31 0:38 {root} {tmp_path} rw - cgroup2 cgroup2 rw"
    proc = write_proc(tmp_path, group="0::/user/scope", mounts=mounts)
    assert create_run_group(proc=proc) is None
    assert [path.name for path in group.iterdir()] == ["cgroup.procs"]


def mark_as_delegated(directory: Path) -> None:
    try:
        os.setxattr(directory, "user.delegate", b"1")
    except OSError as error:
        pytest.skip(f"extended attributes cannot be set here: {error}")


@contextmanager
def delegated_group() -> Iterator[None]:
    """Mark the control group of this process as delegated."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        groups = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        pytest.skip("needs Linux")
    found = [line.split()[4] for line in mounts if " / " in line and " - cgroup2 " in line]
    own = [line[3:] for line in groups if line.startswith("0::")]
    if not found or not own or not os.access(Path(found[0] + own[0], "cgroup.procs"), os.W_OK):
        pytest.skip("needs a control group of version 2 that may be changed")
    directory = Path(found[0] + own[0])
    mark_as_delegated(directory)
    try:
        yield
    finally:
        os.removexattr(directory, "user.delegate")


@pytest.fixture
def group():
    with delegated_group():
        group = create_run_group(name=f"conjoin-test-{os.getpid()}")
    assert group is not None
    yield group
    group.kill()
    group.remove()
    os.close(group._entrance)


def test_processes_of_a_group_are_killed_together(group):
    with subprocess.Popen(SLEEP, preexec_fn=group.enter, start_new_session=True) as process:
        assert Path(group.path, "cgroup.procs").read_text() == f"{process.pid}\n"
        group.kill()
        assert process.wait(60) == -signal.SIGKILL


def test_group_is_removed_only_when_it_is_empty(group):
    with subprocess.Popen(SLEEP, preexec_fn=group.enter) as process:
        group.remove()
        assert Path(group.path).exists()
        process.kill()
    group.remove()
    assert not Path(group.path).exists()
