"""Builds the command that starts a program: directly, or through an MPI launcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from adapters.run_scripts import ranks
from domain.model.configuration import ExecutionModel, ResourceRequirements
from domain.placement.resources import Resources

_BIND_TASK: Final = 'exec taskset -c "$(sed -n "$((SLURM_PROCID + 1))p" "$0")" "$@"'
"""Shell command that binds a task of srun to its line of a file, and becomes the program."""


@dataclass(frozen=True)
class Launch:
    """The command, environment and rank file that start a program.

    Attributes:
        command: Words that precede the program's own command.
        variables: Environment variables that pass the resources to the program and launcher.
        rank_file: Text of the file that places the processes; None if none is needed.
        cpu_file: Text of the file with the CPUs of each process, one line for each; None if none
            is needed.
        export_option: Option of the launcher that passes an environment variable on to processes on
            other nodes; empty if it passes on all of them anyway.
    """

    command: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    rank_file: str | None = None
    cpu_file: str | None = None
    export_option: str = ""


def launch_unbound(model: ExecutionModel, requirements: ResourceRequirements) -> Launch:
    """Return how to start a program on this machine, without binding it to cores.

    By default, each launcher would bind its first process to the machine's first core.
    """
    command, more = _UNBOUND[model]
    processes = str(ranks.process_count(requirements))
    return Launch(
        tuple(word.replace("{processes}", processes) for word in command),
        {**_counts(model, requirements), **more},
    )


def launch_bound(
    model: ExecutionModel,
    requirements: ResourceRequirements,
    resources: Resources,
    *,
    rank_file: Path,
    cpu_file: Path,
) -> Launch:
    """Return how to start a program on the cores that it was allocated.

    Args:
        model: The execution model of the program.
        requirements: The resources that it requested.
        resources: The resources that it was allocated.
        rank_file: Path of the rank file, if there is one.
        cpu_file: Path of the file with the CPUs of each process, if there is one.
    """
    if not model.uses_mpi:
        return _bind_directly(model, requirements, resources)
    found = ranks.assign_ranks(requirements, resources)
    launch = _BOUND[model](found, rank_file, cpu_file)
    variables = {
        **_counts(model, requirements),
        # within the cores of each process, to which it is bound
        **_openmp_binding("cores"),
        "MUSCLE_RANKFILE": str(rank_file),
        **launch.variables,
    }
    return replace(launch, variables=variables)


def launch_script(
    requirements: ResourceRequirements, resources: Resources, *, rank_file: Path, binds: bool
) -> Launch:
    """Return the environment of a script that starts MPI processes itself, such as with mpirun.

    Args:
        requirements: The resources that it requested.
        resources: The resources that it was allocated.
        rank_file: Path of the rank file of Open MPI.
        binds: Whether each process gets cores of its own.
    """
    place = ranks.assign_ranks if binds else ranks.spread_ranks
    variables = {
        **_counts(ExecutionModel.OPENMPI, requirements),
        **(_openmp_binding("cores") if binds else {}),
        "MUSCLE_RANKFILE": str(rank_file),
        "OMPI_MCA_rmaps_rank_file_physical": "1",
    }
    return Launch((), variables, ranks.open_mpi_rank_file(place(requirements, resources)))


def _counts(model: ExecutionModel, requirements: ResourceRequirements) -> dict[str, str]:
    threads = str(ranks.threads_per_process(requirements))
    variables = {"MUSCLE_THREADS": threads, "OMP_NUM_THREADS": threads}
    if model.uses_mpi:
        variables["MUSCLE_MPI_PROCESSES"] = str(ranks.process_count(requirements))
    return variables


def _openmp_binding(places: str) -> dict[str, str]:
    return {"OMP_PLACES": places, "OMP_PROC_BIND": "close"}


def _bind_directly(
    model: ExecutionModel, requirements: ResourceRequirements, resources: Resources
) -> Launch:
    place = ranks.all_hwthreads(resources)
    variables = {
        **_counts(model, requirements),
        **_openmp_binding(ranks.openmp_places(resources)),
        "MUSCLE_BIND_LIST": place.cpu_list,
        "MUSCLE_BIND_MASK": f"{place.mask:X}",
    }
    return Launch(("taskset", "-c", place.cpu_list), variables)


def _bind_with_open_mpi(found: Sequence[ranks.Rank], rank_file: Path, _: Path) -> Launch:
    return Launch(
        (
            *("mpirun", "-np", str(len(found))),
            *("--rankfile", str(rank_file), "--use-hwthread-cpus"),
            # a batch system may allow fewer processes on a node than it has cores
            "--oversubscribe",
        ),
        {
            # the rank file numbers hardware threads as the operating system does
            "OMPI_MCA_rmaps_rank_file_physical": "1",
            **_SLURM_STEPS_OVERLAP,
        },
        ranks.open_mpi_rank_file(found),
        export_option="-x",
    )


def _bind_with_intel_mpi(found: Sequence[ranks.Rank], rank_file: Path, _: Path) -> Launch:
    masks = ranks.masks_on_each_node(found)
    domains = f"[{','.join(f'{mask:X}' for mask in masks)}]" if masks else ""
    pinning = {"I_MPI_PIN_DOMAIN": domains} if masks else {"I_MPI_PIN": "off"}
    return Launch(
        ("mpirun", "-n", str(len(found)), "-machinefile", str(rank_file), "-genvall"),
        # otherwise it would use Slurm's placement, which does not take components into account
        {"I_MPI_JOB_RESPECT_PROCESS_PLACEMENT": "off", **pinning, **_SLURM_STEPS_OVERLAP},
        ranks.machine_file(found),
    )


def _bind_with_slurm(found: Sequence[ranks.Rank], rank_file: Path, cpu_file: Path) -> Launch:
    masks = ranks.masks_on_each_node(found)
    mask_list = ",".join(f"0x{mask:X}" for mask in masks or ())
    return Launch(
        (
            *("env", *(word for name in _LIMITS_OF_STEPS for word in ("-u", name))),
            *("srun", "-n", str(len(found)), "-m", "arbitrary"),
            # a job may have been submitted without the user's environment
            "--export=ALL",
            # Slurm's own binding supports neither different masks on different nodes, nor jobs
            # with a part of a node, and not every Slurm is configured for it
            *("--overlap", "--kill-on-bad-exit=1", "--cpu-bind=none"),
            *("sh", "-c", _BIND_TASK, str(cpu_file)),
        ),
        {"SLURM_HOSTFILE": str(rank_file)} | ({"MUSCLE_BIND_MASK": mask_list} if masks else {}),
        ranks.host_file(found),
        ranks.cpu_file(found),
    )


_LIMITS_OF_STEPS: Final = (
    "SLURM_CPUS_PER_GPU",
    "SLURM_CPUS_PER_TASK",
    "SLURM_EXACT",
    "SLURM_EXCLUSIVE",
    "SLURM_GPUS_PER_TASK",
    "SLURM_HINT",
    "SLURM_NTASKS_PER_NODE",
    "SLURM_THREADS_PER_CORE",
    "SLURM_TRES_PER_TASK",
    "SRUN_CPUS_PER_TASK",
)
"""Variables of a job that would confine a step of it to fewer cores than those it is bound to."""

_SLURM_STEPS_OVERLAP: Final = {"SLURM_OVERLAP": "1"}
"""Inside a Slurm job, mpirun uses srun; without this, one program would wait for another's end."""

_BOUND: Final[Mapping[ExecutionModel, Callable[[Sequence[ranks.Rank], Path, Path], Launch]]] = {
    ExecutionModel.OPENMPI: _bind_with_open_mpi,
    ExecutionModel.INTELMPI: _bind_with_intel_mpi,
    ExecutionModel.SRUNMPI: _bind_with_slurm,
}

_UNBOUND: Final[Mapping[ExecutionModel, tuple[tuple[str, ...], Mapping[str, str]]]] = {
    ExecutionModel.DIRECT: ((), {}),
    ExecutionModel.MANUAL: ((), {}),
    ExecutionModel.OPENMPI: (
        ("mpirun", "-np", "{processes}", "--oversubscribe", "--bind-to", "none"),
        {},
    ),
    ExecutionModel.INTELMPI: (("mpirun", "-n", "{processes}"), {"I_MPI_PIN": "off"}),
    ExecutionModel.SRUNMPI: (("srun", "-n", "{processes}", "--overlap", "--cpu-bind=none"), {}),
}
