"""The profile of a run with real workers."""

import asyncio
import json

import numpy as np
import pytest

import entrypoints.runtime as tasks

GUARD = 30


@tasks.tessera
class Reader:
    """Reads arrays on a worker."""

    def total(self, a):
        return float(a.sum())

    def die(self):
        import os

        os._exit(1)


def run(main, **options):
    async def guarded(runtime):
        return await asyncio.wait_for(main(runtime), GUARD)

    return tasks.run(guarded, num_workers=2, log_level="error", **options)


def events_in(directory):
    """Return the events in the only profile in a directory, and the names of the processes."""
    (path,) = directory.glob("profile-*.json")
    events = json.loads(path.read_text())
    processes = {
        event["pid"]: event["args"]["name"].partition("@")[0]
        for event in events
        if event["name"] == "process_name"
    }
    return [event for event in events if event["ph"] == "X"], processes


def test_profile_has_tasks_and_transfers_of_each_worker(tmp_path):
    async def main(runtime):
        readers = await Reader.remote(len=2)
        ref = await runtime.put(np.ones(100_000))
        return await readers.total(ref).result()

    assert run(main, run_directory=tmp_path) == [100_000.0] * 2
    events, processes = events_in(tmp_path)
    found = {(processes[event["pid"]], event["name"]) for event in events}
    for worker in ("worker:0:0", "worker:0:1"):
        assert {(worker, "Reader.__init__"), (worker, "Reader.total"), (worker, "get")} <= found
    (put,) = [event for event in events if event["name"] == "put"]
    assert processes[put["pid"]] == "head"
    assert put["args"]["bytes"] >= 800_000


def test_profile_has_spills(tmp_path):
    async def main(runtime):
        refs = [await runtime.put(np.full(500_000, i), reply=True) for i in range(4)]
        return [int((await ref)[0]) for ref in refs]

    assert run(main, run_directory=tmp_path, warehouse_memory=9_000_000) == [0, 1, 2, 3]
    events, _ = events_in(tmp_path)
    spills = [event for event in events if event["cat"] == "spill"]
    assert spills
    assert all(event["args"]["bytes"] >= 4_000_000 for event in spills)


def test_profile_of_a_run_that_lost_a_worker_can_be_read(tmp_path):
    async def main(runtime):
        reader = await Reader.remote()
        with pytest.raises(tasks.RuntimeDisconnectedError):
            await reader.die()

    run(main, run_directory=tmp_path, max_worker_restarts=0)
    events_in(tmp_path)
