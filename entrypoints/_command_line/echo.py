"""The option `--echo` of `conjoin run`, and the instances that a user names."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from domain.errors import ConfigurationError
from domain.suggestions import hint

ECHO: Final = "--echo"
_SUFFIXES_OF_FILES: Final = (".ymmsl", ".yaml", ".yml")


def add_echo(parser: argparse.ArgumentParser) -> None:
    """Add the argument that shows the output of programs."""
    parser.add_argument(
        ECHO,
        action="append",
        nargs="?",
        const="",
        metavar="NAME",
        help="show the output of this component or instance while it runs, or of all without a"
        " name. Can be repeated",
    )


def with_echo_separated(arguments: Sequence[str]) -> list[str]:
    """Return the command line with `--echo` completed if a file follows it instead of a name.

    Example:
        >>> with_echo_separated(["run", "--echo", "model.ymmsl"])
        ['run', '--echo=', 'model.ymmsl']
    """
    following = [*arguments[1:], ""]
    return [
        f"{ECHO}=" if argument == ECHO and _is_file(after) else argument
        for argument, after in zip(arguments, following, strict=True)
    ]


def _is_file(argument: str) -> bool:
    path = Path(argument)
    return argument == "-" or path.suffix in _SUFFIXES_OF_FILES or path.is_file()


def chosen_instances(names: Sequence[str], instances: Sequence[str]) -> list[str]:
    """Return the instances with some names.

    Args:
        names: Names of instances, or of components for all their instances; an empty name stands
            for all.
        instances: All instances, in order.

    Raises:
        ConfigurationError: If a name does not exist.
    """
    chosen: set[str] = set()
    for name in names:
        found = {instance for instance in instances if _is_named(instance, name)}
        if not found:
            components = {instance.partition("[")[0] for instance in instances}
            msg = f"There is no instance '{name}'.{hint(name, {*instances, *components})}"
            raise ConfigurationError(msg)
        chosen |= found
    return [instance for instance in instances if instance in chosen]


def _is_named(instance: str, name: str) -> bool:
    return not name or instance == name or instance.startswith(f"{name}[")
