"""When Slurm ends our job, as reported by a fake squeue."""

from pathlib import Path

import pytest

from adapters.slurm.allocation import end_of_allocation
from domain.errors import TransportError


class FakeSlurm:
    """A directory with a program `squeue`, and an environment that has it on the PATH."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.environment = {"PATH": f"{folder}:/usr/bin:/bin", "SLURM_JOB_ID": "12"}

    def squeue(self, *lines: str) -> None:
        path = self._folder / "squeue"
        path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        path.chmod(0o755)

    def end(self, **options: float) -> float | None:
        return end_of_allocation(self.environment, **options)

    def warning(self, **options: float) -> str:
        with pytest.raises(TransportError) as caught:
            self.end(**options)
        return str(caught.value)


@pytest.fixture
def slurm(tmp_path: Path) -> FakeSlurm:
    return FakeSlurm(tmp_path)


@pytest.mark.parametrize("environment", [{}, {"SLURM_JOB_ID": ""}])
def test_end_outside_of_slurm_is_unknown(environment: dict[str, str]):
    assert end_of_allocation(environment) is None


def test_end_of_our_job_is_returned(slurm: FakeSlurm):
    slurm.squeue('[ "$*" = "-h -j 12 -o %A %e" ] && echo "12 1795256614"')
    assert slurm.end() == 1795256614.0


def test_squeue_is_asked_for_seconds_since_the_epoch(slurm: FakeSlurm):
    slurm.environment["SLURM_TIME_FORMAT"] = "relative"
    slurm.squeue('[ "$SLURM_TIME_FORMAT" = %s ] && echo 12 100')
    assert slurm.end() == 100.0


def test_other_array_tasks_are_ignored(slurm: FakeSlurm):
    slurm.squeue("echo 13 100", "echo 12 200", "echo 112 300")
    assert slurm.end() == 200.0


def test_squeue_filters_of_the_user_are_ignored(slurm: FakeSlurm):
    slurm.environment["SQUEUE_STATES"] = "PENDING"
    slurm.squeue('[ -z "$SQUEUE_STATES" ] && echo 12 100')
    assert slurm.end() == 100.0


@pytest.mark.parametrize("word", ["NONE", "N/A"])
def test_job_without_an_end_is_accepted(slurm: FakeSlurm, word: str):
    slurm.squeue(f"echo 12 {word}")
    assert slurm.end() is None


def test_missing_squeue_is_named_in_the_warning(slurm: FakeSlurm, tmp_path: Path):
    slurm.environment["PATH"] = str(tmp_path)
    text = slurm.warning()
    assert "'squeue -h -j 12 -o %A %e'" in text
    assert "No such file or directory" in text


def test_squeue_error_output_is_in_the_warning(slurm: FakeSlurm):
    slurm.squeue("echo slurm_load_jobs error: Invalid job id specified >&2", "exit 3")
    text = slurm.warning()
    assert "exit code 3" in text
    assert "slurm_load_jobs error: Invalid job id specified" in text


def test_wait_for_squeue_is_limited(slurm: FakeSlurm):
    slurm.squeue("exec sleep 60")
    assert "no answer within 0.2 seconds" in slurm.warning(patience=0.2)


@pytest.mark.parametrize(
    "printed", ["", "12", "12 soon", "13 100", "12 100\n12 200", "12 2026-11-21T10:23:43"]
)
def test_invalid_squeue_output_is_in_the_warning(slurm: FakeSlurm, printed: str):
    slurm.squeue(f"echo '{printed}'")
    assert f"it printed {printed.strip()!r}" in slurm.warning()
