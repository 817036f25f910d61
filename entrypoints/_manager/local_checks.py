"""Checks whether a model can be run on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from adapters.processes.node_inspector import LinuxNodeInspector
from adapters.ymmsl_files.checking.presence import missing_programs, program_warnings
from application.nodes.placement import place
from domain.errors import ConfigurationError, InsufficientResources
from domain.model.configuration import Configuration
from domain.placement.resources import Resources


def check_this_machine(configuration: Configuration, *, oversubscribe: bool) -> Sequence[str]:
    """Check programs and cores, and report the errors in both together.

    Args:
        configuration: The flat configuration.
        oversubscribe: Whether instances that run at the same time may share cores.

    Returns:
        Warnings about both.

    Raises:
        ConfigurationError: If the model cannot be run on this machine.
    """
    problems: list[str] = []
    warnings: list[str] = []
    for check in (check_programs, partial(check_cores, oversubscribe=oversubscribe)):
        try:
            warnings += check(configuration)
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(*problems)
    return warnings


def check_programs(configuration: Configuration) -> Sequence[str]:
    """Check that the programs of a model exist on this machine.

    Returns:
        Warnings, such as that a file in the arguments of a program does not exist.

    Raises:
        ConfigurationError: If a program does not exist, or cannot be executed.
    """
    missing = missing_programs(configuration)
    if missing:
        raise ConfigurationError(*missing)
    return program_warnings(configuration)


def check_cores(configuration: Configuration, *, oversubscribe: bool) -> Sequence[str]:
    """Check that this machine has enough cores for a model.

    Args:
        configuration: The flat configuration.
        oversubscribe: Whether instances that run at the same time may share cores.

    Returns:
        Warnings, such as that instances share cores.

    Raises:
        ConfigurationError: If there are too few cores.
    """
    available = Resources((LinuxNodeInspector().resources(),))
    try:
        return place(configuration, available, oversubscribe=oversubscribe).warnings
    except InsufficientResources as error:
        raise ConfigurationError(str(error)) from error
