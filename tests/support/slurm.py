"""A real Slurm for tests, with its own munge: on this machine, or on several nodes.

If its only node is this machine, it does not need root. Jobs run as the user who runs the tests,
with the environment of the tests.

>>> with running_slurm(folder) as slurm:
...     job = slurm.submit(script, folder=folder)
...     slurm.wait_until_idle()
"""

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.conditions import PATIENCE, wait_until
from tests.support.nodes import Nodes
from tests.support.ports import held_port
from tests.support.scenario_runs import MARK, clean_environment, end_processes_marked

PROGRAMS = ("munged", "munge", "slurmctld", "slurmd", "sinfo", "sbatch", "squeue", "scancel")
PACKAGES = "munge slurmctld slurmd slurm-client"
PATH = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]
)
"""Where jobs find our programs, and all programs find the daemons."""

_COMMAND_SECONDS = 60
_GRACE_SECONDS = 10
_PAUSE = 0.1

_CONTROLLERS = ("cpuset", "freezer")

_CONTROL_GROUPS = "CgroupAutomount=no\nCgroupPlugin=cgroup/v1\nConstrainCores=yes\n"

_NODE_OPTIONS = "RealMemory=100 State=UNKNOWN"

# Without a time limit, the backfill scheduler would plan each job for a year.
_CONFIGURATION = """\
ClusterName=testing
SlurmctldHost={host}({address})
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin={task_plugin}
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdSpoolDir={folder}/spool.%n
StateSaveLocation={folder}/state
SchedulerParameters=sched_min_interval=0
KillWait=30
FirstJobId={first_job}
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Slurm:
    """A running Slurm.

    Args:
        environment: Environment variables that its commands need.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def run(self, *command: object, folder: Path | None = None) -> str:
        """Run one of its commands, and return the output."""
        done = subprocess.run(
            list(map(str, command)),
            cwd=folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def submit(self, script: Path, *options: object, folder: Path) -> int:
        """Submit a job that works in a folder; return its number."""
        return int(self.run("sbatch", "--parsable", *options, script, folder=folder))

    def wait_until_idle(self, *, timeout: float = PATIENCE) -> None:
        """Wait until all jobs have ended completely."""
        wait_until(self._is_idle, timeout=timeout, pause=_PAUSE)

    def end_jobs(self) -> None:
        """End all jobs, and those that they submit in the meantime."""
        wait_until(self._is_idle_once_cancelled, pause=_PAUSE)

    def _is_idle(self) -> bool:
        return not self.run("squeue", "--noheader")

    def _is_idle_once_cancelled(self) -> bool:
        self.run("scancel", "--user", _user())
        return self._is_idle()


@dataclass(frozen=True, slots=True)
class SlurmCluster:
    """A running Slurm on several nodes.

    Attributes:
        slurm: The Slurm.
        nodes: The nodes.
        cpus: Number of CPUs of each node.
    """

    slurm: Slurm
    nodes: Nodes
    cpus: int

    @contextmanager
    def allocation(self, *options: str) -> Iterator[dict[str, str]]:
        """Allocate nodes to a job.

        Args:
            options: Options of salloc.

        Yields:
            The environment of a process in the job, on this machine.
        """
        program = f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
        holder = subprocess.Popen(
            ["salloc", "--quiet", *options, "sh", "-c", f"{program}; exec cat"],
            env=self.slurm.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # otherwise salloc would change the terminal
        )
        with holder:
            try:
                assert holder.stdout is not None
                yield json.loads(holder.stdout.readline())
            finally:
                self.slurm.end_jobs()
                holder.kill()

    def programs_left(self) -> list[str]:
        """Kill all programs on the nodes except those of Slurm; return their command lines."""
        found = [
            process
            for node in self.nodes
            for process in node.processes()
            if not process.name().startswith("slurm")
        ]
        lines = [" ".join(process.cmdline()) for process in found]
        for process in found:
            process.kill()
        return lines


@contextmanager
def running_slurm(folder: Path) -> Iterator[Slurm]:
    """Start a Slurm, and stop it afterwards.

    Skips the test if Slurm is not installed, or fails it in CI.

    Args:
        folder: An empty folder for its files.
    """
    host = socket.gethostname().partition(".")[0]
    node = f"NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 CPUs=4 {_NODE_OPTIONS}"
    layout = _Layout("127.0.0.1", node, {"node1": ()})
    with _running(folder, layout) as slurm:
        yield slurm


@contextmanager
def running_slurm_cluster(
    folder: Path, nodes: Nodes, *, cpus: int, confines: bool = False
) -> Iterator["SlurmCluster"]:
    """Start a Slurm on several nodes, with its controller on this machine, and stop it afterwards.

    Skips the test if Slurm is not installed, or fails it in CI.

    Args:
        folder: An empty folder for its files.
        nodes: The nodes.
        cpus: Number of CPUs of each node.
        confines: Whether jobs are confined to their CPUs, by control groups of version 1. Skips the
            test where there are none.
    """
    if confines:
        _give_control_groups(nodes)
    lines = [
        f"NodeName={node.name} NodeAddr={node.address} CPUs={cpus} {_NODE_OPTIONS}"
        for node in nodes
    ]
    layout = _Layout(
        nodes.head,
        "\n".join(lines),
        {node.name: node.run for node in nodes},
        "task/cgroup,task/affinity" if confines else "task/none",
        # other test processes may have jobs on nodes of the same names, whose control groups have
        # the same names as well
        1000 * nodes.slot + 1,
    )
    try:
        with _running(folder, layout) as slurm:
            yield SlurmCluster(slurm, nodes, cpus)
    finally:
        if confines:
            _remove_control_groups(nodes)


@contextmanager
def _running(folder: Path, layout: "_Layout") -> Iterator[Slurm]:
    _require_programs()
    mark = uuid.uuid4().hex
    with ExitStack() as undo:
        ports = [undo.enter_context(held_port("")) for _ in range(2)]
        environment = {
            **clean_environment(),
            "PATH": PATH,
            "SLURM_CONF": str(_write_configuration(folder, layout, *ports)),
            MARK: mark,
        }
        slurm = Slurm(environment)
        undo.callback(end_processes_marked, mark)
        try:
            _start_daemons(folder, layout, environment, undo)
        except AssertionError:
            pytest.fail("\n".join(path.read_text() for path in folder.glob("*.out")))
        yield slurm


@dataclass(frozen=True, slots=True)
class _Layout:
    """The machines of a Slurm.

    Attributes:
        controller: The address of the controller.
        nodes: The configuration of the nodes.
        run_on: By name of a node, the beginning of a command that runs another one there.
        task_plugin: The plugins of Slurm that bind tasks.
        first_job: Number of the first job.
    """

    controller: str
    nodes: str
    run_on: Mapping[str, tuple[str, ...]]
    task_plugin: str = "task/none"
    first_job: int = 1


def _require_programs() -> None:
    missing = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
    if not missing:
        return
    text = f"no {', '.join(missing)} on this machine: install {PACKAGES}"
    if os.environ.get("CONJOIN_CI") == "1":
        pytest.fail(text)
    pytest.skip(text)


def _write_configuration(
    folder: Path, layout: _Layout, controller_port: int, node_port: int
) -> Path:
    for name in ("state", *(f"spool.{node}" for node in layout.run_on)):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    (folder / "cgroup.conf").write_text(
        "CgroupAutomount=no\nCgroupPlugin=cgroup/v1\nConstrainCores=yes\n"
    )
    path = folder / "slurm.conf"
    path.write_text(
        _CONFIGURATION.format(
            folder=folder,
            host=socket.gethostname().partition(".")[0],
            address=layout.controller,
            nodes=layout.nodes,
            task_plugin=layout.task_plugin,
            first_job=layout.first_job,
            user=_user(),
            controller_port=controller_port,
            node_port=node_port,
        )
    )
    return path


def _give_control_groups(nodes: Nodes) -> None:
    """Mount the control groups that Slurm uses on nodes."""
    if not all(Path(f"/sys/fs/cgroup/{name}").is_dir() for name in _CONTROLLERS):
        pytest.skip("needs control groups of version 1")
    lines = ["mount -t tmpfs none /sys/fs/cgroup"]
    for name in _CONTROLLERS:
        folder = f"/sys/fs/cgroup/{name}"
        lines += [f"mkdir {folder}", f"mount -t cgroup -o {name} {name} {folder}"]
    for node in nodes:
        subprocess.run([*node.run, "sh", "-ec", "\n".join(lines)], check=True)


def _remove_control_groups(nodes: Nodes) -> None:
    for name in _CONTROLLERS:
        for node in nodes:
            top = Path(f"/sys/fs/cgroup/{name}/slurm_{node.name}")
            for folder, _, _ in os.walk(top, topdown=False):
                with suppress(OSError):  # another test process uses it
                    Path(folder).rmdir()


def _start_daemons(
    folder: Path, layout: _Layout, environment: dict[str, str], undo: ExitStack
) -> None:
    munged = ["munged", "--foreground", "--force"]
    for option, name in [
        ("key-file", "key"),
        ("socket", "socket"),
        ("pid-file", "pid"),
        ("log-file", "log"),
        ("seed-file", "seed"),
    ]:
        munged.append(f"--{option}={folder / f'munge.{name}'}")
    undo.enter_context(_daemon(munged, folder / "munged.out", environment))
    wait_until(lambda: _succeeds(["munge", "-n", "-S", f"{folder}/munge.socket"], environment))
    controller = ["slurmctld", "-D", "-c"]
    undo.enter_context(_daemon(controller, folder / "slurmctld.out", environment))
    for node, run in layout.run_on.items():
        command = [*run, "slurmd", "-D", "-N", node]
        undo.enter_context(_daemon(command, folder / f"slurmd.{node}.out", environment))
    wait_until(lambda: _are_idle(len(layout.run_on), environment), pause=_PAUSE)


@contextmanager
def _daemon(command: list[str], output_file: Path, environment: dict[str, str]) -> Iterator[None]:
    with (
        output_file.open("w") as output,
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_SECONDS)
            process.kill()


def _succeeds(command: list[str], environment: dict[str, str]) -> bool:
    done = subprocess.run(command, env=environment, capture_output=True, timeout=_COMMAND_SECONDS)
    return done.returncode == 0


def _are_idle(count: int, environment: dict[str, str]) -> bool:
    return _succeeds(["sh", "-c", f"sinfo -h -t idle -o %D | grep -qx {count}"], environment)


def _user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name
