"""Jobs of a Slurm that confines each of them to its CPUs, on nodes that jobs share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.batch_jobs.jobs import Place, run_in_job, write_model
from tests.support.nodes import running_nodes
from tests.support.slurm import SlurmCluster, running_slurm_cluster

pytestmark = pytest.mark.slow

ALONE: dict[str, object] = {"ports": {}}
MODELS = ["direct", "openmpi", "srunmpi"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    folder = tmp_path_factory.mktemp("confined")
    with (
        running_nodes(2) as nodes,
        running_slurm_cluster(folder, nodes, cpus=2, confines=True) as started,
    ):
        yield started


def test_programs_run_on_the_cpus_of_their_job(cluster: SlurmCluster, tmp_path: Path):
    components = dict.fromkeys("abc", ALONE)
    programs = {name: {"execution_model": model} for name, model in zip("abc", MODELS, strict=True)}
    resources = {"a": {"threads": 1}, "b": {"mpi_processes": 2}, "c": {"mpi_processes": 1}}
    model = write_model(tmp_path, components, {}, resources, programs)
    outcome = run_in_job(cluster, model, job=("-N2", "--ntasks-per-node=2"))
    assert outcome.exit_code == 0, outcome.text + outcome.log
    places = [place for ranks in outcome.places().values() for place in ranks]
    assert sorted(places, key=lambda place: (place.node, place.cores)) == [
        Place(node, (cpu,)) for node in ("node1", "node2") for cpu in (0, 1)
    ]


@pytest.mark.parametrize("model", MODELS)
def test_programs_keep_off_the_cpus_of_another_job(
    cluster: SlurmCluster, tmp_path: Path, model: str
):
    program = {"a": {"execution_model": model}}
    resources = {"a": {"threads": 1} if model == "direct" else {"mpi_processes": 2}}
    file = write_model(tmp_path, {"a": ALONE}, {}, resources, program)
    with cluster.allocation("-N2", "-n2"):  # has the first CPU of each node
        outcome = run_in_job(cluster, file, job=("-N2", "-n2"))
    assert outcome.exit_code == 0, outcome.text + outcome.log
    expected = [Place("node1", (1,)), Place("node2", (1,))]
    assert outcome.places()["a"] == expected[: 1 if model == "direct" else 2]
