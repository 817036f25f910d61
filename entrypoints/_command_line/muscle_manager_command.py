"""The command `conjoin install-muscle-manager`."""

from __future__ import annotations

import argparse
import sys
import sysconfig
from pathlib import Path
from typing import Final

from domain.errors import ConfigurationError
from entrypoints._command_line.command import COMPLETED, Command
from entrypoints._command_line.console import print_text

NAME: Final = "muscle_manager"
EXECUTABLE: Final = 0o755
MARK: Final = "# Runs Conjoin's manager with the options of MUSCLE3's muscle_manager."
SCRIPT: Final = f"""\
#!{{python}}
{MARK}
from entrypoints.command_line import run_manager

run_manager()
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory",
        metavar="DIR",
        nargs="?",
        help="where to install it (default: where the commands of this Python environment are)",
    )


def _run(options: argparse.Namespace) -> int:
    """Install a command named `muscle_manager`.

    Raises:
        ConfigurationError: If another program has this name there, or it cannot be written.
    """
    path = Path(options.directory or sysconfig.get_path("scripts")) / NAME
    try:
        if path.exists() and MARK not in path.read_text(errors="replace"):
            msg = (
                f"'{path}' exists already, and is not Conjoin's: probably MUSCLE3 is installed"
                " there. Give another directory that is on your PATH."
            )
            raise ConfigurationError(msg)
        path.write_text(SCRIPT.format(python=sys.executable), encoding="utf-8")
        path.chmod(EXECUTABLE)
    except OSError as error:
        msg = f"'{path}' cannot be written: {error.strerror}."
        raise ConfigurationError(msg) from None
    print_text(f"Installed {path}")
    return COMPLETED


INSTALL_MUSCLE_MANAGER: Final = Command(
    "install-muscle-manager",
    "install Conjoin's manager as a command named muscle_manager",
    "Install a command named muscle_manager, which runs Conjoin's manager with the options of"
    " MUSCLE3's, for scripts and tools that call it by this name.",
    _add_arguments,
    _run,
)
