"""Builds the command that runs a program in a container.

The program sees the run directory at the same path as outside, works in the directory of its
instance there, uses the network of the host, and runs as the same user. The environment carries
the secret and everything else that it needs: values on a command line would be visible to other
users.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.run_scripts.quoting import expanded, expanded_arguments, quoted, with_quoted_folder
from domain.errors import ConfigurationError
from domain.model.configuration import Program
from domain.model.containers import Container, ContainerRunner
from domain.placement.resources import Gpu, GpuKind

FROM_THE_AGENT: Final = ("CONJOIN_SECRET", "CONJOIN_STARTED_FOR")
"""Variables that the agent sets for each program that it starts."""

RUN_DIRECTORY: Final = Path("RUN_DIR")
"""Stands for the run directory in a command that is only shown."""

_SEPARATORS: Final = frozenset(":,")
"""Characters that the runners do not accept in the path of a directory to mount."""


@dataclass(frozen=True, slots=True)
class ContainerSetting:
    """The surroundings of a program in a container.

    Attributes:
        mounts: Directories that it must see.
        work_dir: The directory to start it in.
        variables: Names of the environment variables to pass on.
        gpus: The GPUs that it was assigned.
        cpu_list: Hardware threads to bind it to, in the notation of taskset; empty if it is not
            bound.
    """

    mounts: Sequence[Path]
    work_dir: Path
    variables: Sequence[str] = ()
    gpus: Sequence[Gpu] = ()
    cpu_list: str = ""


def container_command(container: Container, setting: ContainerSetting) -> str:
    """Return shell text for the words that precede the command of a program in a container.

    Args:
        container: The container.
        setting: The surroundings of the program.

    Raises:
        ConfigurationError: If a directory cannot be mounted.
    """
    for path in setting.mounts:
        if _SEPARATORS & set(str(path)):
            msg = (
                f"The directory {path} cannot be mounted in a container, because its path contains"
                " ':' or ','. Choose another run directory."
            )
            raise ConfigurationError(msg)
    words = _WORDS[container.runner](setting)
    return f"{words} {expanded_arguments(container.options)}".rstrip() + (
        f" {expanded(container.image)}"
    )


def shown_command(program: Program) -> str | None:
    """Return the command of a program in a container as text for the user, else None.

    Args:
        program: The program; the directories of its instances need not exist.
    """
    if program.container is None:
        return None
    setting = ContainerSetting(
        (RUN_DIRECTORY,),
        RUN_DIRECTORY / "instances/INSTANCE/workdir",
        passed_variables(program, ("MUSCLE_INSTANCE", "MUSCLE_MANAGER")),
    )
    words = [container_command(program.container, setting)]
    if program.executable is None:
        words.append("SCRIPT")
    else:
        args = program.args
        text = with_quoted_folder(args) if isinstance(args, str) else expanded_arguments(args)
        words += [expanded(program.executable), text]
    return " ".join(words).strip()


def passed_variables(program: Program, others: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the variables that a program in a container needs.

    A variable with a leading `+` extends a value of the host, which means nothing in a container.

    Args:
        program: The program.
        others: Names of further variables.
    """
    own = (name for name in program.env if not name.startswith("+"))
    return tuple(dict.fromkeys((*FROM_THE_AGENT, *others, *own)))


def _apptainer(setting: ContainerSetting) -> str:
    # it passes the environment on by itself
    gpus = {GpuKind.NVIDIA: "--nv", GpuKind.AMD: "--rocm"}
    words = [
        *("apptainer", "exec"),
        *(word for path in setting.mounts for word in ("--bind", str(path))),
        *("--pwd", str(setting.work_dir)),
        *sorted({gpus[gpu.kind] for gpu in setting.gpus}),
    ]
    return quoted(words)


def _podman(setting: ContainerSetting) -> str:
    return quoted(["podman", "run", "--userns=keep-id", *_oci_options(setting, _PODMAN_GPUS)])


def _docker(setting: ContainerSetting) -> str:
    # its daemon starts the program, which therefore does not inherit our binding to cores
    binding = [f"--cpuset-cpus={setting.cpu_list}"] if setting.cpu_list else []
    options = quoted([*binding, *_oci_options(setting, _DOCKER_GPUS)])
    return f'docker run --user "$(id -u):$(id -g)" {options}'


def _oci_options(setting: ContainerSetting, gpus: Mapping[GpuKind, Sequence[str]]) -> list[str]:
    kinds = {gpu.kind for gpu in setting.gpus}
    return [
        # as the first process of its own namespace, a program would ignore SIGTERM
        *("--rm", "--network=host", "--pid=host"),
        *(f"--volume={path}:{path}" for path in setting.mounts),
        f"--workdir={setting.work_dir}",
        *(word for kind, words in gpus.items() if kind in kinds for word in words),
        *(f"--env={name}" for name in setting.variables),
    ]


_AMD_DEVICES: Final = ("--device=/dev/kfd", "--device=/dev/dri")
_PODMAN_GPUS: Final = {
    GpuKind.NVIDIA: ("--device=nvidia.com/gpu=all",),
    GpuKind.AMD: _AMD_DEVICES,
}
_DOCKER_GPUS: Final = {GpuKind.NVIDIA: ("--gpus=all",), GpuKind.AMD: _AMD_DEVICES}

_WORDS: Final[Mapping[ContainerRunner, Callable[[ContainerSetting], str]]] = {
    ContainerRunner.APPTAINER: _apptainer,
    ContainerRunner.PODMAN: _podman,
    ContainerRunner.DOCKER: _docker,
}
