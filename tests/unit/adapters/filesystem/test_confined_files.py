"""Files whose paths come from another program: only regular ones below a directory are used."""

import os
import socket
from pathlib import Path

import pytest

from adapters.filesystem import confined_files
from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from domain.identity import Reference


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "snapshots"
    (path / "inner").mkdir(parents=True)
    (tmp_path / "private").write_text("secret")
    return path


def content(path, folder):
    with confined_files.opened(str(path), below=folder) as file:
        return os.read(file, 100)


@pytest.mark.parametrize("name", ["a_1.pack", "inner/a_1.pack"])
def test_regular_file_below_the_directory_can_be_read_and_removed(folder, name):
    (folder / name).write_bytes(b"x")
    assert content(folder / name, folder) == b"x"
    confined_files.remove(str(folder / name), below=folder)
    assert not (folder / name).exists()


def test_symlink_to_the_directory_itself_may_be_part_of_the_path(folder, tmp_path):
    (folder / "a").write_bytes(b"x")
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert content(link / "a", folder) == b"x"
    assert content(folder / "a", link) == b"x"


def make_refused(kind, folder, tmp_path):
    """Create something that must be refused; return its path."""
    private = tmp_path / "private"
    path = folder / "a_1.pack"
    match kind:
        case "outside":
            return private
        case "parent":
            return f"{folder}/../private"
        case "through inner":
            return f"{folder}/inner/../../private"
        case "relative":
            return "a_1.pack"
        case "empty":
            return ""
        case "null byte":
            return f"{folder}/a\0b"
        case "directory":
            return folder / "inner"
        case "the directory itself":
            return folder
        case "link to a file":
            path.symlink_to(private)
        case "link inside":
            (folder / "b").write_text("x")
            path.symlink_to("b")
        case "link to a directory":
            (folder / "out").symlink_to(tmp_path)
            return folder / "out" / "private"
        case "circle":
            (folder / "loop").symlink_to("loop")
            return folder / "loop" / "a"
        case "fifo":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as sock:
                sock.bind(str(path))
        case "device":
            return "/dev/zero"
    return path


KINDS = [
    *("outside", "parent", "through inner", "relative", "empty", "null byte", "directory"),
    *("the directory itself", "link to a file", "link inside", "link to a directory", "circle"),
    *("fifo", "socket", "device"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_anything_else_is_neither_read_nor_removed(kind, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "a_1.pack").unlink(missing_ok=True)
    path = make_refused(kind, folder, tmp_path)
    store = FilesystemSnapshotStore(folder, is_confined=True)
    for action in (store.load, store.secure, store.remove):
        with pytest.raises(PermissionError, match=r"refused: it is not a regular file below '.*'"):
            action(str(path))
    assert (tmp_path / "private").read_text() == "secret"
    if kind in ("fifo", "socket", "link inside"):
        assert os.path.lexists(path)


def test_missing_file_is_reported_as_missing(folder):
    with pytest.raises(FileNotFoundError):
        content(folder / "absent", folder)


def test_confined_store_uses_its_own_snapshots(folder):
    store = FilesystemSnapshotStore(folder, is_confined=True)
    location = store.store(Reference("macro"), 1, b"data")
    store.secure(location)
    assert store.load(location) == b"data"
    store.remove(location)
    assert not Path(location).exists()
