"""Packages that a few tests need, and that would affect the other tests.

They are installed on demand, into folders beside MUSCLE3's, and found by programs that are started
with such a folder in `PYTHONPATH`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.muscle3 import locked, peers_folder

_INSTALL_SECONDS = 600


def require_packages(what: str, *packages: str) -> Path:
    """Return the folder with some packages; without them, skip the test, or fail it in CI.

    Args:
        what: A name for the folder.
        packages: Requirements for pip.
    """
    try:
        return _installed(what, packages)
    except (OSError, subprocess.SubprocessError) as error:
        output = getattr(error, "stderr", None) or b""
        msg = f"{', '.join(packages)} could not be installed: {error} {output.decode()[-2000:]}"
        if os.environ.get("CONJOIN_CI") == "1":
            pytest.fail(msg)
        pytest.skip(msg)


def _installed(what: str, packages: tuple[str, ...]) -> Path:
    name = f"{what}-py{sys.version_info.major}.{sys.version_info.minor}"
    folder = peers_folder() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent / f"{name}.lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
            command = [
                *pip,
                "install",
                "--quiet",
                "--no-compile",
                "--target",
                str(folder),
                *packages,
            ]
            subprocess.run(command, check=True, capture_output=True, timeout=_INSTALL_SECONDS)
            (folder / "complete").touch()
    return folder
