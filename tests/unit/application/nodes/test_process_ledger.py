import pytest

from adapters.in_memory.clock import ManualClock
from application.nodes.process_ledger import ProcessLedger
from domain.running.process_end import SUCCESS, Exited, ProcessEnd
from tests.support.desks import silent_log


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.ended: list[tuple[str, ProcessEnd]] = []
        self.ledger = ProcessLedger(scheduler=self.clock, log=silent_log())
        self.ledger.on_finished(lambda *end: self.ended.append(end))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_end_is_reported_once(bench: Bench) -> None:
    bench.ledger.add("a", node="n")
    bench.ledger.end("a", SUCCESS)
    bench.ledger.end("a", Exited(1))
    assert bench.ended == [("a", SUCCESS)]
    assert bench.ledger.take_finished() == [("a", SUCCESS)]
    assert bench.ledger.take_finished() == []


def test_end_of_an_unknown_process_is_ignored(bench: Bench) -> None:
    bench.ledger.end("a", SUCCESS)
    assert bench.ended == []


def test_running_process_cannot_be_added_again(bench: Bench) -> None:
    bench.ledger.add("a", node="n")
    with pytest.raises(ValueError, match="'a' is running already"):
        bench.ledger.add("a", node="other")


def test_end_soon_is_reported_after_the_call(bench: Bench) -> None:
    bench.ledger.add("a", node="n")
    bench.ledger.end_soon("a", SUCCESS)
    assert bench.ended == []
    bench.clock.advance()
    assert bench.ended == [("a", SUCCESS)]


def test_processes_are_found_by_their_node(bench: Bench) -> None:
    for name, node in (("b", "n"), ("c", "other"), ("a", "n")):
        bench.ledger.add(name, node=node)
    assert bench.ledger.running_on("n") == ["a", "b"]
    bench.ledger.end("a", SUCCESS)
    assert bench.ledger.running_on("n") == ["b"]
