"""Virtual environments in which Conjoin is installed from a wheel, and wheels of other projects."""

import base64
import hashlib
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


def build_wheel(folder: Path) -> Path:
    """Build Conjoin's wheel into an empty folder, and return its path."""
    _run(*PIP, "wheel", "--no-deps", "--wheel-dir", folder, REPOSITORY)
    (wheel,) = folder.glob("conjoin-*.whl")
    return wheel


def foreign_wheel(folder: Path, name: str, version: str, files: Mapping[str, str]) -> Path:
    """Make a wheel of another project, and return its path.

    Args:
        folder: The folder for the wheel.
        name: Name of the distribution.
        version: Its version.
        files: Contents by path.
    """
    metadata = f"{name}-{version}.dist-info"
    contents = {
        **files,
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_digest(text)},{len(text)}\n" for path, text in contents.items())
    contents[f"{metadata}/RECORD"] = f"{record}{metadata}/RECORD,,\n"
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
    return wheel


def _digest(text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return f"sha256={digest.decode().rstrip('=')}"


class Environment:
    """A new virtual environment, without any packages.

    Args:
        folder: The folder for the environment.
    """

    def __init__(self, folder: Path) -> None:
        venv.create(folder)
        self.folder = folder
        self.python = folder / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        """The directory in which packages are installed."""
        (folder,) = self.folder.glob("lib/python*/site-packages")
        return folder

    def install(self, *arguments: object) -> None:
        """Install packages from files with this environment's pip, without their dependencies."""
        _run(*self._pip, "install", "--no-compile", "--no-deps", "--no-index", *arguments)

    def install_from_source(self, *arguments: object) -> None:
        """Install a project, whose build requirements may have to be downloaded."""
        _run(*self._pip, "install", "--no-deps", *arguments)

    def uninstall(self, *names: str) -> None:
        """Uninstall packages."""
        _run(*self._pip, "uninstall", "--yes", *names)

    def share_dependencies(self) -> None:
        """Let programs import the packages of the environment that runs the tests.

        Packages of this environment take precedence. Editable installations of the other one
        are not found, because `.pth` files are not read from that directory.
        """
        places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        (self.site_packages / "dependencies.pth").write_text("\n".join(places) + "\n")

    def run(
        self, *arguments: object, cwd: Path, timeout: float = 110.0, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run this environment's Python in a directory, without the variables of the tests."""
        return subprocess.run(
            [self.python, *map(str, arguments)],
            cwd=cwd,
            env={"PATH": f"{self.python.parent}:/usr/bin:/bin", **variables},
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    @property
    def _pip(self) -> tuple[object, ...]:
        return (*PIP, "--python", self.python)


def _run(*command: object) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
