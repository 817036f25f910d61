"""The contents of a file after the disk fails during a write."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.filesystem import durable_files
from adapters.filesystem.durable_files import (
    remove_leftovers,
    sync_directory,
    sync_file,
    write_durably,
    write_pieces_durably,
)

HOST = os.uname().nodename
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


def test_data_in_pieces_is_written_as_one_file(path):
    pieces = [b"head", memoryview(NEW), b"", *([b"ab"] * 3000), b"end"]
    write_pieces_durably(path, pieces)
    assert path.read_bytes() == b"".join(pieces)


def leftover(folder, name):
    file = folder / name
    file.write_bytes(b"x" * 1000)
    return file


def dead_pid():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize("name", [".macro_1.pack", ".snapshot_20260102_030405_2.ymmsl"])
def test_temporary_file_of_a_killed_writer_is_removed(tmp_path, name):
    leftover(tmp_path, f"{name}.{HOST}-{dead_pid()}.tmp")
    leftover(tmp_path, f"{name}.tmp")  # as Conjoin's first versions named them
    remove_leftovers(tmp_path)
    assert names_in(tmp_path) == []


def test_temporary_file_of_a_live_writer_stays(tmp_path):
    kept = {
        leftover(tmp_path, f".macro_1.pack.{HOST}-{os.getpid()}.tmp").name,
        leftover(tmp_path, f".macro_1.pack.elsewhere-{dead_pid()}.tmp").name,
    }
    remove_leftovers(tmp_path)
    assert set(names_in(tmp_path)) == kept


def test_temporary_file_that_was_not_written_for_an_hour_is_removed(tmp_path):
    file = leftover(tmp_path, ".macro_1.pack.elsewhere-77.tmp")
    os.utime(file, (0, 0))
    remove_leftovers(tmp_path)
    assert names_in(tmp_path) == []


def test_other_files_are_not_removed_as_leftovers(path):
    kept = {path.name, leftover(path.parent, ".tmp").name, leftover(path.parent, "a_1.tmp").name}
    remove_leftovers(path.parent)
    remove_leftovers(path.parent / "absent")
    assert set(names_in(path.parent)) == kept


@pytest.mark.parametrize("moment", ["before", "after"])
def test_partial_writes_are_continued(path, monkeypatch, moment):
    class Slow(FailingOs):
        def _fail(self, descriptor, pieces):
            return os.write(descriptor, pieces[0][:999])

    pieces = [NEW, b"x"] if moment == "before" else [b"x", NEW]
    monkeypatch.setattr(durable_files, "os", Slow("writev"))
    write_pieces_durably(path, pieces)
    assert path.read_bytes() == b"".join(pieces)


@pytest.mark.parametrize("function", ["open", "writev", "fsync", "replace"])
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
