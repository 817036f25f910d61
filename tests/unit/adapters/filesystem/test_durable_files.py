"""The contents of a file after the disk fails during a write."""

import errno
import os
import sys
from pathlib import Path

import pytest

from adapters.filesystem import durable_files
from adapters.filesystem.durable_files import sync_directory, sync_file, write_durably

OLD = b"old" * 10
NEW = b"new" * 10_000


class FailingOs:
    """The module `os` with one function that fails."""

    def __init__(self, name, number=errno.EIO):
        self._name = name
        self._number = number

    def __getattr__(self, name):
        return self._fail if name == self._name else getattr(os, name)

    def _fail(self, *args, **kwargs):
        raise OSError(self._number, os.strerror(self._number))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "macro_1.pack"
    write_durably(path, OLD)
    return path


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def test_file_is_replaced_atomically(path):
    write_durably(path, NEW)
    assert path.read_bytes() == NEW
    assert names_in(path.parent) == [path.name]


def test_temporary_file_of_an_interrupted_write_is_removed_by_the_next(path):
    path.with_name(f".{path.name}.tmp").write_bytes(b"x" * 100_000)
    write_durably(path, NEW)
    assert path.read_bytes() == NEW
    assert names_in(path.parent) == [path.name]


def test_partial_writes_are_continued(path, monkeypatch):
    class Slow(FailingOs):
        def _fail(self, descriptor, data):
            return os.write(descriptor, data[:999])

    monkeypatch.setattr(durable_files, "os", Slow("write"))
    write_durably(path, NEW)
    assert path.read_bytes() == NEW


@pytest.mark.parametrize("function", ["open", "write", "fsync", "replace"])
def test_write_error_is_raised_and_the_old_file_is_kept(path, monkeypatch, function):
    monkeypatch.setattr(durable_files, "os", FailingOs(function))
    with pytest.raises(OSError, match="Input/output error"):
        write_durably(path, NEW)
    monkeypatch.undo()
    assert path.read_bytes() == OLD
    assert names_in(path.parent) == [path.name]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_file_system_that_cannot_sync_directories_is_accepted(path, monkeypatch, number):
    monkeypatch.setattr(durable_files, "os", FailingOs("fsync", number))
    sync_directory(path.parent)


def test_other_error_while_syncing_a_directory_is_raised(path, monkeypatch):
    monkeypatch.setattr(durable_files, "os", FailingOs("fsync"))
    with pytest.raises(OSError, match="Input/output error"):
        sync_directory(path.parent)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_sync_of_an_existing_file_also_syncs_its_directory(path, monkeypatch):
    synced = []

    class RecordingOs(FailingOs):
        def _fail(self, descriptor):
            synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(durable_files, "os", RecordingOs("fsync"))
    sync_file(path)
    assert synced == [path, path.parent]


def test_sync_of_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        sync_file(tmp_path / "absent")
