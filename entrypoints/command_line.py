"""The command line: `conjoin …`, and `python -m entrypoints.manager …`."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from domain.errors import ConfigurationError, CouplingError
from domain.version import VERSION

if TYPE_CHECKING:
    from entrypoints.embedding import Manager

COMPLETED = 0
FAILED = 1
MISTAKE = 2

LOG_LINES = 50


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `conjoin`."""
    parser = argparse.ArgumentParser(
        prog="conjoin", description="Couples simulation programs into one model and runs it."
    )
    parser.add_argument("--version", action="version", version=f"conjoin {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run", help="run a simulation", description="Run the simulation that the files describe."
    )
    _add_run_options(run)
    check = commands.add_parser(
        "check",
        help="check files, and start nothing",
        description="Check whether the simulation that the files describe can be run here.",
    )
    _add_sources(check)
    chosen = parser.parse_args(arguments)
    if chosen.command == "check":
        sys.exit(_guarded(_check, chosen))
    sys.exit(_guarded(_run, chosen))


def run_manager(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the manager, with the options of MUSCLE3's `muscle_manager`."""
    parser = argparse.ArgumentParser(
        prog="python -m entrypoints.manager",
        description="Run the simulation that the files describe.",
    )
    parser.add_argument("--version", action="version", version=f"conjoin {VERSION}")
    _add_run_options(parser)
    sys.exit(_guarded(_run, parser.parse_args(arguments)))


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="yMMSL files, merged in order; - reads stdin"
    )
    parser.add_argument(
        "-m", "--model", help="name of the model to run, if the files describe several"
    )


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    _add_sources(parser)
    parser.add_argument(
        "--start-all",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="start all programs, except those with execution model 'manual'; otherwise wait until"
        " all instances have been started by hand and are done (default: --no-start-all)",
    )
    parser.add_argument(
        "--run-dir",
        metavar="DIR",
        help="an existing directory for the files of the run (default: a new one, named"
        " run_<model>_<date>_<time>)",
    )
    parser.add_argument(
        "--log-level",
        default="INFO",
        metavar="LEVEL",
        help="least level of the manager's own log: DEBUG, INFO, WARNING, ERROR (default: INFO)",
    )
    parser.add_argument(
        "--location-file",
        metavar="FILE",
        help="write the manager's location to this file instead of printing it",
    )
    parser.add_argument(
        "--require-secret",
        action="store_true",
        help="refuse clients that do not prove to belong to this run; MUSCLE3's cannot",
    )
    parser.add_argument("--quiet", action="store_true", help="show nothing while the run goes on")
    parser.add_argument(
        "--dry-run", action="store_true", help="check everything, and start nothing"
    )


def _guarded(action: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Do what was asked for; turn what the user has to mend into words and an exit code."""
    try:
        return action(options)
    except ConfigurationError as error:
        print(_sentence("This cannot be run", error), file=sys.stderr)  # noqa: T201
        return MISTAKE
    except CouplingError as error:
        print(_sentence("The run failed", error), file=sys.stderr)  # noqa: T201
        return FAILED


def _sentence(what: str, error: CouplingError) -> str:
    text = str(error)
    return f"{what}:\n{text}" if "\n" in text else f"{what}: {text}"


def _check(options: argparse.Namespace) -> int:
    from adapters.processes.node_inspector import LinuxNodeInspector
    from adapters.ymmsl_files.presence import missing_programs
    from adapters.ymmsl_files.source import YmmslConfigurationSource
    from domain.planning import Planner
    from domain.resources import Resources

    source = YmmslConfigurationSource()
    configuration = source.load(options.files, model=options.model)
    for warning in source.warnings:
        _say(f"Warning: {warning}")
    missing = missing_programs(configuration)
    if missing:
        raise ConfigurationError(*missing)
    here = Resources((LinuxNodeInspector().resources(),))
    try:
        Planner(configuration).plan(here, oversubscribe=True)
    except CouplingError as error:
        raise ConfigurationError(str(error)) from error
    count = sum(1 for _ in configuration.model.instances())
    _say(
        f"Model '{configuration.model.name}' can be run here: {count} instances of"
        f" {len(configuration.model.components)} components, {len(configuration.model.conduits)}"
        " conduits."
    )
    return COMPLETED


def _run(options: argparse.Namespace) -> int:
    if options.dry_run:
        return _check(options)
    from entrypoints.containers.manager import ManagerOptions
    from entrypoints.embedding import Manager

    settings = ManagerOptions(
        log_level=options.log_level,
        listens_locally=options.start_all,
        require_secret=options.require_secret,
    )
    sources = [Path(name) if name != "-" else name for name in options.files]
    with Manager(
        sources, model=options.model, run_dir=options.run_dir, options=settings
    ) as manager:
        for warning in manager.warnings:
            _say(f"Warning: {warning}")
        with _stopped_by_signals(manager), _shown(manager, quiet=options.quiet):
            if options.start_all:
                manager.start_all()
            with _location_told(manager, options.location_file):
                result = manager.wait()
        assert result is not None
        if result.succeeded:
            _say(f"Simulation completed successfully.\nOutput is in {manager.run_directory}")
            return COMPLETED
        _say(
            f"The simulation failed. The last lines of the log, which ends with the cause:\n\n"
            f"{manager.log_tail(LOG_LINES)}\n\nOutput is in {manager.run_directory}"
        )
        return FAILED


@contextlib.contextmanager
def _shown(manager: Manager, *, quiet: bool) -> Iterator[None]:
    """Show how the run goes on."""
    if quiet:
        yield
        return
    from adapters.terminal.display import display_for

    model = manager.configuration.model
    display = display_for(
        sys.stdout, model=str(model.name), instances=list(map(str, model.instances()))
    )
    manager.watch(display)
    try:
        yield
    finally:
        display.close()


@contextlib.contextmanager
def _stopped_by_signals(manager: Manager) -> Iterator[None]:
    def stop(number: int, _frame: FrameType | None) -> None:
        manager.stop(f"The run was stopped by {signal.Signals(number).name}.")

    old = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _location_told(manager: Manager, file: str | None) -> Iterator[None]:
    """Say where the manager is, if anybody needs to know, for as long as it is there."""
    if not manager.instances_by_hand and file is None:
        yield
        return
    if file is not None:
        Path(file).write_text(manager.location, encoding="ascii")
    else:
        names = ", ".join(sorted(manager.instances_by_hand)[:10])
        _say(
            f"Waiting for these instances to be started by hand: {names}\n"
            f"Tell them where the manager is, and who they are:\n"
            f"    export MUSCLE_MANAGER={manager.location}\n"
            f"    export MUSCLE_INSTANCE=<name>"
        )
    secret_file = manager.run_directory / "secret"
    descriptor = os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(manager.secret)
    _say(
        f"Programs that use Conjoin's own library are faster, and safer, with\n"
        f"    export CONJOIN_SECRET_FILE={secret_file}"
    )
    try:
        yield
    finally:
        secret_file.unlink(missing_ok=True)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is what a command line is for
