"""The profile of a run, with the engine `inline`."""

import asyncio
import json

import pytest

import entrypoints.runtime as tasks
from application.runtime.execution import name_of
from application.runtime.profile import Profile
from application.runtime.runtime_proxy import RuntimeProxy


@tasks.tessera
class Farm:
    """Works on items."""

    def square(self, x):
        return x * x

    async def wait(self, gate):
        await gates[gate].wait()


gates = {}


def square(x):
    return x * x


def run(main, **options):
    return tasks.run(main, engine="inline", log_level="error", **{"num_workers": 2, **options})


def events_in(directory):
    """Return the events in the only profile in a directory."""
    (path,) = directory.glob("profile-*.json")
    return json.loads(path.read_text())


def names(events, category):
    return [event["name"] for event in events if event.get("cat") == category]


async def use(runtime):
    farm = await Farm.remote()
    await farm.square(2)
    await runtime.submit(square, 3)
    await runtime.get(await runtime.put(b"x" * 100_000))


def test_profile_is_in_the_run_directory(tmp_path):
    run(use, run_directory=tmp_path)
    events = events_in(tmp_path)
    assert sorted(names(events, "task")) == ["Farm.__init__", "Farm.square", "square"]
    assert names(events, "transfer") == ["put", "get"]
    processes = {event["args"]["name"] for event in events if event["name"] == "process_name"}
    assert {uid.partition("@")[0] for uid in processes} >= {"head", "worker:0:0"}


def test_profile_can_be_switched_off(tmp_path):
    run(use, run_directory=tmp_path, profile=False)
    assert list(tmp_path.glob("profile-*")) == []


def test_profile_of_a_failed_run_is_complete(tmp_path):
    async def main(runtime):
        await use(runtime)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run(main, run_directory=tmp_path)
    assert len(names(events_in(tmp_path), "task")) == 3


def test_two_runs_in_a_directory_have_their_own_profiles(tmp_path):
    run(use, run_directory=tmp_path)
    run(use, run_directory=tmp_path)
    assert len(list(tmp_path.glob("profile-*.json"))) == 2


def test_many_events_are_written_in_batches(tmp_path):
    async def main(runtime):
        farm = await Farm.remote()
        for x in range(2500):
            await farm.square(x)

    run(main, run_directory=tmp_path)
    assert names(events_in(tmp_path), "task").count("Farm.square") == 2500


def test_wait_of_a_call_in_the_queue_of_its_actor_is_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr("application.runtime.profile_buffer.SHORTEST_WAIT", 0.0)

    async def main(runtime):
        gates["gate"] = asyncio.Event()
        farm = await Farm.remote()
        first, second = farm.wait("gate"), farm.square(2)
        gates["gate"].set()
        await second
        await first

    run(main, run_directory=tmp_path)
    assert names(events_in(tmp_path), "wait") == ["Farm.wait", "Farm.square"]


def test_request_profile_returns_the_new_events_of_a_worker():
    async def main(runtime):
        worker = runtime.workers[0]
        await Farm.remote(runtime=worker)
        first = await worker.request_profile(reply=True)
        second = await worker.request_profile(reply=True)
        return [(event.name, event.member == worker.uid) for event in first], second

    assert run(main) == ([("Farm.__init__", True)], [])


def test_send_profile_sends_the_events_to_the_monitor():
    @tasks.tessera
    class Sender:
        async def send(self):
            await self.runtime.send_profile()

    async def main(runtime):
        await (await Sender.remote()).send()
        monitor = runtime.get_monitor()
        assert isinstance(monitor, RuntimeProxy)
        return await monitor.request_profile(reply=True)

    assert run(main) == []


def test_monitor_keeps_the_events_that_it_receives():
    class Comms:
        """No communications."""

    profile = Profile(own="monitor", comms=Comms(), buffer=None)
    profile.recv_profile("worker:0:0", ["event"])
    assert profile.collected == ["event"]
    written = []
    profile.write_to(written.extend)
    profile.recv_profile("worker:0:0", ["later"])
    assert (profile.collected, written) == (["event"], ["later"])


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (square, "square"),
        (Farm().square, "Farm.square"),
        (Farm, "Farm.__init__"),
        (lambda: 1, "<lambda>"),
    ],
)
def test_function_has_its_short_name(function, name):
    assert name_of(function) == name
