"""The real MUSCLE3, installed on demand in virtual environments for the tests.

They are kept in the folder named by ``CONJOIN_PEERS_DIR``, by default ``.peers`` in the
repository, and created once: a file lock prevents conflicts between concurrent test runs.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CURRENT = "0.11.0"
PREVIOUS = "0.10.0"
_INSTALL_SECONDS = 600


class Muscle3UnavailableError(Exception):
    """A MUSCLE3 environment does not exist and could not be created."""


@dataclass(frozen=True, slots=True)
class Muscle3:
    """One installed MUSCLE3.

    Attributes:
        version: Its version on PyPI.
        environment: The folder of its virtual environment.
    """

    version: str
    environment: Path

    @property
    def python(self) -> Path:
        """The interpreter that can import ``libmuscle``."""
        return self.environment / "bin" / "python"

    @property
    def manager(self) -> Path:
        """The ``muscle_manager`` program."""
        return self.environment / "bin" / "muscle_manager"

    @property
    def muscle3(self) -> Path:
        """The ``muscle3`` program (profiles, snapshots)."""
        return self.environment / "bin" / "muscle3"


def muscle3(version: str = CURRENT) -> Muscle3:
    """Return the MUSCLE3 of the given version, after installing it if necessary.

    Raises:
        Muscle3UnavailableError: If it cannot be installed, for instance without a network.
    """
    folder = peers_folder()
    folder.mkdir(parents=True, exist_ok=True)
    name = f"muscle3-{version}-py{sys.version_info.major}.{sys.version_info.minor}"
    environment = folder / name
    with locked(folder / f"{name}.lock"):
        if not _is_complete(environment):
            _install(environment, version)
    return Muscle3(version=version, environment=environment)


def require_muscle3(version: str = CURRENT) -> Muscle3:
    """Like `muscle3`, but skip the test if MUSCLE3 is not available, or fail it in CI."""
    try:
        return muscle3(version)
    except Muscle3UnavailableError as error:
        if os.environ.get("CONJOIN_CI") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))


def peers_folder() -> Path:
    """Return the folder of the virtual environments."""
    return Path(os.environ.get("CONJOIN_PEERS_DIR") or REPOSITORY / ".peers")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that other test runs respect; the lock file remains."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_complete(environment: Path) -> bool:
    return (environment / "complete").exists()


def _install(environment: Path, version: str) -> None:
    """Create the environment; the marker of its completeness is written last."""
    shutil.rmtree(environment, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(environment)], version)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", "--no-compile", f"muscle3=={version}"], version)
    (environment / "complete").touch()


def _run(command: list[str], version: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_INSTALL_SECONDS)
    except subprocess.CalledProcessError as error:
        text = error.stderr.decode(errors="replace")[-2000:]
        raise Muscle3UnavailableError(_excuse(version, text)) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Muscle3UnavailableError(_excuse(version, str(error))) from error


def _excuse(version: str, text: str) -> str:
    return f"muscle3=={version} could not be installed in {peers_folder()}: {text}"
