"""The command line and the messages of srun."""

from pathlib import Path

import pytest

from adapters.batch_agents.srun import Srun
from domain.errors import ConfigurationError

NODES = ["node1", "node2", "node3"]


def expand(text: str) -> list[str]:
    if text == "node[1-2]":
        return ["node1", "node2"]
    if "[" in text:
        raise ConfigurationError(text)
    return [text]


SRUN = Srun(expand)


def test_one_task_is_started_on_each_node():
    command = SRUN.command(NODES, ["python", "-m", "agent"], directory=Path("/code"))
    assert command[0] == "srun"
    assert {"--nodes=3", "--ntasks=3", "--ntasks-per-node=1", "--overlap"} <= set(command)
    assert "--chdir=/code" in command
    assert command[-4:] == ["--", "python", "-m", "agent"]


def test_variables_that_change_the_defaults_of_srun_are_removed():
    environment = {"SLURM_JOB_ID": "1", "SLURM_HINT": "nomultithread", "SLURM_EXACT": "1"}
    assert SRUN.environment(environment) == {"SLURM_JOB_ID": "1"}


def test_programs_do_not_get_the_variables_of_a_task():
    environment = {"SLURM_JOB_ID": "1", "SLURM_PROCID": "0", "SLURM_STEP_ID": "2", "HOME": "/"}
    assert SRUN.program_environment(environment) == {"SLURM_JOB_ID": "1", "HOME": "/"}


@pytest.mark.parametrize(
    ("line", "lost"),
    [
        # printed by srun 22.05
        ("srun: error: node2: task 1: Killed", ["node2"]),
        ("srun: error: node[1-2]: tasks 0-1: Exited with exit code 1", ["node1", "node2"]),
        ("srun: error: Node failure on node3", ["node3"]),
        (
            "srun: error: Task launch for StepId=2.0 failed on node node3: Communication failure",
            ["node3"],
        ),
        ("srun: error: task 1 launch failed: Slurmd could not execve job", ["node2"]),
        ("srun: error: node[1-: task 1: Killed", []),
        ("srun: error: Application launch failed: Communication connection failure", []),
        ("srun: cluster configuration lacks support for cpu binding", []),
        ("agent on node 'node1': received signal 15", []),
    ],
)
def test_lost_nodes_are_found_in_messages(line: str, lost: list[str]):
    assert list(SRUN.losses(line, NODES)) == lost
