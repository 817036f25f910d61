"""Dask and Ray, installed on demand in an environment beside those with MUSCLE3."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache

from tests.support.muscle3 import locked, peers_folder

REQUIREMENTS = ("distributed==2026.8.*", "ray==2.60.*", "numpy>=2")


@cache
def engines_python() -> str:
    """Return the interpreter of an environment with Dask and Ray."""
    name = f"engines-py{sys.version_info[0]}.{sys.version_info[1]}"
    folder = peers_folder() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    python = str(folder / "bin" / "python")
    with locked(folder.parent / f"{name}.lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            install = [python, "-m", "pip", "install", "--quiet", *REQUIREMENTS]
            subprocess.run(install, check=True)
            (folder / "complete").touch()
    return python
