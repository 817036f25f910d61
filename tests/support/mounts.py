"""Full or read-only file systems, mounted for a test."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")


@contextmanager
def small_disk(path: Path, *, size: str) -> Iterator[Path]:
    """Mount a small empty disk, which fills up quickly."""
    path.mkdir(parents=True, exist_ok=True)
    with _mounted(path, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        yield path


@contextmanager
def read_only(path: Path) -> Iterator[Path]:
    """Make a directory read-only, even for root."""
    path.mkdir(parents=True, exist_ok=True)
    with _mounted(path, "--bind", str(path)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(path)], check=True)
        yield path


@contextmanager
def _mounted(path: Path, *arguments: str) -> Iterator[None]:
    done = subprocess.run(["mount", *arguments, str(path)], capture_output=True, text=True)
    if done.returncode:
        if os.environ.get("CONJOIN_CI") == "1" and "permission" not in done.stderr:
            pytest.fail(done.stderr)
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True)
