"""Descendants of programs end with the run, whichever of its processes is killed."""

import json
import signal
import sys

import psutil
import pytest

from tests.support.conditions import is_running, wait_until
from tests.support.open_mpi import AS_ROOT, has_open_mpi
from tests.support.workspace import MANAGER, RunningProgram, Workspace

START = (*MANAGER, "--start-all", "--run-dir", "run", "--grace-time", 2, "model.ymmsl")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

# One child each: in the session of the program, in a process group of its own, in a session of its
# own without the environment of the run, and an orphan in a session of its own. The last child also
# ignores SIGTERM.
_START_CHILDREN = """\
import json, os, subprocess, sys, time

FOLDER = os.path.dirname(__file__)

def start(code="pass", **options):
    code = f"import os, time; {code}; print('ready', flush=True); time.sleep(600)"
    command = [sys.executable, "-I", "-S", "-c", code]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, **options)
    child.stdout.readline()
    return child.pid

def start_orphan():
    code = "os.setsid(); signal.signal(signal.SIGTERM, signal.SIG_IGN); pid = os.fork()"
    command = f"import os, signal, time; {code}; print(pid, flush=True) if pid else time.sleep(600)"
    done = subprocess.Popen([sys.executable, "-I", "-S", "-c", command], stdout=subprocess.PIPE)
    return int(done.stdout.readline())

pids = [start(), start("os.setpgid(0, 0)"), start(start_new_session=True, env={}), start_orphan()]
with open(FOLDER + "/children.new", "w") as file:
    json.dump(pids, file)
os.rename(FOLDER + "/children.new", FOLDER + "/children")
while not os.path.exists(FOLDER + "/go_on"):
    time.sleep(0.01)
"""


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """A model whose micro model starts children and then waits for a file."""
    workspace.write("starts_children.py", _START_CHILDREN)
    workspace.change(
        "micro.py", "    instance.send", "    import starts_children\n    instance.send"
    )
    return workspace


@pytest.mark.parametrize(
    "victims", [["manager"], ["agent"], ["watchdog"], ["micro"], ["manager", "agent"]], ids="+".join
)
def test_no_descendant_survives_a_kill(workspace: Workspace, victims: list[str]):
    with workspace.running(*START) as program:
        children = wait_for_children(workspace, program)
        processes = [process_of(program, victim) for victim in victims]
        for process in processes:
            process.suspend()  # so that none of them notices the end of another one
        for process in processes:
            process.kill()
        program.process.wait(60)
        wait_until(lambda: not any(map(is_running, children)) and not program.processes())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_descendant_survives_a_stopped_run(workspace: Workspace, number: signal.Signals):
    with workspace.running(*START) as program:
        children = wait_for_children(workspace, program)
        program.process.send_signal(number)
        outcome = program.finish()
    assert outcome.exit_code == 1, outcome.text
    assert not outcome.left_behind
    assert not any(map(is_running, children))


def test_no_descendant_survives_a_completed_run(workspace: Workspace):
    with workspace.running(*START) as program:
        children = wait_for_children(workspace, program)
        workspace.write("go_on", "")
        outcome = program.finish()
    assert outcome.exit_code == 0, outcome.text
    assert not outcome.left_behind
    assert not any(map(is_running, children))


_MPI_RANK = """\
import os, sys, time

if os.fork() == 0:
    os.setsid()  # the parent is the leader of its process group, and cannot do this
    path = os.path.join(os.path.dirname(__file__), "rank_" + os.environ["OMPI_COMM_WORLD_RANK"])
    with open(path + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(path + ".new", path)
    time.sleep(600)
if os.environ["OMPI_COMM_WORLD_RANK"] != "0":
    time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.skipif(not has_open_mpi(), reason="needs Open MPI")
@pytest.mark.parametrize(
    "victims", [["manager"], ["agent"], ["mpirun"], ["manager", "agent"]], ids="+".join
)
def test_no_mpi_rank_in_a_session_of_its_own_survives_a_kill(
    workspace: Workspace, victims: list[str]
):
    model = (workspace.folder / "model.ymmsl").read_text().rstrip("\n")
    resources = "resources:\n  micro:\n    mpi_processes: 2\n"
    workspace.write("model.ymmsl", f"{model}\n    execution_model: openmpi\n{resources}")
    workspace.write("micro.py", _MPI_RANK + (workspace.folder / "micro.py").read_text())
    with workspace.running(*START, environment=AS_ROOT) as program:
        files = [workspace.folder / f"rank_{number}" for number in range(2)]
        wait_for_children(workspace, program)
        wait_until(lambda: all(file.exists() for file in files))
        ranks = [int(file.read_text()) for file in files]
        assert all(map(is_running, ranks))
        processes = [process_of(program, victim) for victim in victims]
        for process in processes:
            process.suspend()
        for process in processes:
            process.kill()
        program.process.wait(60)
        wait_until(lambda: not any(map(is_running, ranks)) and not program.processes())


def wait_for_children(workspace: Workspace, program: RunningProgram) -> list[int]:
    file = workspace.folder / "children"
    wait_until(lambda: file.exists() or program.process.poll() is not None)
    children: list[int] = json.loads(file.read_text())
    assert len(children) == 4
    assert all(map(is_running, children))
    return children


def process_of(program: RunningProgram, name: str) -> psutil.Process:
    if name == "manager":
        return psutil.Process(program.process.pid)
    titles = {
        "agent": "entrypoints.agent",
        "watchdog": "conjoin-watchdog",
        "micro": "micro.py",
        "mpirun": "mpirun -np 2",
    }
    return program.wait_for_process(titles[name])
