"""Reads the options of an instance from its command line and environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from adapters.wire.locations import TCP, addresses_in
from domain.errors import ConfigurationError
from domain.identity import Reference

DEFAULT_MANAGER = "tcp:localhost:9000"

INSTANCE_OPTION = "--muscle-instance="
MANAGER_OPTION = "--muscle-manager="
LOG_FILE_OPTION = "--muscle-log-file="


class InstanceEnvironment(NamedTuple):
    """The options that an instance gets from its command line and environment.

    Attributes:
        instance: Its name.
        manager: Location of the manager.
        log_file: The log file, or a directory for it; None if neither is set.
        secret: The run's secret, if Conjoin's manager provided it.
    """

    instance: Reference
    manager: str
    log_file: str | None
    secret: str | None


def read_environment(argv: list[str], environ: Mapping[str, str]) -> InstanceEnvironment:
    """Read the options; arguments take precedence over the environment.

    Args:
        argv: The program's arguments; Conjoin's options are removed from the list.
        environ: The environment.

    Raises:
        ConfigurationError: If the name of the instance is missing or invalid, or the location of
            the manager is invalid.
    """
    name = _take(argv, INSTANCE_OPTION) or environ.get("MUSCLE_INSTANCE")
    manager = _take(argv, MANAGER_OPTION) or environ.get("MUSCLE_MANAGER") or DEFAULT_MANAGER
    _check_location(manager)
    log_file = _take(argv, LOG_FILE_OPTION)
    if not name:
        msg = (
            "This program does not know which instance of the model it is. It is usually started"
            " by the manager; to start it yourself, pass --muscle-instance=<name> or set"
            " MUSCLE_INSTANCE, and likewise --muscle-manager=<location> or MUSCLE_MANAGER."
        )
        raise ConfigurationError(msg)
    try:
        instance = Reference(name)
    except ValueError as error:
        raise ConfigurationError(f"The name of the instance is invalid: {error}") from error
    return InstanceEnvironment(instance, manager, log_file, _secret(environ))


def _check_location(location: str) -> None:
    if not addresses_in([location], TCP):
        msg = (
            f"'{location}' is not a manager location. Set --muscle-manager=<location> or"
            " MUSCLE_MANAGER to the location that the manager prints: 'tcp:', a host and a port,"
            f" such as {DEFAULT_MANAGER}."
        )
        raise ConfigurationError(msg)


def _take(argv: list[str], option: str) -> str | None:
    found = [argument for argument in argv[1:] if argument.startswith(option)]
    for argument in found:
        argv.remove(argument)
    return found[-1][len(option) :] if found else None


def _secret(environ: Mapping[str, str]) -> str | None:
    """Return the run's secret from the environment, or from the file named there."""
    if environ.get("CONJOIN_SECRET"):
        return environ["CONJOIN_SECRET"]
    path = environ.get("CONJOIN_SECRET_FILE")
    if not path:
        return None
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The file that CONJOIN_SECRET_FILE names cannot be read: {error}"
        raise ConfigurationError(msg) from error
