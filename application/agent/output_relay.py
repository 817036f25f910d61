"""Sends the output of programs to a manager that does not see the files of this node."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from application.interfaces.agent_line import AgentLine
from domain.errors import CouplingError
from domain.running.agents import StartCommand
from domain.running.outputs import OutputPiece
from domain.running.process_end import ProcessResult

INTERVAL: Final = 0.5
"""Seconds between two looks at the output of programs that run."""

PIECE: Final = 65536
"""Largest number of bytes in a piece."""

PIECES_AT_ONCE: Final = 16
"""Number of pieces of a stream that are sent before it is the turn of the others."""

LIMIT: Final = 2**28
"""Largest number of bytes of a stream that are sent. The rest stays on the node."""


@dataclass(slots=True)
class _Stream:
    """Standard output or standard error of a process.

    Attributes:
        process: Name of the process.
        path: The file on this node.
        is_error: Whether it is standard error.
        offset: Number of bytes that have been sent.
        is_cut: Whether the limit was reached.
    """

    process: str
    path: Path
    is_error: bool
    offset: int = 0
    is_cut: bool = False


@final
class OutputRelay:
    """Reads what programs write to their files, and sends it piece by piece.

    A piece is read when the manager has stored the one before, so a slow manager costs no memory.
    The end of a program is reported after its output.

    `add` and `report` are called on one thread, and `run` on another.

    Args:
        line: The connection to the manager.
        read: Returns the content of a file from an offset on, up to a number of bytes.
        wake: Makes the wait of `run` return. Thread-safe.
        limit: Largest number of bytes of a stream that are sent.
    """

    def __init__(
        self,
        line: AgentLine,
        *,
        read: Callable[[Path, int, int], bytes],
        wake: Callable[[], None],
        limit: int = LIMIT,
    ) -> None:
        self._line = line
        self._read = read
        self._wake = wake
        self._limit = limit
        self._names: set[str] = set()
        self._inbox: deque[StartCommand | ProcessResult] = deque()
        self._streams: dict[str, tuple[_Stream, ...]] = {}

    def add(self, command: StartCommand) -> None:
        """Send the output of a process that was started, if the manager does not see its files."""
        if command.files is None:
            return
        self._names.add(command.name)
        self._inbox.append(command)
        self._wake()

    def report(self, results: Sequence[ProcessResult]) -> None:
        """Report how processes ended, each after its output."""
        others = [result for result in results if result.name not in self._names]
        if others:
            self._line.report_results(others)
        for result in results:
            if result.name in self._names:
                self._names.discard(result.name)
                self._inbox.append(result)
        self._wake()

    def run(self, wait: Callable[[float | None], bool]) -> None:
        """Send output until the agent ends, or the manager is gone.

        Args:
            wait: Waits for a number of seconds, or without a limit, but not longer than until
                `wake` is called; returns whether the agent ends.
        """
        try:
            is_over = False
            while not is_over:
                is_over = wait(INTERVAL if self._streams or self._inbox else None)
                self._send_all()
        except CouplingError:
            # the session for commands detects this too, and ends the agent
            return

    def _send_all(self) -> None:
        """Send what has been written, and report the processes that have ended."""
        ended: list[ProcessResult] = []
        while self._inbox:
            item = self._inbox.popleft()
            if isinstance(item, ProcessResult):
                ended.append(item)
            else:
                self._streams[item.name] = _streams_of(item)
        for streams in self._streams.values():
            for stream in streams:
                self._send(stream, pieces=PIECES_AT_ONCE)
        for result in ended:
            for stream in self._streams.pop(result.name, ()):
                self._send(stream, pieces=None)
            self._line.report_results([result])

    def _send(self, stream: _Stream, *, pieces: int | None) -> None:
        """Send pieces of a stream: at most a number of them, or all that there are."""
        sent = 0
        while pieces is None or sent < pieces:
            size = min(PIECE, self._limit - stream.offset)
            data = b"" if stream.is_cut else self._read(stream.path, stream.offset, max(1, size))
            if not data:
                return
            if size <= 0:
                stream.is_cut = True
                data = f"\n[The rest is in {stream.path} on its node.]\n".encode()
            piece = OutputPiece(stream.process, stream.is_error, stream.offset, data)
            self._line.report_output(piece)
            stream.offset += len(data)
            sent += 1


def _streams_of(command: StartCommand) -> tuple[_Stream, ...]:
    output = _Stream(command.name, command.stdout, is_error=False)
    if command.stderr == command.stdout:
        return (output,)
    return (output, _Stream(command.name, command.stderr, is_error=True))
