"""Shows users how to start instances by hand."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.io.private_files import write_private
from domain.errors import ConfigurationError

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
    manager: Manager, *, file: str | None, print_text: Callable[[str], None], needs_secret: bool
) -> Iterator[None]:
    """Publish the location of the manager for instances that are started by hand.

    Args:
        manager: An open manager, which has started the instances that it starts itself.
        file: File to write the location to; None to print it.
        print_text: Prints a text for the user.
        needs_secret: Whether instances need the secret in order to take part.

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
        print_text(_instructions(manager, names, secret_file, needs_secret=needs_secret))
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


def _instructions(
    manager: Manager, names: list[str], secret_file: Path, *, needs_secret: bool
) -> str:
    more = f", and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    why = (
        "This run only accepts programs that know its secret (--require-secret), so also set"
        if needs_secret
        else "For programs that use Conjoin's own library, you can set this for speed and security"
    )
    return (
        f"Waiting for these instances to be started by hand:"
        f" {', '.join(names[:MOST_NAMES])}{more}\n"
        f"Set these environment variables for each of them:\n"
        f"    export MUSCLE_MANAGER={manager.location}\n"
        f"    export MUSCLE_INSTANCE=<name>\n"
        f"{why}\n"
        f"    export CONJOIN_SECRET_FILE={secret_file}"
    )
