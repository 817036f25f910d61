"""A leak of each kind is noticed, and what is just ending is not a leak."""

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


def test_nothing_left_is_no_leak():
    assert wait_for_leftovers(Surroundings.now()) == []


@pytest.mark.usefixtures("impatient")
def test_a_thread_is_noticed():
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
def test_a_process_is_noticed():
    before = Surroundings.now()
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert any(text.startswith("process") for text in wait_for_leftovers(before))
        process.communicate(b"\n")


@pytest.mark.usefixtures("impatient")
def test_a_socket_is_noticed():
    before = Surroundings.now()
    with socket.socket():
        assert [text.split()[0] for text in wait_for_leftovers(before)] == ["socket"]


@pytest.mark.usefixtures("impatient")
def test_a_file_is_noticed(tmp_path):
    before = Surroundings.now()
    with (tmp_path / "forgotten.txt").open("w"):
        (text,) = wait_for_leftovers(before)
        assert text.endswith("forgotten.txt")


def test_a_thread_that_is_just_ending_is_no_leak():
    before = Surroundings.now()
    end = threading.Timer(0.05, lambda: None)
    end.start()
    assert wait_for_leftovers(before) == []
