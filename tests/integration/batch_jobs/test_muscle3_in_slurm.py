"""Programs with MUSCLE3's library in a real Slurm job, on other nodes than the manager."""

from pathlib import Path

import pytest

from tests.integration.batch_jobs.jobs import run_in_job
from tests.support.slurm import SlurmCluster
from tests.support.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.muscle3]

TWO_NODES = ("-N2", "--ntasks-per-node=2")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model whose two programs use MUSCLE3's library."""
    workspace = Workspace(tmp_path)
    workspace.use_muscle3()
    for name in ("macro", "micro"):  # each on a node of its own
        line = f"    description: The {name} model\n    executable:"
        alone = line.replace("    exec", "    can_share_resources: false\n    exec")
        workspace.change("model.ymmsl", line, alone)
    resources = "resources:\n  macro: {threads: 2}\n  micro: {threads: 2}\n"
    text = (tmp_path / "model.ymmsl").read_text()
    return workspace.write("model.ymmsl", text + resources)


def test_programs_with_muscle3s_library_run_in_a_job_if_the_network_is_trusted(
    cluster: SlurmCluster, model: Path
):
    outcome = run_in_job(cluster, model, "--trust-network", job=TWO_NODES)
    assert outcome.exit_code == 0, outcome.text
    assert "completed successfully" in outcome.text
    (log,) = model.parent.glob("run_pair_*/muscle3_manager.log")
    assert log.read_text().count("instances are placed") == 2


def test_refusal_of_a_program_with_muscle3s_library_names_the_option(
    cluster: SlurmCluster, model: Path
):
    outcome = run_in_job(cluster, model, job=TWO_NODES)
    assert outcome.exit_code == 1, outcome.text
    assert "--trust-network" in outcome.text
    assert "MUSCLE3" in outcome.text
