import pytest

from adapters.in_memory.clock import ManualClock
from application.nodes.process_ledger import BATCH, ProcessLedger
from domain.running.process_end import SUCCESS, Exited, ProcessEnd, ProcessResult
from tests.support.loggers import silent_log


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


def test_many_ends_are_reported_in_batches_in_their_order(bench: Bench) -> None:
    names = [f"p{number}" for number in range(2 * BATCH + 1)]
    for name in names:
        bench.ledger.add(name, node="n")
    bench.ledger.end_all([ProcessResult(name, SUCCESS) for name in names[:-1]])
    bench.ledger.end_all([ProcessResult(names[-1], SUCCESS)])
    assert [name for name, _ in bench.ended] == names[:BATCH]
    bench.clock.advance()
    assert [name for name, _ in bench.ended] == names


def test_flush_reports_pending_ends(bench: Bench) -> None:
    names = [f"p{number}" for number in range(BATCH + 1)]
    for name in names:
        bench.ledger.add(name, node="n")
    bench.ledger.end_all([ProcessResult(name, SUCCESS) for name in names])
    bench.ledger.flush()
    assert len(bench.ended) == len(names)
    bench.clock.advance()
    assert len(bench.ended) == len(names)
