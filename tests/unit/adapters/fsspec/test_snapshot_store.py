"""Snapshots in fsspec storage: their names, local copies, and errors of the backend."""

import errno
import sys
import uuid
from pathlib import Path

import fsspec
import pytest

from adapters.fsspec.snapshot_store import FsspecSnapshotStore
from domain.identity import Reference

MACRO = Reference("macro")
MICRO = Reference("micro[3]")


@pytest.fixture
def root():
    root = f"/{uuid.uuid4().hex}"  # fsspec's memory file system is shared by the whole process
    yield root
    files = fsspec.filesystem("memory")
    if files.exists(root):
        files.rm(root, recursive=True)


@pytest.fixture
def store(root):
    return FsspecSnapshotStore(f"memory:/{root}")


def failing(monkeypatch, store, name, error):
    """Make a method of the backend raise an error."""

    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(store._files, name, fail)


def test_location_is_a_url(store, root):
    assert store.store(MICRO, 7, b"x") == f"memory://{root}/micro-3-_7.pack"


def test_other_objects_are_not_listed(store, root):
    location = store.store(MACRO, 1, b"x")
    files = fsspec.filesystem("memory")
    for name in (".macro_1.pack.tmp", ".macro_2.pack", "macro.pack", "macro_1.pack.old"):
        files.pipe(f"{root}/{name}", b"")
    assert store.locations() == [location]


def test_local_copies_of_equal_names_do_not_clash(store, root, tmp_path):
    other = FsspecSnapshotStore(f"memory:/{root}/other")
    copies = [
        item.local_path(item.store(MACRO, 1, data), scratch=tmp_path)
        for item, data in ((store, b"a"), (other, b"b"))
    ]
    assert [Path(copy).read_bytes() for copy in copies] == [b"a", b"b"]


def test_local_files_are_not_copied(tmp_path):
    store = FsspecSnapshotStore(f"file://{tmp_path}/run")
    location = store.store(MACRO, 1, b"x")
    assert store.local_path(location, scratch=tmp_path / "absent") == f"{tmp_path}/run/macro_1.pack"


def test_backend_error_is_mapped_and_names_the_location(store, monkeypatch):
    location = store.store(MACRO, 1, b"x")
    failing(monkeypatch, store, "cat_file", ValueError("no credentials"))
    with pytest.raises(OSError, match=rf"'{location}' cannot be used: ValueError: no credentials"):
        store.load(location)


def test_failed_rename_leaves_no_object(store, monkeypatch):
    failing(monkeypatch, store, "mv", RuntimeError("gone"))
    with pytest.raises(OSError, match="RuntimeError: gone"):
        store.store(MACRO, 1, b"x")
    assert fsspec.filesystem("memory").find(store._root) == []


def test_directory_is_not_created_unless_needed(store, monkeypatch):
    failing(monkeypatch, store, "makedirs", PermissionError("you may not make a bucket"))
    assert store.load(store.store(MACRO, 1, b"x")) == b"x"


def test_incomplete_upload_is_an_error_and_removed(store, monkeypatch):
    monkeypatch.setattr(store._files, "size", lambda path: 2)
    with pytest.raises(OSError, match="only 2 of 5 bytes were stored"):
        store.store(MACRO, 1, b"whole")
    assert fsspec.filesystem("memory").find(store._root) == []


def test_failed_fsync_is_an_error_and_removes_the_file(tmp_path, monkeypatch):
    def fail(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    store = FsspecSnapshotStore(f"file://{tmp_path}/run")
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        store.store(MACRO, 1, b"x")
    assert list((tmp_path / "run").iterdir()) == []


def test_missing_package_error_contains_the_install_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(OSError, match=r"'s3://b/x' needs a Python package .*Install s3fs"):
        FsspecSnapshotStore("s3://b/x")


def test_options_are_passed_to_the_backend(tmp_path):
    store = FsspecSnapshotStore(f"file://{tmp_path}/a/b", auto_mkdir=True)
    assert store._files.auto_mkdir


def test_confined_store_refuses_objects_outside_of_its_url(root):
    mine = FsspecSnapshotStore(f"memory:/{root}/run", is_confined=True)
    location = mine.store(MACRO, 1, b"x")
    other = FsspecSnapshotStore(f"memory:/{root}/run2").store(MACRO, 1, b"secret")
    assert mine.load(location) == b"x"
    for path in (other, f"memory:/{root}/run/../run2/macro_1.pack", f"memory:/{root}/run"):
        for action in (mine.load, mine.secure, mine.remove, mine.size):
            with pytest.raises(PermissionError, match="refused: it is not an object below"):
                action(path)
    mine.remove(location)
