"""The file `stat` of a process in procfs."""

import os
from pathlib import Path

import pytest

from adapters.processes.process_stat import PARENT, SESSION, START_TIME, STATE, read_stat


def test_fields_are_those_after_the_name(tmp_path: Path):
    path = tmp_path / "stat"
    numbers = " ".join(map(str, range(1, 20)))
    path.write_text(f"12 (a) name) S {numbers} 77\n")
    fields = read_stat(str(path))
    assert fields[STATE] == b"S"
    assert (fields[PARENT], fields[SESSION], fields[START_TIME]) == (b"1", b"3", b"19")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs procfs")
def test_parent_and_session_are_those_of_this_process():
    fields = read_stat("/proc/self/stat")
    assert int(fields[PARENT]) == os.getppid()
    assert int(fields[SESSION]) == os.getsid(0)


def test_missing_process_is_an_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        read_stat(str(tmp_path / "stat"))
