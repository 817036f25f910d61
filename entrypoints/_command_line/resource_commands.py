"""The command `conjoin resources`, and the option to share cores."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from domain.errors import ConfigurationError, InsufficientResources
from domain.wording import counted
from entrypoints._command_line.console import print_text, warn


def add_oversubscription_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that lets instances share cores."""
    parser.add_argument(
        "--oversubscribe",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="whether instances that run at the same time may share cores, if there are too few;"
        " otherwise too few cores are an error (default: yes on this machine, with a warning, and"
        " no on a cluster)",
    )


def add_resource_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `conjoin resources`, except the files."""
    parser.add_argument(
        "-c",
        "--cores-per-node",
        type=positive_count,
        required=True,
        metavar="N",
        help="how many cores each node has",
    )
    parser.add_argument(
        "-g",
        "--gpus-per-node",
        type=not_negative_count,
        default=0,
        metavar="N",
        help="how many GPUs each node has (default: %(default)s)",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "-v", "--verbose", action="store_true", help="draw all nodes and instances, however many"
    )
    output.add_argument(
        "-q", "--quiet", action="store_true", help="print only the number of nodes, for a script"
    )


def run_resource_command(options: argparse.Namespace) -> int:
    """Print how many nodes a model needs, and which instances share which cores.

    Raises:
        ConfigurationError: If the files are invalid, or an instance does not fit on such a node.
    """
    from adapters.terminal.resource_view import draw_resources
    from adapters.ymmsl_files.source import YmmslConfigurationSource
    from domain.placement.core_usage import core_usage
    from domain.placement.planning import Planner, equal_nodes

    source = YmmslConfigurationSource()
    files = [Path(name) if name != "-" else name for name in options.files]
    configuration = source.load(files, model=options.model)
    planner = Planner(configuration)
    try:
        count = planner.nodes_needed(options.cores_per_node, gpus_per_node=options.gpus_per_node)
    except InsufficientResources as error:
        raise ConfigurationError(str(error)) from None
    if options.quiet:
        print_text(str(count))
        return 0
    for warning in source.warnings:
        warn(warning)
    nodes = equal_nodes(count, options.cores_per_node, gpus_per_node=options.gpus_per_node)
    given = planner.plan(nodes).resources
    print_text(
        f"Model '{configuration.model.name}' needs {counted(count, 'node')} of"
        f" {counted(options.cores_per_node, 'core')} for {counted(len(given), 'instance')}."
    )
    by_hand = [str(name) for name in configuration.model.instances() if name not in given]
    if by_hand:
        print_text(f"Started by hand, and so without cores: {', '.join(by_hand)}")
    draw_resources(core_usage(given, nodes), stream=sys.stdout, everything=options.verbose)
    return 0


def positive_count(text: str) -> int:
    """Return the whole number in an argument, which must be positive."""
    return _at_least(1, text)


def not_negative_count(text: str) -> int:
    """Return the whole number in an argument, which must not be negative."""
    return _at_least(0, text)


def _at_least(minimum: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = minimum - 1
    if number < minimum:
        msg = f"'{text}' is not a whole number of at least {minimum}"
        raise argparse.ArgumentTypeError(msg)
    return number
