"""A control group (version 2) for the programs of a run, where the user may create one.

The kernel kills all processes of a control group in one step, even if they fork faster than they
can be found and killed one by one.

The watchdog uses this module, so it imports little.
"""

from __future__ import annotations

import contextlib
import os

DELEGATION_MARKS = ("user.delegate", "trusted.delegate")
"""Extended attributes by which systemd marks a group whose subgroups it leaves to its user."""


class RunGroup:
    """A subgroup of this process's control group.

    Args:
        path: Its directory.
        entrance: Descriptor of its file `cgroup.procs`.
    """

    def __init__(self, path: str, entrance: int) -> None:
        self.path = path
        self._entrance = entrance

    def enter(self) -> None:
        """Move the calling process to the group. May be called between fork and exec."""
        with contextlib.suppress(OSError):
            os.write(self._entrance, b"0")

    def kill(self) -> None:
        """Send SIGKILL to all processes in the group."""
        with contextlib.suppress(OSError), open(f"{self.path}/cgroup.kill", "w") as file:
            file.write("1")

    def remove(self) -> None:
        """Remove the group, if no process is left in it."""
        with contextlib.suppress(OSError):
            os.rmdir(self.path)  # noqa: PTH106 - pathlib is large


def create_run_group(*, proc: str = "/proc", name: str | None = None) -> RunGroup | None:
    """Create a group, if the control group of this process is delegated to its user.

    Args:
        proc: Mount point of procfs.
        name: Name of the group; by default one with the process ID.

    Returns:
        The group; None if none could be created.
    """
    parent = _own_directory(proc)
    if parent is None or not _is_delegated(parent):
        return None
    path = f"{parent}/{name or f'conjoin-{os.getpid()}'}"
    try:
        os.mkdir(path)  # noqa: PTH102
    except OSError:
        return None
    with contextlib.suppress(OSError):
        if os.access(f"{path}/cgroup.kill", os.W_OK):
            return RunGroup(path, os.open(f"{path}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC))
    os.rmdir(path)  # noqa: PTH106
    return None


def _own_directory(proc: str) -> str | None:
    """Return the directory of this process's control group; None if it is not visible."""
    try:
        with open(f"{proc}/self/cgroup") as file:
            lines = file.read().splitlines()
        with open(f"{proc}/self/mountinfo") as file:
            mounts = file.read().splitlines()
    except OSError:
        return None
    own = next((line[3:] for line in lines if line.startswith("0::")), None)
    for line in mounts:
        fields, _, kind = line.partition(" - ")
        if own is not None and kind.startswith("cgroup2 "):
            root, mount = fields.split()[3:5]
            if own == root or own.startswith(root.rstrip("/") + "/"):
                return (mount + "/" + own[len(root) :].lstrip("/")).rstrip("/")
    return None


def _is_delegated(directory: str) -> bool:
    for mark in DELEGATION_MARKS:
        with contextlib.suppress(OSError):
            if os.getxattr(directory, mark) == b"1":
                return os.access(f"{directory}/cgroup.procs", os.W_OK)
    try:
        owner = os.stat(directory).st_uid  # noqa: PTH116
    except OSError:
        return False
    # root may write everywhere, also where systemd does not expect subgroups
    return owner == os.geteuid() != 0 and os.access(f"{directory}/cgroup.procs", os.W_OK)
