"""Processes, their sessions and their ancestors, in a procfs that the test writes."""

import os
from pathlib import Path

import pytest

from adapters.processes.peer_processes import LinuxPeerProcesses
from domain.running.clients import STARTED_FOR, Origin, Process

SECRET = "the secret"
OURS = {"CONJOIN_SECRET": SECRET, STARTED_FOR: "macro"}
ORIGIN = Origin("127.0.0.1", is_local=True, uid=0, socket=7)


class Proc:
    """A procfs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.processes = LinuxPeerProcesses(SECRET, proc=path)

    def add(
        self,
        pid: int,
        *,
        parent: int = 1,
        session: "int | None" = None,
        environment: "dict[str, str] | None" = None,
        started: int = 100,
        sockets: tuple[int, ...] = (),
    ) -> Process:
        """Add or change a process."""
        home = self.path / str(pid)
        (home / "fd").mkdir(parents=True, exist_ok=True)
        fields = ["S", parent, pid, pid if session is None else session, *[0] * 15, started, 0]
        # a name may contain parentheses and spaces
        (home / "stat").write_text(f"{pid} (a) name) {' '.join(map(str, fields))}\n")
        values = [f"{name}={value}" for name, value in (environment or {}).items()]
        (home / "environ").write_bytes("\0".join(values).encode() + b"\0")
        for number, inode in enumerate(sockets):
            link = home / "fd" / str(number)
            link.unlink(missing_ok=True)
            link.symlink_to(f"socket:[{inode}]")
        return Process(pid, started)


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


def test_process_with_the_secret_and_the_name_was_started_for_the_instance(proc: Proc):
    process = proc.add(10, environment=OURS)
    assert proc.processes.was_started_for(process, "macro")


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {STARTED_FOR: "macro"},
        {"CONJOIN_SECRET": SECRET},
        {"CONJOIN_SECRET": SECRET, STARTED_FOR: "micro"},
        {"CONJOIN_SECRET": "another", STARTED_FOR: "macro"},
        {"CONJOIN_SECRET": SECRET, "MUSCLE_INSTANCE": "macro"},
        {"X": f"CONJOIN_SECRET={SECRET}", STARTED_FOR: "macro"},
    ],
)
def test_process_with_another_environment_was_not(proc: Proc, environment: dict[str, str]):
    process = proc.add(10, environment=environment)
    assert not proc.processes.was_started_for(process, "macro")


def test_descendant_with_an_empty_environment_was_started_for_the_instance(proc: Proc):
    proc.add(10, environment=OURS)
    proc.add(11, parent=10, session=11)
    process = proc.add(12, parent=11, session=11)
    assert proc.processes.was_started_for(process, "macro")


def test_orphan_in_the_session_of_the_instance_was_started_for_it(proc: Proc):
    proc.add(10, environment=OURS)
    process = proc.add(12, parent=1, session=10)
    assert proc.processes.was_started_for(process, "macro")


def test_child_of_another_instance_was_not(proc: Proc):
    proc.add(10, environment={**OURS, STARTED_FOR: "micro"})
    process = proc.add(12, parent=10)
    assert not proc.processes.was_started_for(process, "macro")


def test_process_whose_id_has_been_reused_was_not(proc: Proc):
    process = proc.add(10, environment=OURS)
    proc.add(10, environment=OURS, started=200)
    assert not proc.processes.was_started_for(process, "macro")
    assert not proc.processes.was_started_for(Process(11, 100), "macro")


def test_circle_of_parents_is_left(proc: Proc):
    proc.add(10, parent=11)
    process = proc.add(11, parent=10)
    assert not proc.processes.was_started_for(process, "macro")


def test_process_is_found_by_its_socket(proc: Proc):
    proc.add(10, environment=OURS, sockets=(5, 6))
    process = proc.add(11, environment=OURS, sockets=(8, 7))
    assert proc.processes.process_of(ORIGIN, instance="macro") == process


def test_process_of_an_unlikely_name_is_found(proc: Proc):
    proc.add(10, environment=OURS)
    process = proc.add(11, sockets=(7,))
    assert proc.processes.process_of(ORIGIN, instance="macro") == process


def test_process_that_was_seen_before_it_got_its_environment_is_found(proc: Proc):
    proc.add(10)
    assert proc.processes.process_of(ORIGIN, instance="macro") is None
    process = proc.add(10, environment=OURS, sockets=(7,))
    assert proc.processes.process_of(ORIGIN, instance="macro") == process


def test_unknown_socket_has_no_process(proc: Proc):
    proc.add(10, environment=OURS, sockets=(0, 5))
    assert proc.processes.process_of(ORIGIN, instance="macro") is None
    closed = ORIGIN._replace(socket=0)
    assert proc.processes.process_of(closed, instance="macro") is None


def test_process_that_holds_a_connection_is_the_same_that_was_found(proc: Proc):
    process = proc.add(10, sockets=(7,))
    assert proc.processes.is_held_by(ORIGIN, process)
    assert not proc.processes.is_held_by(ORIGIN, process._replace(started=1))
    assert not proc.processes.is_held_by(ORIGIN._replace(socket=8), process)


def test_other_sockets_of_a_process_are_found_without_a_search(
    proc: Proc, monkeypatch: pytest.MonkeyPatch
):
    process = proc.add(10, sockets=(8, 7, 9))
    assert proc.processes.process_of(ORIGIN, instance="macro") == process
    monkeypatch.setattr(os, "listdir", lambda _path: pytest.fail("the process was known"))
    for socket in (8, 7, 9):
        origin = ORIGIN._replace(socket=socket)
        assert proc.processes.process_of(origin, instance="micro") == process


def test_number_of_a_closed_socket_that_is_used_again_is_searched_for(proc: Proc):
    proc.add(10, sockets=(7,))
    assert proc.processes.process_of(ORIGIN, instance="macro") == Process(10, 100)
    proc.add(10, sockets=(8,))
    process = proc.add(11, environment=OURS, sockets=(7,))
    assert proc.processes.process_of(ORIGIN, instance="macro") == process
