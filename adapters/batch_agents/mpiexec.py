"""Starts agents with mpiexec, in the forms of Open MPI, MPICH (Hydra) and Intel MPI."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, final

from typing_extensions import override

from adapters.batch_agents.starters import NODE_VARIABLES, GroupStarter
from domain.errors import ConfigurationError

PATIENCE: Final = 30.0
"""Seconds for mpiexec to print its version."""


class MpiFamily(Enum):
    """A family of MPI implementations whose mpiexec has the same options."""

    OPEN_MPI = "Open MPI"
    HYDRA = "MPICH"
    INTEL_MPI = "Intel MPI"


# Intel's mpiexec is derived from Hydra, so it is recognised first.
_VERSIONS: Final[Mapping[MpiFamily, re.Pattern[str]]] = {
    MpiFamily.INTEL_MPI: re.compile(r"Intel\(R\) MPI"),
    MpiFamily.HYDRA: re.compile(r"HYDRA", re.IGNORECASE),
    MpiFamily.OPEN_MPI: re.compile(r"Open ?MPI|OpenRTE|PRRTE|open-mpi\.org", re.IGNORECASE),
}

_NAMED_NODES: Final = (
    re.compile(r".* noticed that process rank \d+ .* on node (\S+) exited"),
    re.compile(r"\s*Remote daemon: .* on node (\S+)"),
    re.compile(r"=\s+(?:RANK \d+ )?PID \d+ RUNNING AT (\S+)"),
)
_FAILED_RANK: Final = re.compile(r"\s*Process name: \[\[\d+,\d+\],(\d+)\]")


@final
@dataclass(frozen=True, slots=True)
class Mpiexec(GroupStarter):
    """Starts programs with mpiexec.

    Attributes:
        family: The family of its MPI implementation.
        executable: Its path.
    """

    family: MpiFamily
    executable: str = "mpiexec"

    @property
    @override
    def passes_input(self) -> bool:
        return False

    @property
    @override
    def node_name_variable(self) -> str | None:
        return None

    @property
    @override
    def kept_variables(self) -> Sequence[str]:
        return NODE_VARIABLES

    @override
    def command(
        self,
        nodes: Sequence[str],
        program: Sequence[str],
        *,
        directory: Path,
        exported: Sequence[str] = (),
    ) -> list[str]:
        options = _OPTIONS[self.family](",".join(nodes), exported)
        count = str(len(nodes))
        return [self.executable, "-n", count, *options, "-wdir", str(directory), *program]

    @override
    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        if self.family is not MpiFamily.INTEL_MPI:
            return dict(environment)
        # an agent may use all cores of its node, and there is one on each of them
        own = {"I_MPI_PIN": "off", "I_MPI_JOB_RESPECT_PROCESS_PLACEMENT": "off"}
        return {**environment, **own}

    @override
    def program_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        return dict(environment)

    @override
    def losses(self, line: str, nodes: Sequence[str]) -> Iterable[str]:
        for pattern in _NAMED_NODES:
            match = pattern.match(line)
            if match is not None:
                return [node for node in nodes if node == match[1]]
        failed = _FAILED_RANK.match(line)
        return nodes[int(failed[1]) :][:1] if failed else ()


def recognise_mpiexec(
    executable: str, environment: Mapping[str, str], *, patience: float = PATIENCE
) -> Mpiexec:
    """Return an adapter for an mpiexec, depending on what it prints as its version.

    Args:
        executable: Its path.
        environment: The environment variables for it.
        patience: Seconds to wait for it.

    Raises:
        ConfigurationError: If it cannot be run, or its family is unknown.
    """
    try:
        done = subprocess.run(
            [executable, "--version"],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=patience,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        msg = f"'{executable} --version' failed: {error}."
        raise ConfigurationError(msg) from error
    family = family_of(done.stdout)
    if family is None:
        printed = done.stdout.strip()[:1000] or "nothing"
        names = ", ".join(known.value for known in MpiFamily)
        msg = (
            f"'{executable}' belongs to an unknown MPI implementation; known are {names}."
            f" '{executable} --version' printed: {printed}"
        )
        raise ConfigurationError(msg)
    return Mpiexec(family, executable)


def family_of(version: str) -> MpiFamily | None:
    """Return the family of an mpiexec that prints a version; None if it is unknown."""
    return next((family for family, form in _VERSIONS.items() if form.search(version)), None)


def _open_mpi_options(hosts: str, exported: Sequence[str]) -> list[str]:
    return [
        *("--host", hosts, "--map-by", "ppr:1:node", "--bind-to", "none"),
        *(word for name in exported for word in ("-x", name)),
    ]


def _hydra_options(hosts: str, _exported: Sequence[str]) -> list[str]:
    return ["-hosts", hosts, "-ppn", "1", "-bind-to", "none", "-genvall"]


def _intel_options(hosts: str, _exported: Sequence[str]) -> list[str]:
    return ["-hosts", hosts, "-ppn", "1", "-genvall"]


_OPTIONS: Final[Mapping[MpiFamily, Callable[[str, Sequence[str]], list[str]]]] = {
    MpiFamily.OPEN_MPI: _open_mpi_options,
    MpiFamily.HYDRA: _hydra_options,
    MpiFamily.INTEL_MPI: _intel_options,
}
