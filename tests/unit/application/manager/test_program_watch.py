"""The processes of instances that the user starts."""

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.peer_processes import InMemoryPeerProcesses
from adapters.in_memory.process_watch import InMemoryProcessWatch
from application.interfaces.admission import Client
from application.manager.program_watch import ProgramWatch
from domain.running.clients import Origin, Process

PROCESS, OTHER = Process(71, 1), Process(72, 1)
HERE = Origin("127.0.0.1", is_local=True, uid=0, socket=1)
ELSEWHERE = Origin("192.0.2.1", is_local=False)


class Bench:
    def __init__(self):
        self.clock = ManualClock()
        self.processes = InMemoryPeerProcesses(uid=0)
        self.processes.add(1, PROCESS)
        self.watch = InMemoryProcessWatch(self.clock)
        self.by_hand = {"macro"}
        self.ended = []
        self.programs = ProgramWatch(
            processes=self.processes,
            watch=self.watch,
            is_by_hand=self.by_hand.__contains__,
            on_ended=self.ended.append,
        )

    def end(self, process):
        self.watch.end(process)
        self.clock.advance(1.0)


@pytest.fixture
def bench():
    return Bench()


@pytest.mark.parametrize(
    "client",
    [
        Client(origin=HERE),
        Client(process=PROCESS),
        Client("instance macro", locate=lambda: HERE),
    ],
)
def test_end_of_the_program_of_an_instance_is_reported(bench, client):
    bench.programs.note_registered("macro", client)
    bench.end(PROCESS)
    assert bench.ended == ["macro"]


@pytest.mark.parametrize("client", [Client(), Client(origin=ELSEWHERE)])
def test_program_whose_process_is_unknown_is_not_watched(bench, client):
    bench.programs.note_registered("macro", client)
    bench.end(PROCESS)
    assert bench.ended == []


def test_program_of_an_agent_is_not_watched(bench):
    bench.programs.note_registered("micro", Client(process=PROCESS))
    bench.end(PROCESS)
    assert bench.ended == []


def test_end_of_an_earlier_program_of_an_instance_is_not_reported(bench):
    bench.programs.note_registered("macro", Client(process=PROCESS))
    bench.programs.note_registered("macro", Client(process=OTHER))
    bench.end(PROCESS)
    assert bench.ended == []
    bench.end(OTHER)
    assert bench.ended == ["macro"]
