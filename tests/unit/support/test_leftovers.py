"""Detection of threads, processes, sockets and files that a test leaves behind."""

import socket
import subprocess
import sys
import threading

import pytest

from tests.support import leftovers
from tests.support.leftovers import Surroundings, wait_for_leftovers


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(leftovers, "_PATIENCE", 0.1)


def test_clean_test_has_no_leftovers():
    assert wait_for_leftovers(Surroundings.now()) == []


@pytest.mark.usefixtures("impatient")
def test_leftover_thread_is_reported():
    before = Surroundings.now()
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="forgotten")
    thread.start()
    try:
        assert wait_for_leftovers(before) == ["thread 'forgotten'"]
    finally:
        end.set()
        thread.join()


@pytest.mark.usefixtures("impatient")
def test_leftover_process_is_reported():
    before = Surroundings.now()
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert any(text.startswith("process") for text in wait_for_leftovers(before))
        process.communicate(b"\n")


@pytest.mark.usefixtures("impatient")
def test_leftover_socket_is_reported():
    before = Surroundings.now()
    with socket.socket():
        assert [text.split()[0] for text in wait_for_leftovers(before)] == ["socket"]


@pytest.mark.usefixtures("impatient")
def test_leftover_file_is_reported(tmp_path):
    before = Surroundings.now()
    with (tmp_path / "forgotten.txt").open("w"):
        (text,) = wait_for_leftovers(before)
        assert text.endswith("forgotten.txt")


def test_thread_that_is_about_to_end_is_not_a_leftover():
    before = Surroundings.now()
    end = threading.Timer(0.05, lambda: None)
    end.start()
    assert wait_for_leftovers(before) == []
