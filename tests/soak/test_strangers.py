"""Another user of the machine attacks all ports of a run, which completes nevertheless."""

import subprocess
from pathlib import Path

import psutil
import pytest

from adapters.wire import mmp
from domain.coupling.messages import LogRecord
from tests.support.conditions import wait_until
from tests.support.strangers import NOBODY, require_another_user
from tests.support.workspace import MANAGER, RunningProgram, Workspace

FORGED = "forged by the stranger"
MUTE_CLIENTS = 300

_REQUESTS = (
    mmp.register_instance.encode("micro", ["tcp:127.0.0.1:1"], (), "0.11.0"),
    mmp.submit_log_message.encode(LogRecord("macro", 0.0, 50, f"\x1b[2J{FORGED}")),
    mmp.report_failed.encode("macro", f"\x1b[2J{FORGED}", None),
    mmp.deregister_instance.encode("macro"),
    b"\xdd\xff\xff\xff\xff",
)

_ATTACK = """\
import os, socket, sys
ports = [int(port) for port in sys.argv[2].split(",")]
requests = [bytes.fromhex(text) for text in sys.argv[3:]]
mute = []
for port in ports:
    for number in range(int(sys.argv[1])):
        sock = socket.create_connection(("127.0.0.1", port))
        try:
            sock.send(os.urandom(number % 8))  # at most half of a greeting
        except OSError:
            pass
        mute.append(sock)
    for request in requests:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            head = (1).to_bytes(8, "little") + len(request).to_bytes(8, "little")
            try:
                sock.sendall(bytes(8) + head + request)
                sock.settimeout(60)
                while sock.recv(4096):
                    pass
            except ConnectionError:
                pass
print("attacked", flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
def test_run_completes_while_another_user_attacks_all_its_ports(workspace: Workspace):
    require_another_user()
    let_micro_register_when_allowed(workspace)
    with workspace.running(*MANAGER, "--start-all", "--run-dir", "run", "model.ymmsl") as program:
        wait_until((workspace.folder / "micro_starts").exists)
        wait_until(lambda: bool(ports_of(program.wait_for_process("macro.py"))))
        with subprocess.Popen(
            attack(program), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/"
        ) as stranger:
            assert stranger.stdout is not None
            assert stranger.stdout.readline() == b"attacked\n"
            # the mute clients are still connected
            (workspace.folder / "may_register").touch()
            outcome = program.finish()
            stranger.communicate()
    assert outcome.exit_code == 0, outcome.text
    assert not outcome.left_behind
    written = outcome.text + log_of(workspace.run_dir)
    assert FORGED not in written
    assert "\x1b" not in written


def let_micro_register_when_allowed(workspace: Workspace) -> None:
    code = """\
import time
from pathlib import Path
folder = Path(__file__).parent
(folder / "micro_starts").touch()
while not (folder / "may_register").exists():
    time.sleep(0.01)
"""
    workspace.change("micro.py", "instance = ", f"{code}instance = ")


def attack(program: RunningProgram) -> list[str]:
    """Return the command of a stranger that attacks the manager and the macro model."""
    processes = [psutil.Process(program.process.pid), program.wait_for_process("macro.py")]
    ports = ",".join(str(port) for process in processes for port in ports_of(process))
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    python = ["/usr/bin/python3", "-c", _ATTACK]  # one that every user may execute
    return [*user, *python, str(MUTE_CLIENTS), ports, *(item.hex() for item in _REQUESTS)]


def ports_of(process: psutil.Process) -> list[int]:
    """Return the TCP ports on which a process listens."""
    connections = process.net_connections("tcp4")
    return [item.laddr.port for item in connections if item.status == psutil.CONN_LISTEN]


def log_of(run_dir: Path) -> str:
    return (run_dir / "muscle3_manager.log").read_text()
