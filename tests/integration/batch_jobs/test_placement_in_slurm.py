"""On which node and which cores instances and MPI ranks run, in jobs of a real Slurm.

The job has four nodes with two cores each.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.batch_jobs.jobs import JobOutcome, Place, run_in_job, write_model
from tests.support.slurm import SlurmCluster

pytestmark = pytest.mark.slow

BOTH = (0, 1)
FOUR_NODES = ("-N4", "--ntasks-per-node=2")
MPI = ["openmpi", "srunmpi"]

ALONE: dict[str, object] = {"ports": {}}
CALLER: dict[str, object] = {"ports": {"o_i": "out", "s": "in"}}
CALLED: dict[str, object] = {"ports": {"f_init": "in", "o_f": "out"}}
CALLS = {"macro.out": "micro.in", "micro.out": "macro.in"}


def check(outcome: JobOutcome, expected: dict[str, list[Place]]) -> None:
    assert outcome.exit_code == 0, outcome.text + outcome.log
    assert outcome.places() == expected
    for records in outcome.records().values():
        assert all(record["thread_cores"] == record["cores"] for record in records)


def run(cluster: SlurmCluster, folder: Path, *parts: Any, programs: Any = None) -> JobOutcome:
    return run_in_job(cluster, write_model(folder, *parts, programs), job=FOUR_NODES)


def mpi(model: str, *components: str) -> dict[str, dict[str, object]]:
    return {name: {"execution_model": model} for name in components}


def test_single_instance_gets_the_first_node(cluster: SlurmCluster, tmp_path: Path):
    outcome = run(cluster, tmp_path, {"alone": ALONE}, {}, {"alone": {"threads": 2}})
    check(outcome, {"alone": [Place("node1", BOTH)]})
    (record,) = outcome.records()["alone"]
    environment = record["environment"]
    assert environment["OMP_NUM_THREADS"] == "2"
    assert environment["OMP_PLACES"] == "{0},{1}"
    assert environment["OMP_PROC_BIND"] == "close"
    assert environment["MUSCLE_BIND_LIST"] == "0,1"


def test_caller_and_called_instance_share_cores(cluster: SlurmCluster, tmp_path: Path):
    components = {"macro": CALLER, "micro": CALLED}
    resources = {"macro": {"threads": 1}, "micro": {"threads": 2}}
    outcome = run(cluster, tmp_path, components, CALLS, resources)
    check(outcome, {"macro": [Place("node1", (0,))], "micro": [Place("node1", BOTH)]})


def test_instances_that_run_at_the_same_time_have_own_cores(cluster: SlurmCluster, tmp_path: Path):
    components = {"a": ALONE, "b": ALONE}
    resources = {"a": {"threads": 1}, "b": {"threads": 1}}
    outcome = run(cluster, tmp_path, components, {}, resources)
    check(outcome, {"a": [Place("node1", (0,))], "b": [Place("node1", (1,))]})


def test_chain_of_dispatches_shares_cores(cluster: SlurmCluster, tmp_path: Path):
    components = {
        "first": {"ports": {"o_f": "out"}},
        "second": CALLED,
        "third": {"ports": {"f_init": "in"}},
    }
    conduits = {"first.out": "second.in", "second.out": "third.in"}
    resources = {name: {"threads": 2} for name in components}
    outcome = run(cluster, tmp_path, components, conduits, resources)
    check(outcome, {name: [Place("node1", BOTH)] for name in components})


def test_instances_of_a_set_are_distributed_over_nodes(cluster: SlurmCluster, tmp_path: Path):
    components = {"macro": CALLER, "micro": {**CALLED, "multiplicity": [4]}}
    resources = {"macro": {"threads": 2}, "micro": {"threads": 2}}
    outcome = run(cluster, tmp_path, components, CALLS, resources)
    places = {f"micro[{number}]": [Place(f"node{number + 1}", BOTH)] for number in range(4)}
    check(outcome, {"macro": [Place("node1", BOTH)], **places})


@pytest.mark.parametrize("model", MPI)
def test_ranks_are_bound_to_cores_of_several_nodes(
    cluster: SlurmCluster, tmp_path: Path, model: str
):
    components = {"macro": CALLER, "micro": CALLED}
    resources = {"macro": {"threads": 1}, "micro": {"mpi_processes": 3}}
    outcome = run(cluster, tmp_path, components, CALLS, resources, programs=mpi(model, "micro"))
    ranks = [Place("node1", (0,)), Place("node1", (1,)), Place("node2", (0,))]
    check(outcome, {"macro": [Place("node1", (0,))], "micro": ranks})


@pytest.mark.parametrize("model", MPI)
def test_ranks_of_a_set_share_cores_with_their_caller(
    cluster: SlurmCluster, tmp_path: Path, model: str
):
    components = {"macro": CALLER, "micro": {**CALLED, "multiplicity": [2]}}
    resources = {"macro": {"mpi_processes": 4}, "micro": {"mpi_processes": 3}}
    programs = mpi(model, "macro", "micro")
    outcome = run(cluster, tmp_path, components, CALLS, resources, programs=programs)
    cores = [Place(f"node{node}", (core,)) for node in range(1, 5) for core in BOTH]
    places = outcome.places()
    assert outcome.exit_code == 0, outcome.text + outcome.log
    assert places["macro"] == cores[:4]
    assert places["micro[0]"] == cores[:3]
    # the members run at the same time, so no core is shared between them
    assert len(places["micro[1]"]) == 3
    assert not set(map(str, places["micro[0]"])) & set(map(str, places["micro[1]"]))


@pytest.mark.parametrize("model", MPI)
def test_chain_of_dispatches_with_mpi_shares_cores(
    cluster: SlurmCluster, tmp_path: Path, model: str
):
    components = {
        "first": {"ports": {"o_f": "out"}},
        "second": CALLED,
        "third": {"ports": {"f_init": "in"}},
    }
    conduits = {"first.out": "second.in", "second.out": "third.in"}
    resources = {
        "first": {"threads": 2},
        "second": {"mpi_processes": 4},
        "third": {"nodes": 2, "mpi_processes_per_node": 1, "threads_per_mpi_process": 2},
    }
    programs = mpi(model, "second", "third")
    outcome = run(cluster, tmp_path, components, conduits, resources, programs=programs)
    check(
        outcome,
        {
            "first": [Place("node1", BOTH)],
            "second": [Place(node, (core,)) for node in ("node1", "node2") for core in BOTH],
            "third": [Place("node1", BOTH), Place("node2", BOTH)],
        },
    )


def test_set_that_fills_all_nodes_has_a_core_for_each_instance(
    cluster: SlurmCluster, tmp_path: Path
):
    components = {"macro": CALLER, "micro": {**CALLED, "multiplicity": [8]}}
    resources = {"macro": {"threads": 1}, "micro": {"threads": 1}}
    outcome = run(cluster, tmp_path, components, CALLS, resources)
    assert outcome.exit_code == 0, outcome.text + outcome.log
    places = outcome.places()
    assert places.pop("macro") == [Place("node1", (0,))]
    members = {f"micro[{number}]" for number in range(8)}
    assert set(places) == members
    taken = sorted((place.node, place.cores) for ranks in places.values() for place in ranks)
    assert taken == [(f"node{node}", (core,)) for node in range(1, 5) for core in BOTH]


@pytest.mark.parametrize("model", MPI)
def test_threads_of_ranks_are_bound_to_cores(cluster: SlurmCluster, tmp_path: Path, model: str):
    resources = {"alone": {"nodes": 3, "mpi_processes_per_node": 1, "threads_per_mpi_process": 2}}
    outcome = run(cluster, tmp_path, {"alone": ALONE}, {}, resources, programs=mpi(model, "alone"))
    check(outcome, {"alone": [Place(f"node{number}", BOTH) for number in (1, 2, 3)]})
    for record in outcome.records()["alone"]:
        assert record["environment"]["OMP_NUM_THREADS"] == "2"
        assert record["environment"]["MUSCLE_MPI_PROCESSES"] == "3"


@pytest.mark.parametrize("model", MPI)
def test_mpi_programs_run_side_by_side(cluster: SlurmCluster, tmp_path: Path, model: str):
    components = {"a": ALONE, "b": ALONE}
    resources = {"a": {"mpi_processes": 3}, "b": {"mpi_processes": 5}}
    outcome = run(cluster, tmp_path, components, {}, resources, programs=mpi(model, "a", "b"))
    assert outcome.exit_code == 0, outcome.text + outcome.log
    places = outcome.places()
    assert sorted(map(len, places.values())) == [3, 5]
    cores = [(place.node, *place.cores) for ranks in places.values() for place in ranks]
    assert len(set(cores)) == 8
    assert all(len(core) == 2 for core in cores)


def test_programs_get_the_environment_of_the_job(cluster: SlurmCluster, tmp_path: Path):
    outcome = run(cluster, tmp_path, {"alone": ALONE}, {}, {"alone": {"threads": 1}})
    (record,) = outcome.records()["alone"]
    environment = record["environment"]
    assert environment["SLURM_NTASKS"] == "8"
    assert environment["SLURMD_NODENAME"] == "node1"
    assert "SLURM_PROCID" not in environment
    assert "SLURM_STEP_ID" not in environment


def test_job_with_part_of_a_node_uses_no_more_cores(cluster: SlurmCluster, tmp_path: Path):
    components = {"a": ALONE, "b": ALONE}
    model = write_model(tmp_path, components, {}, {"a": {"threads": 1}})
    outcome = run_in_job(cluster, model, job=("-N2", "-n2"))
    check(outcome, {"a": [Place("node1", (0,))], "b": [Place("node2", (0,))]})


def test_job_on_a_single_node(cluster: SlurmCluster, tmp_path: Path):
    model = write_model(tmp_path, {"alone": ALONE}, {}, {"alone": {"threads": 2}})
    outcome = run_in_job(cluster, model, job=("-N1", "-n2", "--nodelist=node3"))
    check(outcome, {"alone": [Place("node3", BOTH)]})


def test_batch_script_runs_the_manager_on_the_first_node(cluster: SlurmCluster, tmp_path: Path):
    components = {"macro": CALLER, "micro": {**CALLED, "multiplicity": [2]}}
    resources = {"macro": {"threads": 2}, "micro": {"threads": 2}}
    write_model(tmp_path, components, CALLS, resources)
    script = tmp_path / "job.sh"
    script.write_text("#!/bin/sh\nhostname\nexec conjoin run --start-all model.ymmsl\n")
    job = cluster.slurm.submit(script, *FOUR_NODES[1:], "-N2", folder=tmp_path)
    cluster.slurm.wait_until_idle(timeout=120.0)
    text = (tmp_path / f"slurm-{job}.out").read_text()
    assert text.startswith("node1\n")
    assert "completed successfully" in text
    (run_directory,) = tmp_path.glob("run_placed_*")
    outcome = JobOutcome(0, text, run_directory)
    assert not any(
        "SLURM_PROCID" in record["environment"]
        for records in outcome.records().values()
        for record in records
    )
    assert outcome.places() == {
        "macro": [Place("node1", BOTH)],
        "micro[0]": [Place("node1", BOTH)],
        "micro[1]": [Place("node2", BOTH)],
    }


def test_written_job_script_runs_the_model_on_the_nodes_it_needs(
    cluster: SlurmCluster, tmp_path: Path
):
    components = {"macro": CALLER, "micro": {**CALLED, "multiplicity": [3]}}
    resources = {"macro": {"threads": 2}, "micro": {"threads": 2}}
    write_model(tmp_path, components, CALLS, resources)
    options = ("--cores-per-node", "2", "--time", "10", "-o", "job.sh")
    cluster.slurm.run("conjoin", "sbatch", "model.ymmsl", *options, folder=tmp_path)
    job = cluster.slurm.submit(tmp_path / "job.sh", folder=tmp_path)
    cluster.slurm.wait_until_idle(timeout=120.0)
    text = (tmp_path / f"slurm-{job}.out").read_text()
    assert "completed successfully" in text
    (run_directory,) = tmp_path.glob("run_placed_*")
    places = JobOutcome(0, text, run_directory).places()
    assert {place.node for ranks in places.values() for place in ranks} == {
        "node1",
        "node2",
        "node3",
    }


def test_too_few_cores_are_an_error(cluster: SlurmCluster, tmp_path: Path):
    model = write_model(tmp_path, {"alone": ALONE}, {}, {"alone": {"threads": 3}})
    outcome = run_in_job(cluster, model, job=FOUR_NODES)
    assert outcome.exit_code == 2
    assert "requests 3 threads on one node" in outcome.text
    assert "node4 (2 cores)" in outcome.text
