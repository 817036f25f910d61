"""Tests of the choice of a launcher."""

import sys
from pathlib import Path

import pytest

from adapters.batch_agents.launcher import BatchAgentLauncher
from adapters.batch_agents.mpiexec import Mpiexec, MpiFamily
from adapters.batch_agents.srun import Srun
from adapters.in_memory.agent_launcher import InMemoryAgentLauncher
from adapters.local_agents.launcher import LocalAgentLauncher
from adapters.ssh_agents.launcher import SshAgentLauncher
from application.interfaces.agents import AgentLauncher
from domain.errors import ConfigurationError
from entrypoints._manager.launcher_choice import choose_launcher
from entrypoints.options import Adapters, ManagerOptions


def test_default_launcher_is_for_this_machine():
    launcher = choose_launcher(ManagerOptions(), Adapters(), environment={})
    assert isinstance(launcher, LocalAgentLauncher)


def test_embedders_launcher_takes_precedence():
    own = InMemoryAgentLauncher()
    assert choose_launcher(ManagerOptions(), Adapters(launcher=own), environment={}) is own


def test_named_hosts_are_reached_over_ssh():
    launcher = choose_launcher(ManagerOptions(hosts="a,b"), Adapters(), environment={})
    assert isinstance(launcher, SshAgentLauncher)
    assert not launcher.capabilities.is_this_machine


@pytest.mark.parametrize(
    ("text", "needs_network"),
    [
        ('hosts = ["a", "b"]\ntunnel = true\n', False),
        ('hosts = ["a", "b"]\n', True),
        ('[[hosts]]\nhost = "a"\ntunnel = true\n[[hosts]]\nhost = "b"\n', True),
    ],
    ids=["all", "none", "some"],
)
def test_network_is_not_needed_if_all_hosts_have_tunnels(
    tmp_path: Path, text: str, needs_network: bool
):
    hosts = tmp_path / "hosts.toml"
    hosts.write_text(text)
    launcher = choose_launcher(ManagerOptions(hosts=str(hosts)), Adapters(), environment={})
    assert launcher.capabilities.needs_network is needs_network


def test_warning_about_a_batch_job_is_passed_on():
    warnings: list[str] = []
    environment = {
        "SLURM_JOB_ID": "5",
        "SLURM_JOB_NODELIST": "a",
        "SLURM_JOB_NODELIST_HET_GROUP_0": "a",
        "SLURM_JOB_NODELIST_HET_GROUP_1": "b",
    }
    choose_launcher(ManagerOptions(), Adapters(), environment=environment, warnings=warnings)
    (warning,) = warnings
    assert "heterogeneous" in warning


def test_missing_paramiko_is_an_error_with_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delitem(sys.modules, "adapters.ssh_agents.launcher")
    monkeypatch.setitem(sys.modules, "paramiko", None)
    for name in ("connections", "ssh_config", "host_keys", "remote_agent"):
        monkeypatch.delitem(sys.modules, f"adapters.ssh_agents.{name}", raising=False)
    with pytest.raises(ConfigurationError, match=r"pip install 'conjoin\[ssh\]'"):
        choose_launcher(ManagerOptions(hosts="a"), Adapters(), environment={})


SLURM = {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "a[1-2]", "PATH": "/nowhere"}
LSF = {"LSB_JOBID": "7", "LSB_HOSTS": "a1 a2"}


@pytest.fixture
def path_with_mpiexec(tmp_path: Path) -> str:
    program = tmp_path / "mpiexec"
    program.write_text("#!/bin/sh\necho 'mpiexec (OpenRTE) 4.1.4'\n")
    program.chmod(0o755)
    return str(tmp_path)


def chosen(environment: dict[str, str], **options: str) -> AgentLauncher:
    return choose_launcher(ManagerOptions(**options), Adapters(), environment=environment)  # type: ignore[arg-type]


def test_slurm_job_is_used_without_an_option():
    launcher = chosen(SLURM)
    assert isinstance(launcher, BatchAgentLauncher)
    assert isinstance(launcher.starter, Srun)
    assert not launcher.capabilities.is_this_machine
    assert launcher.capabilities.binds_cores
    assert not launcher.capabilities.may_oversubscribe


def test_job_of_another_batch_system_is_used_with_mpiexec(path_with_mpiexec: str):
    launcher = chosen({**LSF, "PATH": path_with_mpiexec})
    assert isinstance(launcher, BatchAgentLauncher)
    assert launcher.starter == Mpiexec(MpiFamily.OPEN_MPI, f"{path_with_mpiexec}/mpiexec")


def test_job_of_another_batch_system_is_used_over_ssh_without_mpiexec():
    assert isinstance(chosen({**LSF, "PATH": "/nowhere"}), SshAgentLauncher)


def test_launcher_for_a_slurm_job_can_be_chosen(path_with_mpiexec: str):
    environment = {**SLURM, "PATH": path_with_mpiexec}
    assert isinstance(chosen(environment, launcher="ssh"), SshAgentLauncher)
    launcher = chosen(environment, launcher="mpiexec")
    assert isinstance(launcher, BatchAgentLauncher)
    assert isinstance(launcher.starter, Mpiexec)


def test_local_launcher_can_be_chosen_in_a_job():
    assert isinstance(chosen(SLURM, launcher="local"), LocalAgentLauncher)


def test_named_hosts_take_precedence_over_a_job():
    assert isinstance(chosen(SLURM, hosts="a"), SshAgentLauncher)


@pytest.mark.parametrize("kind", ["srun", "mpiexec", "ssh"])
def test_launcher_for_jobs_is_an_error_outside_of_a_job(kind: str):
    with pytest.raises(ConfigurationError, match=f"--launcher {kind} .* not one. Name the hosts"):
        chosen({}, launcher=kind)


def test_missing_mpiexec_is_an_error():
    with pytest.raises(ConfigurationError, match="'mpiexec --version' failed"):
        chosen({**LSF, "PATH": "/nowhere"}, launcher="mpiexec")


def test_unknown_launcher_is_an_error():
    with pytest.raises(ConfigurationError, match="'smoke' does not exist: choose auto, local"):
        chosen({}, launcher="smoke")
