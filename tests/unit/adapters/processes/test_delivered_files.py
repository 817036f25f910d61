"""Tests of files that are created on a node for a program, and of reading its output."""

from pathlib import Path

import pytest

from adapters.processes.delivered_files import create_files, read_output
from domain.running.agents import StartCommand


def command(folder: Path, files: dict[Path, bytes] | None) -> StartCommand:
    out, err = folder / "out" / "stdout.txt", folder / "out" / "stderr.txt"
    return StartCommand("a", folder / "a" / "workdir", ("a",), {}, out, err, files=files)


def test_files_and_directories_are_created(tmp_path: Path) -> None:
    script = tmp_path / "b" / "script"
    create_files(command(tmp_path, {script: b"#!/bin/sh\n\xff"}))
    assert script.read_bytes() == b"#!/bin/sh\n\xff"
    assert script.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "a" / "workdir").is_dir()
    assert (tmp_path / "out").is_dir()


def test_existing_file_is_replaced(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("old")
    create_files(command(tmp_path, {script: b"new"}))
    assert script.read_bytes() == b"new"


def test_nothing_is_created_where_the_files_are_shared(tmp_path: Path) -> None:
    create_files(command(tmp_path, None))
    assert list(tmp_path.iterdir()) == []


def test_file_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("not a directory")
    with pytest.raises(OSError, match="a"):
        create_files(command(tmp_path, {}))


def test_output_is_read_from_an_offset(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"0123456789")
    assert read_output(path, 2, 5) == b"23456"
    assert read_output(path, 8, 5) == b"89"
    assert read_output(path, 10, 5) == b""


def test_output_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    assert read_output(tmp_path / "out", 0, 5) == b""
