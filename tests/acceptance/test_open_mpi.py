"""MPI programs, started by a real Open MPI, and programs with real environment modules."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.conditions import wait_until
from tests.support.open_mpi import AS_ROOT, has_open_mpi
from tests.support.packages import require_packages
from tests.support.workspace import MANAGER, Workspace

COMPLETED, FAILED = 0, 1

# Rank 0 takes part in the simulation, and adds up what all ranks compute.
MPI_MICRO = """\
import json, os
from mpi4py import MPI
from conjoin import Instance, Message, Operator

world = MPI.COMM_WORLD
facts = {
    "size": world.size,
    "threads": os.environ["OMP_NUM_THREADS"],
    "processes": os.environ["MUSCLE_MPI_PROCESSES"],
    "cores": sorted(os.sched_getaffinity(0)),
}
with open(f"rank_{world.rank}.new", "w") as file:
    json.dump(facts, file)
os.rename(f"rank_{world.rank}.new", f"rank_{world.rank}.json")

def compute(value):
    return world.reduce(world.bcast(value, 0) + world.rank, MPI.SUM, 0)

if world.rank:
    while (value := world.bcast(None, 0)) is not None:
        world.reduce(value + world.rank, MPI.SUM, 0)
else:
    instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
    while instance.reuse_instance():
        message = instance.receive("init")
        total = compute(message.data)
        print("total", total, flush=True)
        instance.send("final", Message(message.timestamp, None, total))
    world.bcast(None, 0)
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def environment() -> Mapping[str, str]:
    """The variables with which Open MPI runs as root, and its Python package is found."""
    if not has_open_mpi():
        pytest.skip("needs Open MPI")
    return {**AS_ROOT, "PYTHONPATH": str(require_packages("mpi", "mpi4py"))}


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """A model whose micro model runs in three processes of two threads."""
    model = (workspace.folder / "model.ymmsl").read_text().rstrip("\n")
    resources = "resources:\n  micro: {mpi_processes: 3, threads_per_mpi_process: 2}\n"
    workspace.write("model.ymmsl", f"{model}\n    execution_model: openmpi\n{resources}")
    workspace.write("micro.py", MPI_MICRO)
    return workspace


def ranks(workspace: Workspace) -> list[dict[str, object]]:
    folder = workspace.run_dir / "instances/micro/workdir"
    return [json.loads(path.read_text()) for path in sorted(folder.glob("rank_*.json"))]


def test_mpi_processes_compute_together(workspace: Workspace, environment: Mapping[str, str]):
    with workspace.running(
        *MANAGER, "--start-all", "--run-dir", "run", "model.ymmsl", environment=environment
    ) as program:
        outcome = program.finish()
    assert outcome.exit_code == COMPLETED, outcome.text + workspace.stderr_of("micro")
    found = ranks(workspace)
    assert [rank["size"] for rank in found] == [3, 3, 3]
    assert {(rank["threads"], rank["processes"]) for rank in found} == {("2", "3")}
    output = (workspace.run_dir / "instances/micro/stdout.txt").read_text()
    assert output.splitlines() == ["total 3", "total 6"]
    assert not outcome.left_behind


def test_failure_of_another_program_ends_all_mpi_processes(
    workspace: Workspace, environment: Mapping[str, str]
):
    waiting = "    import os, time\n    while not os.path.exists('FAIL'): time.sleep(0.01)\n"
    flag = workspace.folder / "fail"
    workspace.change(
        "macro.py",
        "    for step",
        f"{waiting.replace('FAIL', str(flag))}    raise SystemExit(3)\n    for step",
    )
    with workspace.running(
        *MANAGER, "--start-all", "--run-dir", "run", "model.ymmsl", environment=environment
    ) as program:
        wait_until(lambda: len(ranks(workspace)) == 3 or program.process.poll() is not None)
        assert len(program.processes("micro.py")) >= 3
        flag.touch()
        outcome = program.finish()
    assert outcome.exit_code == FAILED
    assert "macro" in outcome.text
    assert not outcome.left_behind


MODULE = """\
#%Module1.0
setenv FROM_MODULE yes
prepend-path PATH {folder}/bin
"""
MODULES_INIT = Path("/etc/profile.d/modules.sh")


@pytest.mark.skipif(not MODULES_INIT.exists(), reason="needs environment modules")
@pytest.mark.parametrize("base_env", ["manager", "clean", "login"])
def test_program_of_an_environment_module_runs(tmp_path: Path, base_env: str):
    folder = tmp_path / "user"
    folder.mkdir()
    workspace = Workspace(folder)
    tool = folder / "bin/tool"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\necho "$FROM_MODULE $LOADEDMODULES $1"\n')
    tool.chmod(0o755)
    workspace.write(
        "tool.ymmsl",
        f"""\
ymmsl_version: v0.2
models:
  alone:
    components:
      one: {{description: x, ports: {{}}, implementation: tool}}
programs:
  tool:
    description: A program that a module provides
    base_env: {base_env}
    modules: [use.own, tools]
    executable: tool
    args: [$FROM_MODULE]
""",
    )
    home = folder / "home"
    own = home / "privatemodules"
    own.mkdir(parents=True)
    (own / "tools").write_text(MODULE.format(folder=folder))
    with workspace.running(
        *MANAGER,
        *("--start-all", "--run-dir", "run", "tool.ymmsl"),
        environment={"HOME": str(home)},
    ) as program:
        program.finish()
    output = (workspace.run_dir / "instances/one/stdout.txt").read_text()
    assert output == "yes use.own:tools yes\n", workspace.stderr_of("one")
