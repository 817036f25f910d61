from pathlib import Path

import pytest

from adapters.in_memory.clock import ManualClock
from application.nodes.command_queue import CommandQueue
from domain.running.agents import CancelCommand, Command, ShutdownCommand, StartCommand

HEARTBEAT = 10.0


def start(name: str) -> StartCommand:
    return StartCommand(name, Path("/w"), (), {}, Path("/out"), Path("/err"))


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.noted: list[Command | None] = []
        self.queue = CommandQueue(
            scheduler=self.clock, heartbeat=HEARTBEAT, on_reply=self.noted.append
        )

    def fetch(self) -> list[Command | None]:
        answers: list[Command | None] = []
        self.queue.fetch(answers.append)
        return answers


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_command_waits_for_a_poll(bench: Bench) -> None:
    bench.queue.add(CancelCommand())
    assert bench.noted == []
    assert bench.fetch() == [CancelCommand()]
    assert bench.noted == [CancelCommand()]


def test_poll_waits_for_a_command(bench: Bench) -> None:
    answers = bench.fetch()
    bench.queue.add(CancelCommand())
    bench.queue.add(ShutdownCommand())
    assert answers == [CancelCommand()]
    assert bench.fetch() == [ShutdownCommand()]


def test_poll_without_command_gets_a_heartbeat(bench: Bench) -> None:
    answers = bench.fetch()
    bench.clock.advance(HEARTBEAT)
    assert answers == [None]
    bench.clock.advance(HEARTBEAT)
    assert answers == [None]


def test_second_poll_replaces_the_first(bench: Bench) -> None:
    first, second = bench.fetch(), bench.fetch()
    bench.queue.add(CancelCommand())
    assert (first, second) == ([None], [CancelCommand()])


def test_starts_are_taken_back_and_other_commands_kept(bench: Bench) -> None:
    for command in (start("a"), CancelCommand(), start("b")):
        bench.queue.add(command)
    assert bench.queue.take_back_starts() == ["a", "b"]
    assert bench.fetch() == [CancelCommand()]
    assert bench.fetch() == []


def test_cleared_queue_has_no_commands(bench: Bench) -> None:
    bench.queue.add(start("a"))
    bench.queue.clear()
    assert bench.fetch() == []
