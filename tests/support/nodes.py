"""Nodes with SSH servers: namespaces of this machine, with their own networks and host names.

The scripts in `tests/infra` start and remove them. All nodes see the files of this machine.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import pytest

from tests.support.conditions import is_running, wait_until

INFRA = Path(__file__).resolve().parents[1] / "infra"
COUNT = 4
PROGRAMS = ("ip", "unshare", "sshd", "ssh-keygen")
PACKAGES = "openssh-server openssh-client iproute2"

_SLOTS = range(100, 250)
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


@dataclass(frozen=True, slots=True)
class Node:
    """A node.

    Attributes:
        name: Its host name.
        address: Its address, also as seen from the other nodes.
        folder: The folder with its files.
        cable: The network interface at this machine's end of its cable.
    """

    name: str
    address: str
    folder: Path
    cable: str

    @property
    def run(self) -> tuple[str, ...]:
        """The beginning of a command that runs another one there."""
        return ("nsenter", "-t", str(self._init().pid), "-n", "-u", "-i", "-p", "-m")

    def cut_power(self) -> None:
        """Let the node fail with all its processes, without closing any connection."""
        self.pull_cable()
        os.kill(self._unshare(), signal.SIGKILL)

    @property
    def is_off(self) -> bool:
        """Whether the node has no power."""
        return not is_running(self._unshare())

    def pull_cable(self) -> None:
        """Disconnect the node from the network, without closing any connection."""
        _run("ip", "link", "set", self.cable, "down")

    def plug_in(self) -> None:
        """Connect the node to the network again."""
        _run("ip", "link", "set", self.cable, "up")

    def processes(self, part_of_command: str = "") -> list[psutil.Process]:
        """Return the processes on the node, except its SSH server and the sessions of that.

        Args:
            part_of_command: A string that the command lines of the processes contain.
        """
        space = _pid_space(self._init().pid)
        return [
            process
            for process in psutil.process_iter()
            if space is not None
            and _pid_space(process.pid) == space
            and _is_of_a_user(process, part_of_command)
        ]

    def wait_for_process(self, part_of_command: str) -> psutil.Process:
        """Wait until a process with a string in its command line runs, and return it."""
        found: list[psutil.Process] = []

        def look() -> bool:
            found[:] = self.processes(part_of_command)
            return bool(found)

        wait_until(look)
        return found[0]

    def end_processes(self) -> list[str]:
        """Kill all processes on the node; return their command lines."""
        found = self.processes()
        lines = [_command_line(process) for process in found]
        for process in found:
            process.kill()
        return lines

    def end_ssh_sessions(self) -> None:
        """Kill the processes of the SSH server that serve connections."""
        for process in self._init().children():
            if process.name().startswith("sshd"):
                process.kill()

    def _unshare(self) -> int:
        return int((self.folder / "unshare.pid").read_text())

    def _init(self) -> psutil.Process:
        (init,) = psutil.Process(self._unshare()).children()
        return init


@dataclass(frozen=True, slots=True)
class Nodes:
    """Some nodes in one network.

    Attributes:
        nodes: The nodes.
        folder: The folder with the key of the user and the known hosts.
        slot: Distinguishes this network from those of other test processes.
    """

    nodes: tuple[Node, ...]
    folder: Path
    slot: int

    @property
    def head(self) -> str:
        """The address of this machine in the network of the nodes."""
        return f"10.77.{self.slot}.1"

    @property
    def key(self) -> Path:
        """The private key of the user."""
        return self.folder / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The file with the host keys."""
        return self.folder / "known_hosts"

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __getitem__(self, index: int) -> Node:
        return self.nodes[index]

    def new_key(self, folder: Path, *, options: str) -> Path:
        """Return a private key that the nodes accept with restrictions.

        Args:
            folder: Folder for the key.
            options: Options in the file of authorized keys, such as `no-port-forwarding`.
        """
        key = folder / "restricted_key"
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
        with (self.folder / "authorized_keys").open("a") as file:
            file.write(f"{options} {key.with_suffix('.pub').read_text()}")
        return key

    def repair(self) -> None:
        """Connect the cables of all nodes, and start those that have lost power."""
        for node in self.nodes:
            subprocess.run(["ip", "link", "set", node.cable, "up"], capture_output=True)
        _start(len(self.nodes), self.folder, self.slot)

    def write_ssh_config(self, home: Path) -> Path:
        """Write a user's SSH configuration, in which the nodes have their names.

        Args:
            home: The user's home directory.

        Returns:
            The configuration file.
        """
        folder = home / ".ssh"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(self.known_hosts, folder / "known_hosts")
        lines = [f"Host {node.name}\n  HostName {node.address}" for node in self.nodes]
        lines.append(f"Host *\n  User root\n  IdentityFile {self.key}\n")
        path = folder / "config"
        path.write_text("\n".join(lines))
        return path


@contextmanager
def running_nodes(count: int = COUNT) -> Iterator[Nodes]:
    """Start nodes, and remove them afterwards.

    Skips the test where that is not possible, or fails it in CI as root.
    """
    _require_programs()
    with _free_slot() as slot, tempfile.TemporaryDirectory(prefix="conjoin_nodes_") as name:
        folder = Path(name)
        _run(str(INFRA / "nodes_down.sh"), "", str(slot))
        try:
            _start(count, folder, slot)
            yield Nodes(
                tuple(
                    Node(
                        name=f"node{number}",
                        address=f"10.77.{slot}.{10 + number}",
                        folder=folder / f"node{number}",
                        cable=f"cj{slot}v{number}",
                    )
                    for number in range(1, count + 1)
                ),
                folder,
                slot,
            )
        finally:
            _run(str(INFRA / "nodes_down.sh"), str(folder), str(slot))


def _require_programs() -> None:
    missing = [name for name in PROGRAMS if not shutil.which(name, path=_PATH)]
    if os.geteuid() == 0 and not missing:
        return
    reason = (
        f"no {', '.join(missing)} on this machine: install {PACKAGES}"
        if missing
        else "needs root, to create namespaces"
    )
    if os.environ.get("CONJOIN_CI") == "1" and os.geteuid() == 0:
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def _free_slot() -> Iterator[int]:
    """Reserve a network that no other process uses, until the end of the context."""
    for slot in _SLOTS:
        with open(f"{tempfile.gettempdir()}/conjoin_nodes_{slot}.lock", "w") as file:
            if _is_locked(file):
                yield slot
                return
    pytest.fail("all networks for nodes are in use")


def _is_locked(file: IO[str]) -> bool:
    """Lock a file; return whether that succeeded."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _start(count: int, folder: Path, slot: int) -> None:
    _run(str(INFRA / "nodes_up.sh"), str(count), str(folder), str(slot))


def _run(*command: str) -> None:
    # its output goes to a file: the nodes inherit a pipe, and would keep it open
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command,
            env={**os.environ, "PATH": _PATH},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
        output.seek(0)
        assert done.returncode == 0, f"{command}: {output.read()}"


def _pid_space(pid: int) -> str | None:
    """Return the PID namespace of a process; None if the process has ended."""
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")  # noqa: PTH115 - not the path of a file
    except OSError:
        return None


def _is_of_a_user(process: psutil.Process, part_of_command: str) -> bool:
    try:
        return (
            process.status() != psutil.STATUS_ZOMBIE
            and not process.name().startswith("sshd")
            and part_of_command in _command_line(process)
        )
    except psutil.NoSuchProcess:
        return False


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
