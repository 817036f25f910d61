"""Programs that do not belong to a run, and that try to take part in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

import pytest

NOBODY = 65534

_PROGRAM = """
import socket, sys
family, address, *requests = sys.argv[1:]
if family == "unix":
    sock = socket.socket(socket.AF_UNIX)
    target = b"\\0" + address.encode()
else:
    sock = socket.socket()
    host, _, port = address.rpartition(":")
    target = (host, int(port))
sock.settimeout(60)

def receive(count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data

try:
    sock.connect(target)
    sock.sendall(bytes(8))
    receive(8)
    for number, request in enumerate(map(bytes.fromhex, requests), 1):
        sock.sendall(number.to_bytes(8, "little") + len(request).to_bytes(8, "little") + request)
        print(receive(int.from_bytes(receive(8), "little")).hex())
except ConnectionError:
    print("refused")
"""


def require_another_user() -> None:
    """Skip the test if no program can be run as another user; in CI, fail it."""
    if os.geteuid() == 0 and shutil.which("setpriv"):
        return
    reason = "needs root and setpriv, to run a program as another user"
    if os.environ.get("CONJOIN_CI") == "1" and os.geteuid() == 0:
        pytest.fail(reason)
    pytest.skip(reason)


def ask(
    address: str,
    requests: Sequence[bytes],
    *,
    family: str = "tcp",
    as_nobody: bool = False,
    environment: "dict[str, str] | None" = None,
) -> list["bytes | None"]:
    """Make requests from a process of its own, without a proof.

    Args:
        address: Host and port, or the name of an abstract Unix socket.
        requests: The requests; without any, only a session is opened.
        family: Either "tcp" or "unix".
        as_nobody: Whether the process belongs to another user.
        environment: Variables to add to its environment.

    Returns:
        The responses; None is the last if the connection was closed instead.
    """
    command = [sys.executable, "-c", _PROGRAM, family, address, *(item.hex() for item in requests)]
    if as_nobody:
        command[0] = "/usr/bin/python3"  # one that every user may execute
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        command = [*user, *command]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, done.stderr
    return [None if line == "refused" else bytes.fromhex(line) for line in done.stdout.split()]
