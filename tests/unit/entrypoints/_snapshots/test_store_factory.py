"""The snapshot store for each kind of location."""

import sys

import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.fsspec.snapshot_store import FsspecSnapshotStore
from entrypoints._snapshots.store_factory import open_confined_store, open_store


@pytest.mark.parametrize("location", [".", "kept", "/kept", "/kept/macro_1.pack"])
def test_path_opens_a_directory(location):
    assert isinstance(open_store(location), FilesystemSnapshotStore)


@pytest.mark.parametrize("location", ["memory://kept", "memory://kept/macro_1.pack"])
def test_url_opens_fsspec_storage(location):
    assert isinstance(open_store(location), FsspecSnapshotStore)


def test_missing_fsspec_error_contains_the_install_command(monkeypatch):
    monkeypatch.delitem(sys.modules, "adapters.fsspec.snapshot_store")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(OSError, match=r"'s3://b/x' needs .*fsspec.*pip install fsspec$"):
        open_store("s3://b/x")
    assert isinstance(open_store("/kept"), FilesystemSnapshotStore)


@pytest.mark.parametrize("place", ["/kept", "memory://kept"])
def test_confined_store_refuses_other_places(place):
    with pytest.raises(PermissionError, match="refused"):
        open_confined_store(place).load(f"{place}_elsewhere/macro_1.pack")
