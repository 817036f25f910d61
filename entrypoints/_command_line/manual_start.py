"""Shows users how to start instances by hand."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.io.private_files import write_private
from adapters.wire.locations import is_loopback
from domain.errors import ConfigurationError
from domain.running.clients import Trust

if TYPE_CHECKING:
    from entrypoints._manager.manager_api import Manager

MOST_NAMES: Final = 10
SECRET_FILE: Final = "secret"


@contextlib.contextmanager
def secret_shared(manager: Manager) -> Iterator[Path]:
    """Keep the secret of a run in a file that only its user can read, until the run is over."""
    path = manager.run_directory / SECRET_FILE
    try:
        write_private(path, manager.secret)
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def location_published(
    manager: Manager, *, file: str | None, print_text: Callable[[str], None], trust: Trust
) -> Iterator[None]:
    """Publish the location of the manager for instances that are started by hand.

    Args:
        manager: An open manager, which has started the instances that it starts itself.
        file: File to write the location to; None to print it.
        print_text: Prints a text for the user.
        trust: Which instances may take part without the secret.

    Raises:
        ConfigurationError: If the file cannot be written.
    """
    if file is not None:
        _write_location(file, manager.location)
    names = sorted(manager.instances_by_hand)
    if not names:
        yield
        return
    with secret_shared(manager) as secret_file:
        print_text(_instructions(manager, names, secret_file, trust))
        yield


def check_location_file(file: str) -> None:
    """Check whether a file can be written, without changing it.

    Raises:
        ConfigurationError: If it cannot.
    """
    path = Path(file)
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        msg = (
            f"The location file '{file}' cannot be written. Check that its directory exists, and"
            " that you may write to it."
        )
        raise ConfigurationError(msg)


def _write_location(file: str, location: str) -> None:
    try:
        Path(file).write_text(location, encoding="ascii")
    except OSError as error:
        msg = f"The location file '{file}' cannot be written: {error.strerror}."
        raise ConfigurationError(msg) from None


_WITHOUT_SECRET: Final = {
    Trust.SECRET: "MUSCLE3's programs cannot take part (--require-secret).",
    Trust.USER: (
        "MUSCLE3's programs do without the secret; start them on this machine, as the user who runs"
        " this."
    ),
    Trust.NETWORK: (
        "MUSCLE3's programs do without the secret, on this machine and on others (--trust-network)."
    ),
}


def _instructions(manager: Manager, names: list[str], secret_file: Path, trust: Trust) -> str:
    more = f", and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    elsewhere = (
        "\nThe manager can be reached from this machine only. For programs on other machines, run"
        " it with --listen ADDRESS."
        if is_loopback(manager.location)
        else "\nOn other machines, set CONJOIN_SECRET to the content of this file."
    )
    return (
        f"Waiting for these instances to be started by hand:"
        f" {', '.join(names[:MOST_NAMES])}{more}\n"
        f"Set these environment variables for each of them:\n"
        f"    export MUSCLE_MANAGER={manager.location}\n"
        f"    export MUSCLE_INSTANCE=<name>\n"
        f"Programs that use Conjoin's library prove with the secret of this run that they are part"
        f" of it:\n"
        f"    export CONJOIN_SECRET_FILE={secret_file}\n"
        f"{_WITHOUT_SECRET[trust]}{elsewhere}"
    )
