"""Runs programs that use the task runtime, and finds what they leave behind."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).resolve().parents[2]
MARK = "CONJOIN_TEST_PROGRAM"
GUARD = 120.0
PATIENCE = 20.0

INLINE = """
import functools, runpy, sys
import entrypoints.runtime as runtime
runtime.run = functools.partial(runtime.run, engine="inline")
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass(frozen=True)
class Ended:
    """A program that has ended.

    Attributes:
        code: Its exit code.
        output: What it printed.
        errors: What it wrote to standard error.
        files: What it left in the directory for temporary files, or for sockets.
        processes: The processes that it left.
    """

    code: int
    output: str
    errors: str
    files: list[str]
    processes: list[str]


def run_program(path: Path, places: Path, *, engine: str = "embedded") -> Ended:
    """Run a program to its end.

    Args:
        path: The program.
        places: An empty directory for its temporary files and sockets.
        engine: `embedded`, or `inline`.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "TMPDIR": str(places),
        "XDG_RUNTIME_DIR": str(places),
        MARK: str(places),
    }
    command = [sys.executable, str(path)]
    if engine == "inline":
        command = [sys.executable, "-c", INLINE, str(path)]
    done = subprocess.run(
        command,
        env=environment,
        cwd=places,
        capture_output=True,
        text=True,
        timeout=GUARD,
        check=False,
    )
    return Ended(
        done.returncode,
        done.stdout,
        done.stderr,
        sorted(str(item.relative_to(places)) for item in places.rglob("*")),
        marked_processes(places),
    )


def marked_processes(places: Path) -> list[str]:
    """Return the processes of a program that do not end by themselves."""
    deadline = time.monotonic() + PATIENCE
    while True:
        # The watchdogs of workers end after them.
        left = [str(process) for process in psutil.process_iter() if _has_mark(process, places)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)


def _has_mark(process: psutil.Process, places: Path) -> bool:
    try:
        return process.environ().get(MARK) == str(places)
    except psutil.Error:
        return False
