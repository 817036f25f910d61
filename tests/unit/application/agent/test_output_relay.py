"""Tests of the relay of output from a node that does not share the manager's files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.in_memory.agent_line import InMemoryAgentLine
from application.agent.output_relay import PIECE, OutputRelay
from domain.running.agents import StartCommand
from domain.running.outputs import OutputPiece
from domain.running.process_end import SUCCESS, Exited, ProcessResult

OUT, ERR = Path("/out"), Path("/err")


class Bench:
    """A relay, whose thread is this one."""

    def __init__(self, **options: int) -> None:
        self.line = InMemoryAgentLine()
        self.files: dict[Path, bytes] = {}
        self.wakes = 0
        self.relay = OutputRelay(self.line, read=self._read, wake=self._wake, **options)
        self.waits: list[float | None] = []

    def start(self, name: str = "a", *, out: Path = OUT, err: Path = ERR) -> None:
        self.relay.add(StartCommand(name, Path("/"), ("a",), {}, out, err, files={}))

    def run(self, steps: Iterator[None] | None = None) -> None:
        """Let the relay look at the output before each step, and once at the end."""

        def wait(seconds: float | None) -> bool:
            self.waits.append(seconds)
            return next(steps, "end") == "end" if steps is not None else True

        self.relay.run(wait)

    def sent(self, *, is_error: bool = False) -> bytes:
        """Return what the manager has received, in order."""
        content = b""
        for piece in self.line.output:
            if piece.is_error is is_error:
                assert piece.offset == len(content)
                content += piece.data
        return content

    def _read(self, path: Path, offset: int, size: int) -> bytes:
        return self.files.get(path, b"")[offset : offset + size]

    def _wake(self) -> None:
        self.wakes += 1


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_output_and_error_output_are_sent(bench: Bench) -> None:
    bench.start()
    bench.files = {OUT: b"hello\n", ERR: b"oops\n"}
    bench.run()
    assert bench.line.output == [
        OutputPiece("a", False, 0, b"hello\n"),
        OutputPiece("a", True, 0, b"oops\n"),
    ]


def test_output_is_sent_while_a_program_runs(bench: Bench) -> None:
    bench.start()
    bench.files[OUT] = b"one"

    def steps() -> Iterator[None]:
        yield
        assert bench.sent() == b"one"
        bench.files[OUT] += b" two"
        yield

    bench.run(steps())
    assert bench.sent() == b"one two"


def test_large_output_is_sent_completely_in_pieces_before_the_end(bench: Bench) -> None:
    bench.start()
    bench.files[OUT] = bytes(range(256)) * (PIECE // 8)
    bench.relay.report([ProcessResult("a", Exited(3))])
    bench.run()
    assert bench.sent() == bench.files[OUT]
    assert max(len(piece.data) for piece in bench.line.output) == PIECE
    assert bench.line.results == [ProcessResult("a", Exited(3))]


def test_end_is_reported_after_the_output() -> None:
    bench = Bench()
    order: list[str] = []
    bench.line.report_output = lambda _piece: order.append("output")  # type: ignore[method-assign]
    bench.line.report_results = lambda _all: order.append("end")  # type: ignore[method-assign]
    bench.start()
    bench.files[OUT] = b"last words"
    bench.relay.report([ProcessResult("a", SUCCESS)])
    assert order == []
    bench.run()
    assert order == ["output", "end"]


def test_end_of_a_program_with_shared_files_is_reported_at_once(bench: Bench) -> None:
    bench.relay.add(StartCommand("b", Path("/"), ("b",), {}, OUT, ERR))
    bench.relay.report([ProcessResult("b", SUCCESS)])
    assert bench.line.results == [ProcessResult("b", SUCCESS)]


def test_common_file_of_both_streams_is_sent_once(bench: Bench) -> None:
    bench.start(out=OUT, err=OUT)
    bench.files[OUT] = b"both"
    bench.run()
    assert bench.line.output == [OutputPiece("a", False, 0, b"both")]


def test_output_beyond_the_limit_is_cut_with_a_note() -> None:
    bench = Bench(limit=10)
    bench.start()
    bench.files[OUT] = b"0123456789 and more"
    bench.relay.report([ProcessResult("a", SUCCESS)])
    bench.run()
    assert bench.sent() == b"0123456789\n[The rest is in /out on its node.]\n"


def test_output_within_the_limit_has_no_note() -> None:
    bench = Bench(limit=10)
    bench.start()
    bench.files[OUT] = b"0123456789"
    bench.run(iter([None, None]))
    assert bench.sent() == b"0123456789"


def test_relay_without_programs_waits_without_a_limit(bench: Bench) -> None:
    bench.run()
    assert bench.waits == [None]


def test_started_and_ended_programs_wake_the_relay(bench: Bench) -> None:
    bench.start()
    bench.relay.report([ProcessResult("a", SUCCESS)])
    assert bench.wakes == 2


def test_relay_ends_when_the_manager_is_gone(bench: Bench) -> None:
    bench.start()
    bench.files[OUT] = b"x"
    bench.line.close(timeout=0)
    bench.run(iter([None, None]))
    assert bench.waits == [bench.waits[0]]
