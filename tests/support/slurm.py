"""A real Slurm for tests: one node, which is this machine, with its own munge.

It does not need root. Jobs run as the user who runs the tests, with the environment of the tests.

>>> with running_slurm(folder) as slurm:
...     job = slurm.submit(script, folder=folder)
...     slurm.wait_until_idle()
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.conditions import PATIENCE, wait_until
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

# Without a time limit, the backfill scheduler would plan each job for a year.
_CONFIGURATION = """\
ClusterName=testing
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}/state
SchedulerParameters=sched_min_interval=0
KillWait=30
NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=100 State=UNKNOWN
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


@contextmanager
def running_slurm(folder: Path) -> Iterator[Slurm]:
    """Start a Slurm, and stop it afterwards.

    Skips the test if Slurm is not installed, or fails it in CI.

    Args:
        folder: An empty folder for its files.
    """
    _require_programs()
    mark = uuid.uuid4().hex
    with ExitStack() as undo:
        ports = [undo.enter_context(held_port("")) for _ in range(2)]
        environment = {
            **clean_environment(),
            "PATH": PATH,
            "SLURM_CONF": str(_write_configuration(folder, *ports)),
            MARK: mark,
        }
        slurm = Slurm(environment)
        undo.callback(end_processes_marked, mark)
        try:
            _start_daemons(folder, environment, undo)
        except AssertionError:
            pytest.fail("\n".join(path.read_text() for path in folder.glob("*.out")))
        yield slurm


def _require_programs() -> None:
    missing = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
    if not missing:
        return
    text = f"no {', '.join(missing)} on this machine: install {PACKAGES}"
    if os.environ.get("CONJOIN_CI") == "1":
        pytest.fail(text)
    pytest.skip(text)


def _write_configuration(folder: Path, controller_port: int, node_port: int) -> Path:
    for name in ("spool", "state"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    (folder / "cgroup.conf").write_text("CgroupAutomount=no\nCgroupPlugin=cgroup/v1\n")
    path = folder / "slurm.conf"
    path.write_text(
        _CONFIGURATION.format(
            folder=folder,
            host=socket.gethostname().partition(".")[0],
            user=_user(),
            controller_port=controller_port,
            node_port=node_port,
        )
    )
    return path


def _start_daemons(folder: Path, environment: dict[str, str], undo: ExitStack) -> None:
    munged = ["munged", "--foreground", "--force"]
    for option, name in [
        ("key-file", "key"),
        ("socket", "socket"),
        ("pid-file", "pid"),
        ("log-file", "log"),
        ("seed-file", "seed"),
    ]:
        munged.append(f"--{option}={folder / f'munge.{name}'}")
    undo.enter_context(_daemon(munged, folder, environment))
    wait_until(lambda: _succeeds(["munge", "-n", "-S", f"{folder}/munge.socket"], environment))
    undo.enter_context(_daemon(["slurmctld", "-D", "-c"], folder, environment))
    undo.enter_context(_daemon(["slurmd", "-D", "-N", "node1"], folder, environment))
    wait_until(
        lambda: _succeeds(["sh", "-c", "sinfo -h -o %T | grep -qx idle"], environment),
        pause=_PAUSE,
    )


@contextmanager
def _daemon(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (
        (folder / f"{command[0]}.out").open("w") as output,
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


def _user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name
