"""The command lines and the messages of mpiexec in its three forms.

The versions and messages are recorded from Open MPI 4.1.4, and follow the documentation of MPICH
and Intel MPI.
"""

import os
from pathlib import Path

import pytest

from adapters.batch_agents.mpiexec import Mpiexec, MpiFamily, family_of, recognise_mpiexec
from domain.errors import ConfigurationError

NODES = ["node1", "node2"]
PROGRAM = ["python", "-m", "agent"]

VERSIONS = [
    ("mpiexec (OpenRTE) 4.1.4\n\nReport bugs to http://www.open-mpi.org/", MpiFamily.OPEN_MPI),
    ("mpirun (Open MPI) 5.0.3\n", MpiFamily.OPEN_MPI),
    ("HYDRA build details:\n    Version:           4.0.2\n", MpiFamily.HYDRA),
    (
        "Intel(R) MPI Library for Linux* OS, Version 2021.10 Build 20230619 (id: c2e19c2f3e)\n",
        MpiFamily.INTEL_MPI,
    ),
]


@pytest.mark.parametrize(("text", "family"), VERSIONS)
def test_family_is_recognised_by_the_version(text: str, family: MpiFamily):
    assert family_of(text) is family


def test_unknown_family_is_not_recognised():
    assert family_of("mpiexec 1.0 of something else") is None


@pytest.mark.parametrize(
    ("family", "options"),
    [
        (
            MpiFamily.OPEN_MPI,
            "-n 2 --host node1,node2 --map-by ppr:1:node --bind-to none -x PATH -x ORDERS",
        ),
        (MpiFamily.HYDRA, "-n 2 -hosts node1,node2 -ppn 1 -bind-to none -genvall"),
        (MpiFamily.INTEL_MPI, "-n 2 -hosts node1,node2 -ppn 1 -genvall"),
    ],
)
def test_one_process_is_started_on_each_node(family: MpiFamily, options: str):
    command = Mpiexec(family, "/bin/mpiexec").command(
        NODES, PROGRAM, directory=Path("/code"), exported=["PATH", "ORDERS"]
    )
    assert command == ["/bin/mpiexec", *options.split(), "-wdir", "/code", *PROGRAM]


def test_intel_mpi_does_not_pin_agents():
    assert Mpiexec(MpiFamily.INTEL_MPI).environment({"HOME": "/"}) == {
        "HOME": "/",
        "I_MPI_PIN": "off",
        "I_MPI_JOB_RESPECT_PROCESS_PLACEMENT": "off",
    }
    assert Mpiexec(MpiFamily.HYDRA).environment({"HOME": "/"}) == {"HOME": "/"}


@pytest.mark.parametrize(
    ("line", "lost"),
    [
        (
            "mpiexec noticed that process rank 1 with PID 444 on node node2 exited on signal 9.",
            ["node2"],
        ),
        ("  Process name: [[59302,1],1]", ["node2"]),
        ("  Process name: [[59302,1],7]", []),
        ("  Remote daemon: [[18619,0],2] on node node2", ["node2"]),
        ("=   PID 3124 RUNNING AT node1", ["node1"]),
        ("=   RANK 0 PID 3124 RUNNING AT node1", ["node1"]),
        ("=   PID 3124 RUNNING AT elsewhere", []),
        ("agent on node 'node1': received signal 15", []),
    ],
)
def test_lost_nodes_are_found_in_messages(line: str, lost: list[str]):
    assert list(Mpiexec(MpiFamily.OPEN_MPI).losses(line, NODES)) == lost


def program(folder: Path, text: str) -> str:
    path = folder / "mpiexec"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_mpiexec_is_recognised(tmp_path: Path):
    path = program(tmp_path, '[ "$1" = --version ] && echo "HYDRA build details:"')
    assert recognise_mpiexec(path, os.environ) == Mpiexec(MpiFamily.HYDRA, path)


def test_unknown_mpiexec_is_an_error_with_its_output(tmp_path: Path):
    path = program(tmp_path, "echo 'a wrapper of this site'")
    with pytest.raises(ConfigurationError, match=r"unknown MPI .* printed: a wrapper of this site"):
        recognise_mpiexec(path, os.environ)


def test_missing_mpiexec_is_an_error():
    with pytest.raises(ConfigurationError, match="'/no/mpiexec --version' failed"):
        recognise_mpiexec("/no/mpiexec", os.environ)


def test_mpiexec_that_does_not_answer_is_an_error(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="timed out"):
        recognise_mpiexec(program(tmp_path, "exec sleep 100"), os.environ, patience=0.1)
