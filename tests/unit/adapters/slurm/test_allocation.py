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

    def complaint(self, **options: float) -> str:
        with pytest.raises(TransportError) as caught:
            self.end(**options)
        return str(caught.value)


@pytest.fixture
def slurm(tmp_path: Path) -> FakeSlurm:
    return FakeSlurm(tmp_path)


@pytest.mark.parametrize("environment", [{}, {"SLURM_JOB_ID": ""}])
def test_outside_slurm_there_is_no_end(environment: dict[str, str]):
    assert end_of_allocation(environment) is None


def test_the_end_is_that_of_our_job(slurm: FakeSlurm):
    slurm.squeue('[ "$*" = "-h -j 12 -o %A %e" ] && echo "12 1795256614"')
    assert slurm.end() == 1795256614.0


def test_squeue_is_asked_for_the_time_since_the_epoch(slurm: FakeSlurm):
    slurm.environment["SLURM_TIME_FORMAT"] = "relative"
    slurm.squeue('[ "$SLURM_TIME_FORMAT" = %s ] && echo 12 100')
    assert slurm.end() == 100.0


def test_other_tasks_of_an_array_are_none_of_our_business(slurm: FakeSlurm):
    slurm.squeue("echo 13 100", "echo 12 200", "echo 112 300")
    assert slurm.end() == 200.0


def test_the_users_choice_of_jobs_to_see_is_set_aside(slurm: FakeSlurm):
    slurm.environment["SQUEUE_STATES"] = "PENDING"
    slurm.squeue('[ -z "$SQUEUE_STATES" ] && echo 12 100')
    assert slurm.end() == 100.0


@pytest.mark.parametrize("word", ["NONE", "N/A"])
def test_a_job_may_have_no_end(slurm: FakeSlurm, word: str):
    slurm.squeue(f"echo 12 {word}")
    assert slurm.end() is None


def test_a_squeue_that_is_missing_is_named(slurm: FakeSlurm, tmp_path: Path):
    slurm.environment["PATH"] = str(tmp_path)
    text = slurm.complaint()
    assert "'squeue -h -j 12 -o %A %e'" in text
    assert "No such file or directory" in text


def test_what_squeue_says_when_it_fails_is_passed_on(slurm: FakeSlurm):
    slurm.squeue("echo slurm_load_jobs error: Invalid job id specified >&2", "exit 3")
    text = slurm.complaint()
    assert "exit code 3" in text
    assert "slurm_load_jobs error: Invalid job id specified" in text


def test_a_squeue_that_does_not_answer_is_not_waited_for(slurm: FakeSlurm):
    slurm.squeue("exec sleep 60")
    assert "no answer within 0.2 seconds" in slurm.complaint(patience=0.2)


@pytest.mark.parametrize(
    "printed", ["", "12", "12 soon", "13 100", "12 100\n12 200", "12 2026-11-21T10:23:43"]
)
def test_what_makes_no_sense_is_shown(slurm: FakeSlurm, printed: str):
    slurm.squeue(f"echo '{printed}'")
    assert f"it printed {printed.strip()!r}" in slurm.complaint()
