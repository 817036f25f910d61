"""Where snapshots are kept: in directories, in storage that has a URL, or in what was handed in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.filesystem.run_directory import FilesystemRunDirectory
from application.interfaces.snapshot_store import OpenStore, SnapshotStore
from domain.checkpointing.instance_snapshot import is_url
from domain.errors import ConfigurationError, InconsistentSnapshot
from domain.identity import Reference
from entrypoints._snapshots.store_factory import open_store

_PROBE: Final = Reference("conjoin")
_PROBE_DATA: Final = b"Can a snapshot be stored here?"
_IN_FILES: Final = ("file", "local")


@dataclass(frozen=True)
class RunSnapshotStore:
    """Where the snapshots of one run are kept.

    Attributes:
        place: Where the instances put them, if they can: a directory, or a URL. Empty for the
            run directory.
        store: Where those that are put into the run directory go from there; None if they stay.
        open_store: Returns the store in which a snapshot is.
    """

    place: str = ""
    store: SnapshotStore | None = None
    open_store: OpenStore = open_store


class SnapshotStores:
    """Knows where the snapshots of a run are to be kept, and finds those of earlier ones.

    Args:
        place: Where the user wants them: an absolute path, or a URL; empty for the run directory.
        handed_in: A store that the embedder of the manager brought along: it takes those of this
            run, and has all those of others that are not files of this machine.
    """

    def __init__(self, place: str = "", handed_in: SnapshotStore | None = None) -> None:
        self._place = place
        self._handed_in = handed_in

    def open(self, place: str) -> SnapshotStore:
        """Return the store for a place; see `open_store`."""
        if self._handed_in is None or Path(place).is_absolute():
            return open_store(place)
        return self._handed_in

    def is_found_from_here(self, location: str) -> bool:
        """Whether a location says everything.

        A path that is not absolute says where a snapshot is to its instance only, which takes it
        from its working directory.
        """
        return self._handed_in is not None or is_url(location) or Path(location).is_absolute()

    def of_run(self, directory: FilesystemRunDirectory) -> RunSnapshotStore:
        """Return where the snapshots of a run are kept, after a look whether they can be.

        Raises:
            ConfigurationError: If they cannot.
        """
        if self._handed_in is not None:
            _check_writable(self._handed_in, "adapters=Adapters(snapshots=...)")
            return RunSnapshotStore("", self._handed_in, self.open)
        if not self._place:
            return RunSnapshotStore()
        # There may be a run directory of the same name elsewhere.
        place = f"{self._place}/{directory.path.name}_{secrets.token_hex(4)}"
        store = _opened(place)
        _check_writable(store, self._place)
        directory.save_snapshot_place(place)
        return RunSnapshotStore(place, store if is_url(place) else None)

    def fetched(self, resume: Mapping[Reference, str], *, scratch: Path) -> dict[Reference, str]:
        """Return paths for the locations of snapshots, where they can be opened by any instance.

        Args:
            resume: The locations.
            scratch: Directory for those that have to be fetched; it is made if there are any.

        Raises:
            InconsistentSnapshot: If one cannot be had.
        """
        return {name: self._path_of(location, scratch) for name, location in resume.items()}

    def _path_of(self, location: str, scratch: Path) -> str:
        if Path(location).is_absolute() or not self.is_found_from_here(location):
            return location
        try:
            scratch.mkdir(parents=True, exist_ok=True)
            return self.open(location).local_path(location, scratch=scratch)
        except OSError as error:
            msg = f"Snapshot '{location}' cannot be fetched: {_reason(error)}."
            raise InconsistentSnapshot(msg) from error


def store_location(given: str | Path) -> str:
    """Return the place for snapshots that the user means: an absolute path, or a URL.

    Raises:
        ConfigurationError: If there can be no such place.
    """
    text = str(given)
    if isinstance(given, Path) or not re.match(r"[A-Za-z][\w+.-]+:", text):
        return str(Path(text).absolute())
    scheme, _, rest = text.partition(":")
    if not is_url(text):
        raise _refused(text, f"write '{scheme}://…' for a URL, or './{text}' for a directory")
    if scheme in _IN_FILES:
        return _path_in(text, rest.removeprefix("//"))
    if scheme == "memory":
        raise _refused(text, "it is the memory of one process, and gone when that ends")
    if re.match(r"//[^/@]*:[^/@]*@", rest):
        raise _refused(
            scheme + "://…",
            "there is a password in it, which others could read in the files of the run. Put it"
            " into the configuration of fsspec",
        )
    _opened(text)
    return text.rstrip("/")


def _check_writable(store: SnapshotStore, name: str) -> None:
    """Check that what is stored can be read again.

    Args:
        store: The store.
        name: What to call it in an error.

    Raises:
        ConfigurationError: If it cannot.
    """
    try:
        location = store.store(_PROBE, 0, _PROBE_DATA)
        found = store.load(location)
        store.remove(location)
    except OSError as error:
        raise _refused(name, _reason(error)) from error
    if found != _PROBE_DATA:
        raise _refused(name, "what was read is not what had been stored")


def _opened(place: str) -> SnapshotStore:
    try:
        return open_store(place)
    except OSError as error:
        raise _refused(place, _reason(error)) from error


def _path_in(url: str, path: str) -> str:
    if not path.startswith("/"):
        raise _refused(url, "the path in it has to begin with a /, as in 'file:///scratch/mine'")
    return str(Path(path))


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _refused(place: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"Snapshots cannot be kept in '{place}': {reason}.")
