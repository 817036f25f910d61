"""Reading the end of a file with any contents."""

import os

from adapters.filesystem.last_lines import last_lines


def test_short_file_is_returned_completely(tmp_path):
    path = tmp_path / "stderr.txt"
    path.write_text("one\n\nthree")
    assert last_lines(path, 5) == "one\n\nthree"


def test_directory_or_missing_file_has_no_last_lines(tmp_path):
    assert last_lines(tmp_path, 5) == ""
    assert last_lines(tmp_path / "absent", 5) == ""


def test_end_of_a_huge_line_is_returned_without_reading_all_of_it(tmp_path):
    path = tmp_path / "stderr.txt"
    path.write_bytes(b"x" * 1_000_000 + b"\nend")
    lines = last_lines(path, 2).splitlines()
    assert len(lines[0]) < 300_000
    assert lines[1] == "end"


def test_undecodable_bytes_are_escaped(tmp_path):
    path = tmp_path / "stderr.txt"
    path.write_bytes(b"\xff\xfe ok\n")
    assert last_lines(path, 1).endswith(" ok")


def test_zero_lines_are_an_empty_string(tmp_path):
    path = tmp_path / "stderr.txt"
    path.write_text("one\n")
    assert last_lines(path, 0) == ""


def test_fifo_in_place_of_a_file_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "stderr.txt")
    assert last_lines(tmp_path / "stderr.txt", 5) == ""
