"""The file with the profile of a run."""

import json

import pytest

from adapters.filesystem.trace_file import TraceFile


def test_closed_file_is_a_json_array(tmp_path):
    file = TraceFile(tmp_path / "run")
    file.write(['{"a": 1}', '{"a": 2}'])
    file.write(['{"a": 3}'])
    file.close()
    file.close()
    assert json.loads(file.path.read_text()) == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_file_without_entries_is_a_json_array(tmp_path):
    file = TraceFile(tmp_path)
    file.close()
    assert json.loads(file.path.read_text()) == []


def test_entries_are_in_the_file_before_it_is_closed(tmp_path):
    file = TraceFile(tmp_path)
    file.write(['{"a": 1}'])
    assert json.loads(file.path.read_text() + "]") == [{"a": 1}]
    file.close()


def test_two_runs_in_a_directory_have_their_own_files(tmp_path):
    first, second = TraceFile(tmp_path), TraceFile(tmp_path)
    first.close()
    second.close()
    assert first.path != second.path


def test_entry_after_the_end_is_ignored(tmp_path):
    file = TraceFile(tmp_path)
    file.close()
    file.write(["1"])
    assert json.loads(file.path.read_text()) == []


def test_abandoned_file_keeps_its_entries(tmp_path):
    file = TraceFile(tmp_path)
    file.write(["1"])
    file.abandon()
    assert file.path.read_text() == "[\n1"


def test_file_where_a_directory_is_needed_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        TraceFile(tmp_path / "file")
