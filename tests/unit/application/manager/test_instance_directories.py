from pathlib import Path

import pytest

from adapters.in_memory.run_directory import InMemoryRunDirectory
from adapters.in_memory.worker import InlineWorker
from application.manager.instance_directories import InstanceDirectories
from domain.errors import ConfigurationError
from domain.identity import Reference

MACRO = Reference("macro")


class Bench:
    def __init__(self) -> None:
        self.run_directory = InMemoryRunDirectory()
        self.worker = InlineWorker(is_busy=True)
        self.directories = InstanceDirectories(self.run_directory, worker=self.worker)
        self.ready: list[Path] = []
        self.errors: list[Exception] = []

    def ensure(self) -> None:
        self.directories.ensure(MACRO, ready=self.ready.append, failed=self.errors.append)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_directory_is_created_by_the_worker(bench: Bench) -> None:
    bench.ensure()
    assert (bench.run_directory.made, bench.ready) == (set(), [])
    bench.worker.work_off()
    directory = bench.run_directory.instance_path(MACRO)
    assert (bench.run_directory.made, bench.ready) == ({directory}, [directory])


def test_directory_is_created_once(bench: Bench) -> None:
    bench.ensure()
    bench.worker.work_off()
    bench.run_directory.made.clear()
    bench.ensure()
    assert bench.ready == [bench.run_directory.instance_path(MACRO)] * 2
    assert bench.run_directory.made == set()


def test_recorded_directory_is_not_created_again(bench: Bench) -> None:
    bench.directories.note_created(MACRO)
    bench.ensure()
    assert bench.ready == [bench.run_directory.instance_path(MACRO)]


def test_directory_failure_is_passed_on_and_the_next_call_retries(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: object, _instance: Reference) -> Path:
        msg = "the disk is full"
        raise ConfigurationError(msg)

    with monkeypatch.context() as patch:
        patch.setattr(InMemoryRunDirectory, "instance_directory", fail)
        bench.ensure()
        bench.worker.work_off()
    assert [str(error) for error in bench.errors] == ["the disk is full"]
    bench.ensure()
    bench.worker.work_off()
    assert len(bench.ready) == 1
