"""Follows what the command that has started the agents prints."""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Final, final

SETTLE_TIME: Final = 0.3
"""Seconds without output after which a message about a lost agent is complete.

The reason, such as a missing interpreter, may be printed just after the message itself.
"""

MAX_LINES: Final = 50
SIZE: Final = 65536


@dataclass(frozen=True, slots=True)
class Loss:
    """An agent that was lost.

    Attributes:
        node: Name of its node.
        line: The line that says so.
    """

    node: str
    line: str


@final
class OutputWatch:
    """Copies output to a file, and finds messages about lost agents in it.

    Args:
        stream: The output.
        copy: The file to copy it to.
        losses: Returns the names of the nodes whose agents are lost, according to a line.
    """

    def __init__(
        self, stream: IO[bytes], copy: IO[bytes], *, losses: Callable[[str], Iterable[str]]
    ) -> None:
        self._stream = stream
        self._copy = copy
        self._losses = losses
        self._lines: deque[str] = deque(maxlen=MAX_LINES)

    @property
    def printed(self) -> str:
        """The last lines; `nothing` if there are none."""
        return "\n".join(self._lines).strip() or "nothing"

    def follow(self) -> Iterator[list[Loss]]:
        """Yield lost agents, until the output ends. The reason is in `printed` by then."""
        poller = select.poll()
        poller.register(self._stream, select.POLLIN)
        lost: list[Loss] = []
        rest = b""
        while True:
            if not poller.poll(1000 * SETTLE_TIME if lost else None):
                yield lost
                lost = []
                continue
            data = os.read(self._stream.fileno(), SIZE)
            if not data:
                break
            self._copy.write(data)
            self._copy.flush()
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                lost += self._note(line)
        lost += self._note(rest)
        if lost:
            yield lost

    def _note(self, data: bytes) -> list[Loss]:
        line = data.decode(errors="replace").rstrip()
        if line:
            self._lines.append(line)
        return [Loss(node, line) for node in self._losses(line)]
