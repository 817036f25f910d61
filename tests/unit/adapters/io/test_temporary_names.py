"""Which temporary files may still be written."""

import os
import subprocess
import sys
import time

import pytest

from adapters.io.temporary_names import ABANDONED_AFTER, has_writer, is_temporary, temporary_name

HOST = os.uname().nodename


@pytest.mark.parametrize("name", ["macro_1.pack", "snapshot_20260102_030405_2.ymmsl"])
def test_temporary_name_of_this_process_has_a_writer(name):
    temporary = temporary_name(name)
    assert is_temporary(temporary)
    assert has_writer(temporary, modified=time.time())
    assert has_writer(temporary, modified=None)


@pytest.mark.parametrize("name", ["macro_1.pack", ".tmp", "a_1.tmp", ".macro.tmp"])
def test_other_names_are_not_temporary(name):
    assert not is_temporary(name)
    assert not has_writer(name, modified=time.time())


def test_ended_process_is_not_a_writer():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert not has_writer(f".macro_1.pack.{HOST}-{process.pid}.tmp", modified=time.time())


def test_writer_on_another_machine_is_alive_for_an_hour_after_its_last_write():
    name = ".macro_1.pack.elsewhere-77.tmp"
    assert has_writer(name, modified=time.time())
    assert has_writer(name, modified=None)
    assert not has_writer(name, modified=time.time() - ABANDONED_AFTER - 60)
