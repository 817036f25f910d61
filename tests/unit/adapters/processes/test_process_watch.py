"""Processes that cannot be watched, or whose id was reused."""

import os
import threading

import pytest

from adapters.io.event_loop import EventLoop
from adapters.processes.process_watch import PidfdProcessWatch
from domain.running.clients import Process
from tests.support.conditions import PATIENCE

pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="needs descriptors of processes"
)


@pytest.fixture
def loop():
    loop = EventLoop("services")
    loop.start()
    yield loop
    loop.close()


def test_process_whose_id_was_reused_has_ended(loop):
    ended = threading.Event()
    watch = PidfdProcessWatch(loop)
    loop.call_soon(lambda: watch.watch(Process(os.getpid(), started=0), ended.set))
    assert ended.wait(PATIENCE)


def test_system_without_descriptors_of_processes_watches_nothing(loop, monkeypatch):
    monkeypatch.delattr(os, "pidfd_open")
    done = threading.Event()
    calls = []
    watch = PidfdProcessWatch(loop)
    loop.call_soon(lambda: watch.watch(Process(os.getpid(), started=0), lambda: calls.append(1)))
    loop.call_soon(lambda: loop.call_soon(done.set))
    assert done.wait(PATIENCE)
    assert calls == []
