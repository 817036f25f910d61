"""The command `conjoin resources`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from domain.errors import ConfigurationError, InsufficientResources
from domain.wording import counted
from entrypoints._command_line.command import COMPLETED, Command, add_node_size, add_sources
from entrypoints._command_line.console import print_text, warn


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_sources(parser)
    add_node_size(parser)
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "-v", "--verbose", action="store_true", help="draw all nodes and instances, however many"
    )
    output.add_argument(
        "-q", "--quiet", action="store_true", help="print only the number of nodes, for a script"
    )


def _run(options: argparse.Namespace) -> int:
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
        return COMPLETED
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
    return COMPLETED


RESOURCES: Final = Command(
    "resources",
    "show how many nodes a simulation needs",
    "Show how many nodes the simulation that the files describe needs, and which instances share"
    " which cores.",
    _add_arguments,
    _run,
    mistake="This cannot be run",
)
