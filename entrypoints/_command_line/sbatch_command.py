"""The command `conjoin sbatch`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from domain.errors import ConfigurationError, InsufficientResources
from domain.wording import counted
from entrypoints._command_line.argument_types import not_negative, positive_count
from entrypoints._command_line.command import COMPLETED, Command, add_node_size, add_sources
from entrypoints._command_line.console import print_error, print_text

EXECUTABLE: Final = 0o755


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_sources(parser)
    add_node_size(parser)
    parser.add_argument(
        "-n",
        "--nodes",
        type=positive_count,
        metavar="N",
        help="how many nodes to request (default: as many as the model needs)",
    )
    parser.add_argument(
        "-t", "--time", metavar="TIME", help="time limit of each job, such as 12:00:00"
    )
    parser.add_argument(
        "--job-name", metavar="NAME", help="name of the job (default: name of the model)"
    )
    parser.add_argument(
        "--checkpoint-on-term",
        type=not_negative,
        metavar="SECONDS",
        help="before the end of each job, let all instances save for at most this time",
    )
    parser.add_argument(
        "--sbatch-option",
        action="append",
        default=[],
        metavar="OPTION",
        help="another option of sbatch, such as --sbatch-option=--partition=NAME; can be repeated",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the script to this file, which must not exist (default: standard output)",
    )


def _run(options: argparse.Namespace) -> int:
    """Write the script of a Slurm job that runs a model.

    Raises:
        ConfigurationError: If the files or an option are invalid, an instance does not fit on a
            node, or there are too few nodes; also if the file for the script exists.
    """
    from adapters.slurm.job_script import JobScript
    from adapters.ymmsl_files.source import YmmslConfigurationSource
    from domain.placement.planning import Planner

    if "-" in options.files:
        msg = "A job reads its files when it starts, so '-' (standard input) is not possible."
        raise ConfigurationError(msg)
    source = YmmslConfigurationSource()
    configuration = source.load([Path(name) for name in options.files], model=options.model)
    for warning in source.warnings:
        print_error(f"Warning: {warning}")  # standard output may be the script
    try:
        needed = Planner(configuration).nodes_needed(
            options.cores_per_node, gpus_per_node=options.gpus_per_node
        )
    except InsufficientResources as error:
        raise ConfigurationError(str(error)) from None
    script = JobScript(
        model=str(configuration.model.name),
        files=options.files,
        nodes=_checked(options.nodes, needed),
        cores_per_node=options.cores_per_node,
        gpus_per_node=options.gpus_per_node,
        time=options.time,
        name=options.job_name,
        save_time=options.checkpoint_on_term,
        chooses_model=options.model is not None,
        more_options=options.sbatch_option,
    ).text()
    if options.output is None:
        print_text(script.rstrip("\n"))
    else:
        _write(Path(options.output), script)
    return COMPLETED


def _checked(nodes: int | None, needed: int) -> int:
    if needed == 0:
        msg = "All instances of the model are started by hand, so a job would start nothing."
        raise ConfigurationError(msg)
    if nodes is not None and nodes < needed:
        msg = f"The model needs {counted(needed, 'node')}, and --nodes requests only {nodes}."
        raise ConfigurationError(msg)
    return nodes or needed


def _write(path: Path, script: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(script)
        path.chmod(EXECUTABLE)
    except OSError as error:
        msg = f"The script cannot be written to '{path}': {error.strerror or error}."
        raise ConfigurationError(msg) from error
    print_text(f"Submit the job with: sbatch {path}")


SBATCH: Final = Command(
    "sbatch",
    "write the script of a Slurm job for a simulation",
    "Write the script of a Slurm job that runs the simulation that the files describe, on as many"
    " nodes as it needs, and continues it in further jobs.",
    _add_arguments,
    _run,
    mistake="The script was not written",
)
