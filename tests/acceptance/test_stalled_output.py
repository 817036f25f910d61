"""A run completes although its terminal is paused, or the disk with its log does not respond."""

import fcntl
import os
import select
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.conditions import PATIENCE, wait_until
from tests.support.workspace import MANAGER, Workspace

PIPE_SIZE = 4096


@contextmanager
def full_pipe(folder: Path) -> Iterator[tuple[Path, int]]:
    """Make a named pipe that accepts nothing, like a terminal after Ctrl-S."""
    path = folder / "pipe"
    os.mkfifo(path)
    pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, b"\n" * PIPE_SIZE)
    try:
        yield path, pipe
    finally:
        os.close(pipe)


def test_run_completes_while_its_terminal_is_paused(workspace: Workspace, tmp_path: Path):
    log = workspace.run_dir / "muscle3_manager.log"
    with (
        full_pipe(tmp_path) as (path, pipe),
        path.open("w") as stdout,
        subprocess.Popen(
            [*MANAGER, "--start-all", "--run-dir", "run", "model.ymmsl"],
            cwd=workspace.folder,
            stdout=stdout,
        ) as process,
    ):
        wait_until(
            lambda: log.exists() and "The simulation finished without error" in log.read_text()
        )
        assert process.poll() is None  # it has yet to print the outcome
        drain = threading.Thread(target=lambda: read_until_closed(pipe, process))
        drain.start()
        assert process.wait(PATIENCE) == 0
        drain.join()


@pytest.mark.slow
@pytest.mark.parametrize(
    "log", ["muscle3_manager.log", f"logs/muscle3_agent_{socket.gethostname()}.log"]
)
def test_run_completes_although_its_log_cannot_be_written(workspace: Workspace, log: str):
    file = workspace.run_dir / log
    file.parent.mkdir(exist_ok=True)
    with full_pipe(workspace.run_dir) as (path, _):
        path.rename(file)
        outcome = workspace.start_all()
        assert list(workspace.run_dir.rglob(file.name)) == [file]
        assert file.is_fifo()
    assert outcome.exit_code == 0, outcome.text
    assert "Simulation completed successfully." in outcome.stdout
    assert not outcome.left_behind


def read_until_closed(pipe: int, process: "subprocess.Popen[bytes]") -> None:
    """Read from a pipe until a process has ended."""
    while process.poll() is None:
        if select.select([pipe], [], [], 0.1)[0]:
            os.read(pipe, PIPE_SIZE)
