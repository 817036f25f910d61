"""The manager's event loop answers heartbeats, so its thread must not do slow work."""

import threading
from pathlib import Path

import pytest

from adapters.filesystem.run_directory import FilesystemRunDirectory
from adapters.local_agents.launcher import LocalAgentLauncher
from adapters.run_scripts.writer import ShellRunScriptWriter
from adapters.tcp.manager_link import MMPClient
from domain.placement.planning import Planner
from entrypoints.manager import Manager
from tests.support.pair import with_programs

WORKER = "conjoin-worker"
LAUNCHER = "conjoin-launch"
BROKEN = "raise ValueError('oh no')\n"


@pytest.fixture
def threads(monkeypatch):
    """Return a function that records the names of the threads on which a method is called."""

    def note(owner, method):
        original = getattr(owner, method)
        names = set()

        def call(*arguments, **options):
            names.add(threading.current_thread().name)
            return original(*arguments, **options)

        monkeypatch.setattr(owner, method, call)
        return names

    return note


def test_run_start_does_no_slow_work_on_the_event_loop(threads):
    launching = threads(LocalAgentLauncher, "launch")
    slow = {
        "placing": threads(Planner, "plan"),
        "creating directories": threads(FilesystemRunDirectory, "instance_directory"),
        "writing scripts": threads(ShellRunScriptWriter, "write"),
    }
    with Manager(with_programs()) as manager:
        manager.start_all()
        assert manager.wait().succeeded
    assert slow == {what: {WORKER} for what in slow}
    assert launching == {LAUNCHER}


def test_output_of_a_failed_instance_is_not_read_on_the_event_loop(threads):
    reading = threads(FilesystemRunDirectory, "instance_output_tail")
    with Manager(with_programs(macro=BROKEN)) as manager:
        manager.start_all()
        assert "oh no" in manager.wait().cause
    assert reading == {WORKER}


def test_directory_of_an_instance_started_by_hand_is_not_created_on_the_event_loop(threads, manual):
    creating = threads(FilesystemRunDirectory, "instance_directory")
    with Manager(manual) as manager:
        client = MMPClient("macro", manager.location)
        client.register_instance(["tcp:localhost:1"], [])
        directory = client.get_checkpoint_info().snapshot_directory
        client.close()
    assert Path(directory).is_dir()
    assert creating == {WORKER}
