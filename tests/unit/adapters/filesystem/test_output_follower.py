"""The output of programs is followed line by line."""

import os

import pytest

from adapters.filesystem import output_follower
from adapters.filesystem.output_follower import OutputFollower


@pytest.fixture
def folders(tmp_path):
    for name in ("macro", "micro"):
        (tmp_path / name).mkdir()
    return {name: tmp_path / name for name in ("macro", "micro")}


def append(folder, text, name="stdout.txt"):
    with (folder / name).open("a") as file:
        file.write(text)


def test_new_output_lines_have_the_name_of_their_instance(folders):
    follower = OutputFollower(folders)
    append(folders["macro"], "one\ntwo\n")
    append(folders["micro"], "oops\n", "stderr.txt")
    assert follower.new_lines() == ["[macro] one", "[macro] two", "[micro] oops"]
    append(folders["macro"], "three\n")
    assert follower.new_lines() == ["[macro] three"]
    assert follower.new_lines() == []


def test_incomplete_output_line_is_kept_until_it_is_complete(folders):
    follower = OutputFollower(folders)
    append(folders["macro"], "one\ntw")
    assert follower.new_lines() == ["[macro] one"]
    append(folders["macro"], "o\n\n")
    assert follower.new_lines() == ["[macro] two", "[macro] "]


def test_last_output_line_without_a_line_break_is_shown_at_the_end(folders):
    follower = OutputFollower(folders)
    append(folders["macro"], "all done")
    assert follower.new_lines() == []
    follower.finish()
    assert follower.new_lines() == ["[macro] all done"]
    assert follower.new_lines() == []


def test_missing_output_files_have_no_lines(tmp_path):
    assert OutputFollower({"macro": tmp_path / "nowhere"}).new_lines() == []


def test_output_file_replaced_by_a_fifo_is_not_read(folders):
    os.mkfifo(folders["macro"] / "stdout.txt")
    assert OutputFollower(folders).new_lines() == []


def test_output_beyond_the_limit_is_skipped_with_a_note(folders, monkeypatch):
    monkeypatch.setattr(output_follower, "MOST_BYTES", 4)
    follower = OutputFollower(folders)
    append(folders["macro"], "one\ntwo\nthree\n")
    path = folders["macro"] / "stdout.txt"
    assert follower.new_lines() == ["[macro] one", f"[macro] ... (10 bytes more, see {path})"]
    append(folders["macro"], "4\n")
    assert follower.new_lines() == ["[macro] 4"]


def test_output_that_is_not_text_is_shown_with_replacement_characters(folders):
    (folders["macro"] / "stdout.txt").write_bytes(b"\xff\n")
    assert OutputFollower(folders).new_lines() == ["[macro] \ufffd"]
