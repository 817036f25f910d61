"""Starts agents with srun, as one step of a Slurm job."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from typing_extensions import override

from adapters.batch_agents.starters import NODE_VARIABLES, GroupStarter
from domain.errors import ConfigurationError

_OPTIONS: Final = (
    "--overlap",  # the programs' own steps run at the same time, on the same cores
    "--ntasks-per-node=1",
    "--kill-on-bad-exit=0",  # one failed agent must not end the others before they have reported
    "--wait=0",
    "--cpu-bind=none",  # an agent may use all cores that the job has on its node
    "--mpi=none",
    "--export=ALL",
    "--unbuffered",
)

# Variables by which a user changes the defaults of srun, and that contradict our options.
_CONTRADICTING: Final = frozenset(
    {
        "SLURM_CPUS_PER_GPU",
        "SLURM_CPUS_PER_TASK",
        "SLURM_DISTRIBUTION",
        "SLURM_EXACT",
        "SLURM_EXCLUSIVE",
        "SLURM_GPUS_PER_TASK",
        "SLURM_HINT",
        "SLURM_HOSTFILE",
        "SLURM_IMMEDIATE",
        "SLURM_NTASKS_PER_CORE",
        "SLURM_NTASKS_PER_GPU",
        "SLURM_NTASKS_PER_SOCKET",
        "SLURM_STDINMODE",
        "SLURM_STDOUTMODE",
        "SLURM_STDERRMODE",
        "SLURM_THREADS_PER_CORE",
        "SLURM_TRES_PER_TASK",
        "SRUN_CPUS_PER_TASK",
    }
)

# Variables that describe a task of a step. The manager has them if it runs in a job script or was
# started by srun. A program that finds them may believe to be a task of an MPI program.
_OF_A_TASK: Final = frozenset(
    {
        "SLURM_GTIDS",
        "SLURM_LOCALID",
        "SLURM_PROCID",
        "SLURM_STEPID",
        "SLURM_STEP_ID",
        "SLURM_STEP_LAUNCHER_PORT",
        "SLURM_STEP_NODELIST",
        "SLURM_STEP_NUM_NODES",
        "SLURM_STEP_NUM_TASKS",
        "SLURM_STEP_TASKS_PER_NODE",
        "SLURM_TASK_PID",
    }
)

_TASKS_ENDED: Final = re.compile(r"srun: error: (\S+): tasks? \S+: \S.*")
_TASK_NOT_LAUNCHED: Final = re.compile(r"srun: error: Task launch for .* failed on node (\S+):")
_NODE_FAILED: Final = re.compile(r"srun: error: Node failure on (\S+?)[.,]?(?:\s|$)")
_TASK_FAILED: Final = re.compile(r"srun: error: task (\d+) launch failed: ")
_LOSSES: Final = (_TASKS_ENDED, _TASK_NOT_LAUNCHED, _NODE_FAILED)


@final
@dataclass(frozen=True, slots=True)
class Srun(GroupStarter):
    """Starts programs with srun.

    Attributes:
        expand_names: Expands a node list in Slurm's notation.
    """

    expand_names: Callable[[str], Sequence[str]]

    @property
    @override
    def passes_input(self) -> bool:
        return True

    @property
    @override
    def node_name_variable(self) -> str | None:
        return "SLURMD_NODENAME"

    @property
    @override
    def kept_variables(self) -> Sequence[str]:
        return (*NODE_VARIABLES, "SLURMD_NODENAME", "SLURM_NODEID", "SLURM_CPUS_ON_NODE")

    @override
    def command(
        self,
        nodes: Sequence[str],
        program: Sequence[str],
        *,
        directory: Path,
        exported: Sequence[str] = (),
    ) -> list[str]:
        count = len(nodes)
        sizes = (f"--nodes={count}", f"--ntasks={count}", f"--chdir={directory}")
        return ["srun", *_OPTIONS, *sizes, "--", *program]

    @override
    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {name: text for name, text in environment.items() if name not in _CONTRADICTING}

    @override
    def program_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {name: text for name, text in environment.items() if name not in _OF_A_TASK}

    @override
    def losses(self, line: str, nodes: Sequence[str]) -> Iterable[str]:
        for pattern in _LOSSES:
            match = pattern.match(line)
            if match is not None:
                try:
                    return self.expand_names(match[1])
                except ConfigurationError:
                    return ()
        failed = _TASK_FAILED.match(line)
        # with one task on each node, tasks have the order of the nodes
        return nodes[int(failed[1]) :][:1] if failed else ()
