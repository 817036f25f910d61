"""The command line: `conjoin …`, and `python -m entrypoints.manager …`."""

from __future__ import annotations

import argparse
import importlib
import shlex
import sys
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

from domain.errors import ConfigurationError, CouplingError, InconsistentSnapshot
from domain.suggestions import did_you_mean
from domain.version import VERSION
from domain.wording import describe_os_error
from entrypoints._command_line.command import FAILED, MISTAKE, Command
from entrypoints._command_line.completion_command import COMPLETION
from entrypoints._command_line.console import print_error
from entrypoints._command_line.convert_command import CONVERT
from entrypoints._command_line.echo import with_echo_separated
from entrypoints._command_line.hosts_command import HOSTS
from entrypoints._command_line.logs_command import LOGS
from entrypoints._command_line.muscle_manager_command import INSTALL_MUSCLE_MANAGER
from entrypoints._command_line.parser import Parser
from entrypoints._command_line.resources_command import RESOURCES
from entrypoints._command_line.run_command import CHECK, RUN
from entrypoints._command_line.sbatch_command import SBATCH
from entrypoints._command_line.snapshots_command import SNAPSHOTS, with_list_inserted
from entrypoints._command_line.stop_signals import StoppedEarly, StopSignals

COMMANDS: Final = (
    RUN,
    CHECK,
    CONVERT,
    LOGS,
    RESOURCES,
    SBATCH,
    SNAPSHOTS,
    HOSTS,
    INSTALL_MUSCLE_MANAGER,
    COMPLETION,
)
_WITHOUT_COMMAND: Final = ("-h", "--help", "--version")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `conjoin`."""
    parser, commands = _parsers()
    given = sys.argv[1:] if arguments is None else arguments
    missing = _missing_command(given, commands)
    if missing:
        parser.error(missing)
    options = parser.parse_args(with_echo_separated(with_list_inserted(given)))
    options.commands = commands
    sys.exit(_run(options.command, options))


def _parsers() -> tuple[Parser, Mapping[str, argparse.ArgumentParser]]:
    """Return the parser of the command line, and those of the commands."""
    parser = Parser(
        prog="conjoin", description="Couples simulation programs into one model and runs it."
    )
    _add_version(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        added = commands.add_parser(
            command.name, help=command.summary, description=command.description
        )
        command.add_arguments(added)
        added.set_defaults(command=command)
    return parser, commands.choices


def _missing_command(given: Sequence[str], commands: Container[str]) -> str:
    """Return what is wrong with a command line without a command; empty if it has one."""
    if not given or given[0] in commands or given[0] in _WITHOUT_COMMAND:
        return ""
    is_option = given[0].startswith("-")
    suggestion = did_you_mean(given[0], _WITHOUT_COMMAND) if is_option else ""
    if suggestion:
        return f"unrecognized arguments: {given[0]}.{suggestion}"
    if is_option or Path(given[0]).is_file():
        return f"the command is missing. Did you mean this? conjoin run {shlex.join(given)}"
    return ""


def run_manager(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the manager, with the options of MUSCLE3's `muscle_manager`."""
    parser = Parser(prog="python -m entrypoints.manager", description=RUN.description)
    _add_version(parser)
    RUN.add_arguments(parser)
    given = sys.argv[1:] if arguments is None else arguments
    sys.exit(_run(RUN, parser.parse_args(with_echo_separated(given))))


def _add_version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--version", action="version", version=f"conjoin {VERSION}")


def _run(command: Command, options: argparse.Namespace) -> int:
    """Run a command; convert errors that the user can fix to a message and an exit code."""
    if command.slow_import is not None:
        # now: once StopSignals handles signals, they cannot interrupt it
        importlib.import_module(command.slow_import)
    try:
        with StopSignals() as signals:
            options.signals = signals
            return command.run(options)
    except ConfigurationError as error:
        for warning in error.warnings:
            print_error(f"Warning: {warning}")
        print_error(_sentence(command.mistake, error))
        return MISTAKE
    except InconsistentSnapshot as error:
        print_error(_sentence("This cannot be resumed", error))
        return MISTAKE
    except CouplingError as error:
        print_error(_sentence("The run failed", error))
        return FAILED
    except OSError as error:
        print_error(f"The run failed: {describe_os_error(error)}")
        return FAILED
    except StoppedEarly as reason:
        print_error(str(reason))
        return FAILED


def _sentence(what: str, error: CouplingError) -> str:
    text = str(error)
    return f"{what}:\n{text}" if "\n" in text else f"{what}: {text}"
