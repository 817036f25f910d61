"""One agent, started on another machine over SSH."""

from __future__ import annotations

import contextlib
import shlex
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, final

import paramiko

from adapters.ssh_agents.hosts import SshHost
from adapters.wire.agent_orders import CONFIRMATION, encode_orders
from domain.errors import TransportError
from domain.running.agents import AgentOrders
from domain.running.process_end import Exited

AGENT_MODULE: Final = "entrypoints.agent"
ORPHANS_MODULE: Final = "entrypoints.orphans"
START_TIME: Final = 120.0
"""Seconds for an agent to start. Python starts slowly on a busy file server."""

STATUS_TIME: Final = 10.0
"""Seconds between the end of a command's output and its exit status."""

ORPHANS_TIME: Final = 60.0
"""Seconds to kill what an agent has left."""

MAX_OUTPUT: Final = 4000
CHUNK: Final = 32768
KILLED: Final = -1
"""paramiko's exit status of a command that was ended by a signal or a lost connection."""

NOT_FOUND: Final = (126, 127)
"""Exit codes of a shell that cannot execute a program."""

ERRORS: Final = (paramiko.SSHException, OSError, EOFError)


def agent_command(host: SshHost) -> str:
    """Return the shell command that starts an agent on a host."""
    return module_command(host, AGENT_MODULE)


def module_command(host: SshHost, module: str) -> str:
    """Return the shell command that runs a module of Conjoin on a host."""
    # Python finds modules in its working directory first, and the user's home may have any
    return f"cd / && exec {quoted_path(host.python)} -m {module}"


def quoted_path(path: str) -> str:
    """Quote a path for a shell that may expand a leading `~/`, the user's home directory."""
    if path.startswith("~/"):
        return f"~/{shlex.quote(path[2:])}"
    return shlex.quote(path)


@final
class RemoteAgent:
    """Starts an agent, and watches it until it ends.

    The agent's standard input is open as long as the connection lives. If this process or the
    connection dies, the agent ends its programs and itself.

    Args:
        host: Where it runs.
        client: A connection to the host, which this object closes.
        on_lost: Called with the name of the node and a reason if the agent ends although it was
            not asked to.
    """

    def __init__(
        self,
        host: SshHost,
        client: paramiko.SSHClient,
        *,
        on_lost: Callable[[str, str], None],
    ) -> None:
        self._host = host
        self._client = client
        self._on_lost = on_lost
        self._command = agent_command(host)
        self._channel: paramiko.Channel | None = None
        self._output = bytearray()
        self._file: IO[bytes] | None = None
        self._secret: str | None = None
        self._is_ready = False
        self._end: str | None = None
        self._is_closing = False
        self._changed = threading.Condition()
        self._watcher: threading.Thread | None = None

    @property
    def node(self) -> str:
        """Name of its node."""
        return self._host.name

    def start(self, orders: AgentOrders) -> None:
        """Start the agent, and wait until it has confirmed its orders.

        Raises:
            TransportError: If it does not start; the message has the command and its output.
        """
        self._file = _open_output(orders.log_directory, self._host.name)
        try:
            channel = self._open_channel()
        except ERRORS as error:
            raise self._failure(f"was refused: {str(error) or type(error).__name__}") from error
        self._channel = channel
        self._secret = orders.secret
        # if the command fails at once, its output and its exit code are the better explanation
        with contextlib.suppress(*ERRORS):
            channel.sendall(encode_orders(orders))
        self._watcher = threading.Thread(
            target=self._watch,
            args=(channel,),
            name=f"conjoin-ssh-{self._host.name}",
            daemon=True,
        )
        self._watcher.start()
        self._wait_until_ready()

    def ask_to_end(self) -> None:
        """Close the agent's standard input, so that it ends its programs and itself."""
        self._is_closing = True
        if self._channel is not None:
            with contextlib.suppress(*ERRORS):
                self._channel.shutdown_write()

    def close(self, *, timeout: float) -> None:
        """Wait until the agent has ended, and close its connection in any case.

        Args:
            timeout: Seconds to wait.
        """
        self._is_closing = True
        if self._watcher is not None:
            self._watcher.join(timeout)
        self._client.close()
        if self._watcher is not None:
            self._watcher.join()
        if self._file is not None:
            self._file.close()

    def _open_channel(self) -> paramiko.Channel:
        transport = self._client.get_transport()
        assert transport is not None
        channel = transport.open_session(timeout=START_TIME)
        channel.set_combine_stderr(True)
        channel.exec_command(self._command)
        return channel

    def _wait_until_ready(self) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_ready or self._end is not None, timeout=START_TIME
            )
            if self._is_ready:
                return
            end = self._end or f"did not start within {START_TIME:g} seconds"
            self._is_closing = True
        raise self._failure(end)

    def _watch(self, channel: paramiko.Channel) -> None:
        with contextlib.suppress(*ERRORS):
            while data := channel.recv(CHUNK):
                self._note_output(data)
        end = self._describe_end(channel)
        channel.close()
        with self._changed:
            self._end = end
            is_lost = self._is_ready and not self._is_closing
            self._changed.notify_all()
        if is_lost:
            self._on_lost(self._host.name, self._describe(end))
        # an agent that exits by itself has ended everything before
        if self._is_ready and channel.exit_status == KILLED:
            self._kill_orphans()

    def _kill_orphans(self) -> None:
        """Kill what the agent has left, if it and its watchdog were killed."""
        transport = self._client.get_transport()
        if self._secret is None or transport is None or not transport.is_active():
            return
        with contextlib.suppress(*ERRORS):
            channel = transport.open_session(timeout=ORPHANS_TIME)
            channel.settimeout(ORPHANS_TIME)
            channel.exec_command(module_command(self._host, ORPHANS_MODULE))
            channel.sendall(f"{self._secret}\n".encode())
            channel.shutdown_write()
            while channel.recv(CHUNK):
                pass
            channel.close()

    def _note_output(self, data: bytes) -> None:
        if self._file is not None:
            self._file.write(data)
            self._file.flush()
        with self._changed:
            self._output += data
            if not self._is_ready and CONFIRMATION.encode() in self._output.splitlines():
                self._is_ready = True
                self._changed.notify_all()
            del self._output[:-MAX_OUTPUT]

    def _describe_end(self, channel: paramiko.Channel) -> str:
        channel.status_event.wait(STATUS_TIME)
        transport = channel.get_transport()
        if channel.exit_status != KILLED:
            return str(Exited(channel.exit_status))
        if transport.is_active():
            return "was killed"
        error = transport.get_exception()
        return "lost its SSH connection" + (f": {error}" if error else "")

    def _failure(self, end: str) -> TransportError:
        return TransportError(self._describe(end) + self._advice())

    def _describe(self, end: str) -> str:
        return f"its agent ({self._command}) {end}; it printed: {self._printed() or 'nothing'}"

    def _printed(self) -> str:
        with self._changed:
            lines = self._output.decode(errors="replace").splitlines()
        return "\n".join(line for line in lines if line != CONFIRMATION).strip()

    def _advice(self) -> str:
        channel = self._channel
        if channel is not None and channel.exit_status in NOT_FOUND:
            return (
                "\nThis host has no such interpreter: set 'python' in a hosts file to the path of"
                " one that has Conjoin."
            )
        if "No module named" in self._printed():
            return "\nInstall Conjoin there for this interpreter, in the version of the manager."
        return ""


def _open_output(directory: Path | None, node: str) -> IO[bytes] | None:
    if directory is None:
        return None
    return open(directory / f"agent_launch_{node}.out", "wb")
