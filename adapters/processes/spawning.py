"""Starts processes in new sessions, which the kernel kills when their parent dies, if requested.

Code of ours can run between fork and exec only in a copy of this whole process, and to make that
copy takes milliseconds. Without such code, Python uses vfork, which is much faster. So, where
possible, `setpriv` from util-linux makes the request to the kernel, and then becomes the program.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from adapters.processes.delivered_files import create_files
from adapters.processes.parent_death import killer_on_parent_death
from domain.running.agents import StartCommand

_ELF: Final = b"\x7fELF"
_SCRIPT: Final = b"#!"
_HEAD: Final = 256
"""Number of bytes at the start of a program that show what it is."""

_MACHINE: Final = slice(18, 20)
"""Bytes of an ELF file that state the kind of processor for which it was built."""


class ProcessSpawner:
    """Starts processes.

    Args:
        enter_group: Moves the calling process into a control group; None if there is no group.
        end_with_us: Whether the kernel kills the processes if the calling thread ends.
    """

    def __init__(self, *, enter_group: Callable[[], None] | None, end_with_us: bool) -> None:
        killer = killer_on_parent_death() if end_with_us else None
        self._in_child = _sequence(enter_group, killer)
        self._is_only_killer = enter_group is None and killer is not None

    def spawn(self, command: StartCommand) -> subprocess.Popen[bytes]:
        """Start a process.

        Raises:
            OSError: If it cannot be started; the message says why.
        """
        env = {**os.environ, **command.env} if command.extend_env else dict(command.env)
        create_files(command)
        prefix = self._prefix(command.args)
        with contextlib.ExitStack() as stack:
            stdout = stack.enter_context(open(command.stdout, "wb"))
            is_same = command.stderr == command.stdout
            stderr = stdout if is_same else stack.enter_context(open(command.stderr, "wb"))
            try:
                return subprocess.Popen(
                    [*prefix, *command.args],
                    cwd=command.work_dir,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                    preexec_fn=None if prefix else self._in_child,
                )
            except (ValueError, subprocess.SubprocessError) as error:
                raise OSError(str(error)) from error

    def _prefix(self, args: Sequence[str]) -> Sequence[str]:
        """Return the words that replace the code between fork and exec; empty if none can."""
        if self._is_only_killer and args and is_startable(args[0]):
            return _setpriv()
        return ()


def is_startable(program: str) -> bool:
    """Return whether a program certainly exists and has a known form.

    Otherwise, starting it directly shows why it cannot be started.

    Args:
        program: An absolute path; others are not looked for.
    """
    head = _head(program)
    if head.startswith(_SCRIPT):
        interpreter = os.fsdecode(head[len(_SCRIPT) :].partition(b"\n")[0]).split()[:1]
        return bool(interpreter) and _is_elf(_head(interpreter[0]))
    return _is_elf(head)


def _is_elf(head: bytes) -> bool:
    return head.startswith(_ELF) and head[_MACHINE] == _head(sys.executable)[_MACHINE]


def _head(program: str) -> bytes:
    """Return the first bytes of an executable file; none for others."""
    if not program.startswith("/") or not os.access(program, os.X_OK):
        return b""
    try:
        with open(program, "rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""


@cache
def _setpriv() -> Sequence[str]:
    """Return the words that make the kernel kill a program with its parent; empty without them."""
    path = shutil.which("setpriv")
    if path is None:
        return ()
    words = (path, "--pdeathsig", "KILL")
    try:
        done = subprocess.run([*words, sys.executable, "-S", "-E", "-c", ""], capture_output=True)
    except OSError:
        return ()
    return words if done.returncode == 0 else ()


def _sequence(*actions: Callable[[], None] | None) -> Callable[[], None] | None:
    """Return a function that carries out actions one after the other; None if there are none."""
    given = [action for action in actions if action is not None]

    def carry_out() -> None:
        for action in given:
            action()

    return carry_out if given else None
