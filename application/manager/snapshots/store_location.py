"""Parses the path or URL of a snapshot store that a user names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from application.interfaces.snapshot_store import OpenStore
from domain.checkpointing.instance_snapshot import is_url
from domain.errors import ConfigurationError

_FILE_SCHEMES: Final = ("file", "local")


def parse_store_location(
    given: str | Path, *, open_store: OpenStore, working_directory: Path
) -> str:
    """Return the absolute path or the URL of the snapshot store that a user names.

    Args:
        given: A path or a URL.
        open_store: Opens the store at a URL.
        working_directory: The directory that relative paths start from.

    Raises:
        ConfigurationError: If snapshots cannot be stored there.
    """
    text = str(given)
    if isinstance(given, Path) or not re.match(r"[A-Za-z][\w+.-]+:", text):
        return str(working_directory / text)
    scheme, _, rest = text.partition(":")
    if not is_url(text):
        raise unusable_store(text, f"write '{scheme}://…' for a URL, or './{text}' for a directory")
    if scheme in _FILE_SCHEMES:
        return _path_of_file_url(text, rest.removeprefix("//"))
    if scheme == "memory":
        raise unusable_store(
            text, "it is in the memory of one process, and lost when that process ends"
        )
    if re.match(r"//[^/@]*:[^/@]*@", rest):
        raise unusable_store(
            scheme + "://…",
            "it contains a password, which others could read in the files of the run. Put the"
            " password into the configuration of fsspec",
        )
    try:
        open_store(text)
    except OSError as error:
        raise unusable_store(text, reason_of(error)) from error
    return text.rstrip("/")


def _path_of_file_url(url: str, path: str) -> str:
    if not path.startswith("/"):
        raise unusable_store(url, "its path must start with a /, as in 'file:///scratch/mine'")
    return str(Path(path))


def unusable_store(name: str, reason: str) -> ConfigurationError:
    """Return the error for a store that cannot hold snapshots."""
    return ConfigurationError(f"Snapshots cannot be kept in '{name}': {reason}.")


def reason_of(error: OSError) -> str:
    """Return the message of a store's error, without the error number."""
    return error.strerror or str(error)
