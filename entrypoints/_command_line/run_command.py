"""The commands `conjoin run` and `conjoin check`."""

from __future__ import annotations

import argparse
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.running.clients import trust_for
from domain.running.events import RunFinished
from domain.running.launcher_capabilities import LAUNCHERS
from domain.wording import counted
from entrypoints._command_line.argument_types import not_negative, positive
from entrypoints._command_line.checkpoint_arguments import (
    add_checkpoint_arguments,
    checkpoint_options_of,
    checkpoints_of,
)
from entrypoints._command_line.command import (
    COMPLETED,
    FAILED,
    RESUMABLE,
    Command,
    add_host_key_policy,
    add_settings,
    add_sources,
)
from entrypoints._command_line.console import print_text, warn
from entrypoints._command_line.echo import add_echo, chosen_instances
from entrypoints._command_line.failure_text import describe_failure
from entrypoints._command_line.manual_start import check_location_file, location_published
from entrypoints._command_line.run_display import shown

if TYPE_CHECKING:
    from entrypoints._manager.manager_api import Manager

_OF_CHECK: Final = ("files", "model", "settings")
"""The options of `conjoin run` that `conjoin check` has too."""


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    add_sources(parser)
    add_settings(parser)
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
        help="lowest level of the manager's own log: DEBUG, INFO, WARNING, ERROR, CRITICAL"
        " (default: INFO)",
    )
    parser.add_argument(
        "--location-file",
        metavar="FILE",
        help="write the manager's location to this file instead of printing it",
    )
    parser.add_argument(
        "--grace-time",
        type=not_negative,
        default=10.0,
        metavar="SECONDS",
        help="how long programs may take to end when the run is stopped, before they are killed"
        " (default: %(default)g)",
    )
    parser.add_argument(
        "--reconnect-time",
        type=not_negative,
        default=30.0,
        metavar="SECONDS",
        help="how long an instance that was started by hand may be disconnected before the manager"
        " checks whether its program is still running (default: %(default)g)",
    )
    parser.add_argument(
        "--stall-time",
        type=not_negative,
        default=60.0,
        metavar="SECONDS",
        help="report a program that hangs for this time: it is stopped, or it uses no CPU time and"
        " exchanges no message without waiting for one. It is never ended; 0 reports none"
        " (default: %(default)g)",
    )
    parser.add_argument(
        "--require-secret",
        action="store_true",
        help="refuse all programs that do not prove that they know the secret of this run, also at"
        " the instances; MUSCLE3's cannot. By default, programs that you run on this machine are"
        " served without a proof if the manager started them, or if you start them by hand",
    )
    parser.add_argument(
        "--trust-network",
        action="store_true",
        help="DANGEROUS: serve programs on other machines without a proof, for MUSCLE3 instances"
        " that are started there by hand. Anyone who can connect can read and change your data"
        " and end the run",
    )
    parser.add_argument(
        "--listen",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="also listen on this address of this machine, for programs that are started by hand on"
        " other machines; 'all' stands for all addresses. Can be repeated (default: loopback only)",
    )
    parser.add_argument(
        "--oversubscribe",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="whether instances that run at the same time may share cores, if there are too few;"
        " otherwise too few cores are an error (default: yes on this machine, with a warning, and"
        " no on a cluster)",
    )
    parser.add_argument(
        "--launcher",
        choices=LAUNCHERS,
        default="auto",
        help="in a batch job, how to start an agent on each node: by srun, mpiexec or ssh (default:"
        " auto, which is srun in a Slurm job); local uses this machine only",
    )
    parser.add_argument(
        "--hosts",
        default="",
        metavar="HOSTS",
        help="run the programs on these hosts, over SSH: a hosts file (*.toml), or a list such as"
        " a,b,user@c:2222 (default: this machine)",
    )
    parser.add_argument(
        "--node-timeout",
        type=positive,
        default=30.0,
        metavar="SECONDS",
        help="how long a node may be silent before it counts as lost, which ends the run; its agent"
        " ends its programs if it does not reach the manager for this time (default: %(default)g)",
    )
    add_host_key_policy(parser)
    add_checkpoint_arguments(parser)
    parser.add_argument("--quiet", action="store_true", help="do not show the progress of the run")
    add_echo(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="check everything without starting anything"
    )


def _add_check_arguments(parser: argparse.ArgumentParser) -> None:
    add_sources(parser)
    add_settings(parser)
    # it checks what `conjoin run --start-all` would do
    of_run = argparse.ArgumentParser()
    _add_run_arguments(of_run)
    defaults = vars(of_run.parse_args(["--start-all", "-"]))
    parser.set_defaults(**{k: v for k, v in defaults.items() if k not in _OF_CHECK})


def _check(options: argparse.Namespace) -> int:
    from adapters.run_scripts.containers import shown_command

    manager = _new_manager(options)
    _check_and_warn(manager)
    if options.location_file is not None:
        check_location_file(options.location_file)
    model = manager.configuration.model
    instances = counted(sum(1 for _ in model.instances()), "instance")
    components = counted(len(model.components), "component")
    conduits = counted(len(model.conduits), "conduit")
    print_text(f"Model '{model.name}' can be run here: {instances} of {components}, {conduits}.")
    for program in manager.configuration.programs.values():
        command = shown_command(program)
        if command is not None:
            print_text(f"Program '{program.name}' runs in a container: {command}")
    return COMPLETED


def _new_manager(options: argparse.Namespace) -> Manager:
    """Return a manager that has read the files, and print warnings about them."""
    from adapters.ymmsl_files.reading.setting_text import read_setting
    from application.nodes.agent_timeouts import AgentTimeouts
    from entrypoints._manager.manager_api import Manager
    from entrypoints.options import ManagerOptions

    settings = ManagerOptions(
        log_level=options.log_level,
        starts_all=options.start_all,
        programs_required=options.start_all,
        require_secret=options.require_secret,
        trust_network=options.trust_network,
        listen=tuple(options.listen),
        hosts=options.hosts,
        launcher=options.launcher,
        accept_new_host_keys=options.accept_new_host_keys,
        timeouts=AgentTimeouts(silence=options.node_timeout, grace=options.grace_time),
        checkpoints=checkpoint_options_of(options, warn=warn),
        reconnect_time=options.reconnect_time,
        stall_time=options.stall_time or math.inf,
        oversubscribe=options.oversubscribe,
    )
    sources = [Path(name) if name != "-" else name for name in options.files]
    manager = Manager(
        sources,
        model=options.model,
        settings=dict(read_setting(text, "--set") for text in options.settings),
        run_dir=options.run_dir,
        resume=options.resume,
        checkpoints=checkpoints_of(options),
        snapshot_store=options.snapshot_store,
        options=settings,
    )
    for warning in manager.warnings:
        warn(warning)
    if manager.resumed_from is not None:
        print_text(f"Resuming from {manager.resumed_from}")
    return manager


def _check_and_warn(manager: Manager) -> None:
    for warning in manager.check():
        warn(warning)


def _run(options: argparse.Namespace) -> int:
    if options.dry_run:
        return _check(options)
    manager = _new_manager(options)
    instances = list(map(str, manager.configuration.model.instances()))
    echoed = chosen_instances(options.echo or [], instances)
    if options.start_all:
        # before the run directory is created
        _check_and_warn(manager)
    options.signals.defer()
    with manager:
        options.signals.call(manager.stop, on_term=partial(manager.stop, save_first=True))
        with shown(manager, quiet=options.quiet, echoed=echoed):
            if options.start_all:
                manager.start_all()
            with location_published(
                manager,
                file=options.location_file,
                print_text=print_text,
                trust=trust_for(
                    require_secret=options.require_secret, trust_network=options.trust_network
                ),
            ):
                result = manager.wait()
        options.signals.ignore()
        assert result is not None
        _print_outcome(manager, result)
    return _exit_code(manager, result, options)


def _print_outcome(manager: Manager, result: RunFinished) -> None:
    if result.succeeded:
        what = "Simulation completed successfully."
    elif result.was_interrupted:
        what = result.cause
    else:
        what = describe_failure(result)
    print_text(f"{what}\nOutput is in {manager.run_directory}")
    if not manager.run_directory.is_dir():
        warn("The run directory was removed during the run, so its output is lost.")
    for warning in result.warnings:
        warn(warning)


def _exit_code(manager: Manager, result: RunFinished, options: argparse.Namespace) -> int:
    """Return the exit code for a closed manager, all of whose snapshots are on disk."""
    if result.succeeded:
        return COMPLETED
    newest = manager.resumable_from()
    if newest is None and manager.resumed_from is not None:
        print_text(f"It can be resumed from its starting point: {manager.resumed_from}")
        return RESUMABLE if result.was_interrupted else FAILED
    if newest is None:
        if options.checkpoint_on_term or manager.configuration.checkpoints:
            print_text("There are no snapshots from which it can be resumed.")
        return FAILED
    print_text(
        f"It can be resumed from {newest}: run it again with --resume {manager.run_directory}"
    )
    return RESUMABLE if result.was_interrupted else FAILED


RUN: Final = Command(
    "run",
    "run a simulation",
    "Run the simulation that the files describe.",
    _add_run_arguments,
    _run,
    mistake="This cannot be run",
    slow_import="entrypoints._manager.manager_api",
)

CHECK: Final = Command(
    "check",
    "check files without starting anything",
    "Check whether the simulation that the files describe can be run here.",
    _add_check_arguments,
    _check,
    mistake="This cannot be run",
    slow_import="entrypoints._manager.manager_api",
)
