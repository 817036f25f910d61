"""A process of the engine, as the head sees it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Final

OnLine = Callable[[str, str], None]
OnEnd = Callable[[int, Sequence[str]], None]

STDOUT: Final = "stdout"
STDERR: Final = "stderr"
LAST_LINES: Final = 50
MAX_LINE: Final = 65536
MAX_LAST_READS: Final = 256


class LineReader:
    """Splits what a process writes to a pipe into lines.

    Args:
        pipe: The end of the pipe to read.
        on_line: Called with each line, without its end.
    """

    def __init__(self, pipe: IO[bytes], on_line: Callable[[str], None]) -> None:
        self._pipe = pipe
        self._on_line = on_line
        self._rest = b""

    def open(self) -> None:
        """Start to read, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        os.set_blocking(self._pipe.fileno(), False)
        self._loop.add_reader(self._pipe.fileno(), self.read)

    def read(self) -> bool:
        """Read what is there; return whether anything was."""
        if self._pipe.closed:
            return False
        try:
            data = os.read(self._pipe.fileno(), 65536)
        except BlockingIOError:
            return False
        if not data:
            self.close()
            return False
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._on_line(line.decode("utf-8", "replace").removesuffix("\r"))
        return True

    def close(self) -> None:
        """Stop reading, and pass on the last line if it has no end."""
        if not self._pipe.closed:
            self._loop.remove_reader(self._pipe.fileno())
            self._pipe.close()
        rest, self._rest = self._rest, b""
        if rest:
            self._on_line(rest.decode("utf-8", "replace"))


class WorkerProcess:
    """Starts a process, reads what it prints, and detects its end at once.

    Args:
        command: The command.
        directory: Its working directory.
        environment: Its environment.
        on_line: Called with the stream and each line that it prints.
        on_end: Called once, with its return code and the last lines of its standard error.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        directory: str,
        environment: Mapping[str, str],
        on_line: OnLine,
        on_end: OnEnd,
    ) -> None:
        self._command = command
        self._directory = directory
        self._environment = environment
        self._on_line = on_line
        self._on_end = on_end
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._readers: list[LineReader] = []
        self._inner: int | None = None
        self.has_ended = asyncio.Event()

    def start(self, orders: bytes) -> None:
        """Start the process.

        Args:
            orders: Written to its standard input, which then stays open until it ends.

        Raises:
            OSError: If it cannot be started.
        """
        self._loop = asyncio.get_running_loop()
        self._process = subprocess.Popen(
            self._command,
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        # if it has died already, its end is reported anyway
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(orders)
            self._process.stdin.flush()
        self._pidfd = os.pidfd_open(self._process.pid)
        self._loop.add_reader(self._pidfd, self._note_end)
        for name, pipe in ((STDOUT, self._process.stdout), (STDERR, self._process.stderr)):
            assert pipe is not None
            reader = LineReader(pipe, self._line_listener(name))
            reader.open()
            self._readers.append(reader)

    def identify(self, pid: int) -> None:
        """Set the process that runs the tasks, below the one that was started.

        Raises:
            ProcessLookupError: If it has ended.
        """
        self._inner = os.pidfd_open(pid)
        self._loop.add_reader(self._inner, self._note_inner_end)

    def kill(self) -> bool:
        """Send SIGKILL to the process that runs the tasks; return whether it is known."""
        if self._inner is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._inner, signal.SIGKILL)
        self._continue_outer()
        return True

    def kill_outer(self) -> None:
        """Send SIGKILL to the process that was started."""
        if not self.has_ended.is_set():
            self._process.kill()

    def _note_inner_end(self) -> None:
        assert self._inner is not None
        self._loop.remove_reader(self._inner)
        self._continue_outer()

    def _continue_outer(self) -> None:
        # a suspended watchdog would not end
        if not self.has_ended.is_set():
            self._process.send_signal(signal.SIGCONT)

    def _line_listener(self, stream: str) -> Callable[[str], None]:
        def pass_on(text: str) -> None:
            if stream == STDERR:
                self._last_lines.append(text)
            self._on_line(stream, text)

        return pass_on

    def _note_end(self) -> None:
        code = self._process.poll()
        if code is None:
            return
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        if self._inner is not None:
            self._loop.remove_reader(self._inner)
            os.close(self._inner)
            self._inner = None
        for reader in self._readers:
            # limited, because a descendant of a killed watchdog may go on printing
            any(not reader.read() for _ in range(MAX_LAST_READS))
            reader.close()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self.has_ended.set()
        self._on_end(code, tuple(self._last_lines))
