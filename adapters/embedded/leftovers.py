"""Removes the files of a run whose head was killed. The watchdogs of workers use this module."""

from __future__ import annotations

import os


def remove_sockets() -> None:
    """Remove the directory of the sockets of this process's run."""
    import shutil  # is large, and seldom needed

    directory = os.environ.get("CONJOIN_RUNTIME")
    if directory:
        shutil.rmtree(directory, ignore_errors=True)
