"""The nodes of a Flux instance."""

import os

import pytest

from adapters.batch_jobs.flux_job import find_flux_job
from domain.errors import ConfigurationError, TransportError
from domain.placement.batch_jobs import BatchSystem

URI = "local:///tmp/flux-abc/local-0"


@pytest.fixture
def flux(tmp_path):
    def answer(script: str) -> dict[str, str]:
        program = tmp_path / "flux"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return {"FLUX_URI": URI, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    return answer


def test_nodes_are_those_that_flux_lists(flux):
    job = find_flux_job(flux('[ "$*" = "getattr hostlist" ] && echo "corona[171,173-174]"'))
    assert job is not None
    assert job.system is BatchSystem.FLUX
    assert job.node_names == ("corona171", "corona173", "corona174")


def test_environment_outside_of_flux_has_no_job():
    assert find_flux_job({}) is None


def test_failed_query_is_reported_with_its_output(flux):
    with pytest.raises(
        TransportError, match=r"'flux getattr hostlist' exited with code 1; .*: sad"
    ):
        find_flux_job(flux("echo sad >&2; exit 1"))


def test_invalid_node_list_is_rejected(flux):
    with pytest.raises(ConfigurationError, match="not a list of nodes"):
        find_flux_job(flux("echo 'a['"))


def test_missing_flux_command_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TransportError, match="'flux getattr hostlist' failed"):
        find_flux_job({"FLUX_URI": URI, "PATH": str(tmp_path)})
