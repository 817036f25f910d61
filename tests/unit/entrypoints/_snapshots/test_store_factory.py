"""Each kind of place has its store."""

import sys

import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.fsspec.snapshot_store import FsspecSnapshotStore
from entrypoints._snapshots.store_factory import open_store


@pytest.mark.parametrize("place", [".", "kept", "/kept", "/kept/macro_1.pack"])
def test_a_path_is_in_files(place):
    assert isinstance(open_store(place), FilesystemSnapshotStore)


@pytest.mark.parametrize("place", ["memory://kept", "memory://kept/macro_1.pack"])
def test_a_url_is_for_fsspec(place):
    assert isinstance(open_store(place), FsspecSnapshotStore)


def test_without_fsspec_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "adapters.fsspec.snapshot_store")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(OSError, match=r"'s3://b/x' needs .*fsspec.*pip install fsspec$"):
        open_store("s3://b/x")
    assert isinstance(open_store("/kept"), FilesystemSnapshotStore)
