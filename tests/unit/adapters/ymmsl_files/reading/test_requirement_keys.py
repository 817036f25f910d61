"""The keys of resource requirements in a file."""

import pytest

from adapters.ymmsl_files.reading.requirement_keys import requirement_values
from domain.model.configuration import MpiCores, MpiNodes, Threads


@pytest.mark.parametrize(
    ("requirements", "values"),
    [
        (Threads(3), {"threads": 3}),
        (Threads(1, gpus=2), {"threads": 1, "gpus": 2}),
        (MpiCores(4, 2), {"mpi_processes": 4, "threads_per_mpi_process": 2}),
        (
            MpiNodes(2, 8, 1),
            {"nodes": 2, "mpi_processes_per_node": 8, "threads_per_mpi_process": 1},
        ),
    ],
)
def test_each_kind_has_its_keys(requirements, values):
    assert requirement_values(requirements) == values
