"""Lines and the end of a process, with small programs."""

import asyncio
import os
import sys

import pytest

from adapters.embedded.worker_process import LAST_LINES, WorkerProcess


def run_program(program, orders=b""):
    """Run a program, and return its lines, return code and last lines."""
    lines, ends = [], []

    async def main():
        process = WorkerProcess(
            [sys.executable, "-c", program],
            directory="/",
            environment=dict(os.environ),
            on_line=lambda stream, text: lines.append((stream, text)),
            on_end=lambda code, last: ends.append((code, last)),
        )
        process.start(orders)
        await process.has_ended.wait()

    asyncio.run(main())
    (end,) = ends
    return lines, *end


def test_lines_of_both_streams_are_reported():
    program = "import sys; print('a'); print('b\\r'); print('e', file=sys.stderr)"
    lines, code, last = run_program(program)
    assert [text for stream, text in lines if stream == "stdout"] == ["a", "b"]
    assert ("stderr", "e") in lines
    assert (code, last) == (0, ("e",))


def test_last_line_without_an_end_is_reported():
    lines, _, _ = run_program("import sys; sys.stdout.write('x\\ny')")
    assert lines == [("stdout", "x"), ("stdout", "y")]


def test_invalid_bytes_are_replaced():
    lines, _, _ = run_program("import os; os.write(1, b'\\xff\\n')")
    assert lines == [("stdout", "\ufffd")]


def test_everything_printed_before_the_end_is_reported():
    lines, _, _ = run_program("import os; os.write(1, b'line\\n' * 10_000); os._exit(1)")
    assert len(lines) == 10_000


def test_number_of_last_lines_is_limited():
    program = "import sys\nfor n in range(100): print(n, file=sys.stderr)"
    _, _, last = run_program(program)
    assert last == tuple(str(number) for number in range(100 - LAST_LINES, 100))


@pytest.mark.parametrize(("ending", "code"), [("os._exit(3)", 3), ("os.kill(os.getpid(), 9)", -9)])
def test_return_code_is_reported(ending, code):
    assert run_program(f"import os; {ending}")[1] == code


def test_orders_reach_standard_input():
    lines, _, _ = run_program("print(input())", b"orders\n")
    assert lines == [("stdout", "orders")]


def test_process_that_ends_before_it_reads_its_orders_is_reported():
    assert run_program("import os; os._exit(4)", b"x" * 1_000_000)[1] == 4


def test_program_that_does_not_exist_is_an_error():
    async def main():
        process = WorkerProcess(
            ["/no/such/program"],
            directory="/",
            environment={},
            on_line=lambda *_: None,
            on_end=lambda *_: None,
        )
        with pytest.raises(FileNotFoundError):
            process.start(b"")

    asyncio.run(main())
