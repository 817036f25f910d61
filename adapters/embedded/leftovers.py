"""Removes the files of a run whose head was killed. The watchdogs of workers use this module."""

from __future__ import annotations

import os


def remove_run_files() -> None:
    """Remove the sockets and spill files of this process's run."""
    import shutil  # is large, and seldom needed

    for variable in ("CONJOIN_RUNTIME", "CONJOIN_RUNTIME_SPILL"):
        directory = os.environ.get(variable)
        if directory:
            shutil.rmtree(directory, ignore_errors=True)
