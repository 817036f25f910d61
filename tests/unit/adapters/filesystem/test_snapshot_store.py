"""Snapshot files: their names, and unrelated files in the same directory."""

from pathlib import Path

import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore, name_key
from domain.identity import Reference

MACRO = Reference("macro")


def test_location_is_an_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = FilesystemSnapshotStore(Path("snapshots"))
    monkeypatch.chdir("/")
    assert store.store(MACRO, 1, b"x") == str(tmp_path / "snapshots" / "macro_1.pack")


def test_directory_is_created_by_the_first_snapshot(tmp_path):
    folder = tmp_path / "a" / "b"
    store = FilesystemSnapshotStore(folder)
    assert store.locations() == []
    assert not folder.exists()
    store.store(MACRO, 1, b"x")
    assert folder.is_dir()


def test_other_files_are_not_listed(tmp_path):
    store = FilesystemSnapshotStore(tmp_path)
    for name in (".macro_1.pack.tmp", ".macro_1.pack", "macro.pack", "macro_1.pack.old", "_1.pack"):
        (tmp_path / name).touch()
    location = store.store(MACRO, 1, b"x")
    assert store.locations() == [location]


def test_snapshots_in_other_directories_can_be_used(tmp_path):
    location = FilesystemSnapshotStore(tmp_path / "theirs").store(MACRO, 1, b"x")
    store = FilesystemSnapshotStore(tmp_path / "mine")
    store.secure(location)
    assert store.load(location) == b"x"
    store.remove(location)
    assert not Path(location).exists()


def test_error_names_a_directory_that_cannot_be_created(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file/snapshots"):
        FilesystemSnapshotStore(tmp_path / "file" / "snapshots").store(MACRO, 1, b"x")


def test_names_are_sorted_by_instance_and_number():
    names = ["odd name", "micro-0-_1.pack", "macro_10.pack", "macro_2.pack"]
    assert sorted(names, key=name_key) == names[::-1]
