"""Running simulations from a program."""

import asyncio
import enum
import logging
import sqlite3
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest
import ymmsl

from adapters.in_memory.profile_store import InMemoryProfileStore
from adapters.ymmsl_files.source import YmmslConfigurationSource
from domain.coupling.messages import Wait
from domain.errors import ConfigurationError, RunError, UsageError
from domain.running.events import (
    InstanceDeregistered,
    InstanceExited,
    InstanceRegistered,
    InstanceStarted,
    InstanceState,
    RunFinished,
)
from domain.running.process_end import Exited
from entrypoints.manager import Adapters, Manager
from tests.support.conditions import wait_until
from tests.support.leftovers import Surroundings
from tests.support.pair import with_programs

LONG = 60.0
SLEEP_INDEFINITELY = "import time\ntime.sleep(1000)\n"
BROKEN = "raise ValueError('oh no')\n"
DIES_AFTER_REGISTERING = """\
import os, signal, time
from adapters.tcp.manager_link import MMPClient
from domain.coupling.ports import Operator, Port

link = MMPClient("micro", os.environ["MUSCLE_MANAGER"], secret=os.environ["CONJOIN_SECRET"])
ports = [Port("init", Operator.F_INIT), Port("final", Operator.O_F)]
link.register_instance(["conjoin:127.0.0.1:1"], ports)
while not os.path.exists("../../macro/has_failed"):
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""
CANNOT_CONNECT = """\
try:
    instance = Instance({Operator.O_I: ["out"], Operator.S: ["in"]})
finally:
    open("../has_failed", "w").close()
"""

RUNS = with_programs()
NEVER_ENDS = with_programs(macro=SLEEP_INDEFINITELY, micro=SLEEP_INDEFINITELY)

VERSION_0_1 = """\
ymmsl_version: v0.1
model:
  name: pair
  components:
    macro: {implementation: macro, ports: {o_i: out, s: in}}
    micro: {implementation: micro, ports: {f_init: init, o_f: final}}
  conduits: {macro.out: micro.init, micro.final: macro.in}
settings: {steps: 1}
implementations:
  macro: {executable: /bin/true}
  micro: {executable: /bin/true}
"""


def states(manager):
    return {status.instance: status.state.value for status in manager.status()}


def as_path(folder):
    path = folder / "model.ymmsl"
    path.write_text(RUNS)
    return path


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(as_path, id="path"),
        pytest.param(lambda folder: str(as_path(folder)), id="path as a string"),
        pytest.param(lambda folder: [as_path(folder)], id="list of paths"),
        pytest.param(lambda _: RUNS, id="contents of a file"),
        pytest.param(lambda _: ymmsl.load(RUNS), id="v0.2 configuration of ymmsl"),
        pytest.param(lambda _: ymmsl.load(VERSION_0_1), id="v0.1 configuration of ymmsl"),
        pytest.param(
            lambda _: YmmslConfigurationSource().load([RUNS]), id="flat configuration of Conjoin"
        ),
    ],
)
def test_all_types_of_configurations_are_accepted(make, folder):
    with Manager(make(folder)) as manager:
        assert list(map(str, manager.configuration.model.components)) == ["macro", "micro"]


def test_run_completes_and_reports_the_states():
    with Manager(RUNS) as manager:
        manager.start_all()
        assert manager.wait(LONG) == RunFinished(succeeded=True)
        assert states(manager) == {"macro": "finished", "micro": "finished"}
        assert [status.end for status in manager.status()] == [Exited(0), Exited(0)]


def test_files_are_written_to_the_given_run_directory(folder):
    (folder / "here").mkdir()
    with Manager(RUNS, run_dir=folder / "here") as manager:
        manager.start_all()
        manager.wait(LONG)
    text = (folder / "here/instances/macro/stdout.txt").read_text()
    assert text == "received 0\nreceived 2\nreceived 4\n"


def test_run_directory_is_created_in_the_working_directory_by_default(folder, manual):
    with Manager(manual) as manager:
        assert manager.run_directory.parent == folder
        assert manager.run_directory.name.startswith("run_pair_")


def test_result_names_the_failed_instance_and_the_cause():
    with Manager(with_programs(micro=BROKEN)) as manager:
        manager.start_all()
        result = manager.wait(LONG)
    assert not result.succeeded
    assert result.failed_instances[0] == "micro"
    assert "ValueError: oh no" in result.cause
    assert Path(result.output_directory, "stderr.txt").exists()
    # the log indents all lines of a message but the first, so that none looks like another message
    lines = {line.strip() for line in manager.log_tail().splitlines()}
    assert lines.issuperset(line.strip() for line in result.cause.splitlines()[1:])


def test_wait_returns_none_after_its_timeout(manual):
    with Manager(manual) as manager:
        assert manager.wait(0.01) is None


def test_several_threads_can_wait_for_the_result(manual):
    results = []
    with Manager(manual) as manager:
        threads = [
            threading.Thread(target=lambda: results.append(manager.wait(LONG))) for _ in range(5)
        ]
        for thread in threads:
            thread.start()
        manager.stop("that is enough")
        for thread in threads:
            thread.join(LONG)
    assert (
        results == [RunFinished(succeeded=False, cause="that is enough", was_interrupted=True)] * 5
    )


def test_stop_ends_the_programs():
    with Manager(NEVER_ENDS) as manager:
        manager.start_all()
        manager.stop()
        result = manager.wait(LONG)
        assert states(manager) == {"macro": "stopped", "micro": "stopped"}
    assert result.cause == "The run was stopped by the user."


def test_stop_is_idempotent(manual):
    with Manager(manual) as manager:
        manager.stop("first")
        manager.stop("second")
        assert manager.wait(LONG).cause == "first"
        manager.stop("third")
    manager.stop("fourth")
    assert manager.wait().cause == "first"


def test_calls_on_a_closed_manager_do_not_reopen_anything(manual):
    with Manager(manual) as manager:
        manager.stop()
        manager.wait(LONG)
    before = Surroundings.now()
    manager.stop()
    manager.stop(save_first=True)
    assert manager.status()
    assert manager.log_tail()
    assert Surroundings.now() == before


def test_run_stopped_before_its_start_is_not_started():
    with Manager(NEVER_ENDS) as manager:
        manager.stop()
        manager.wait(LONG)
        manager.start_all()
        assert states(manager) == {"macro": "waiting to start", "micro": "waiting to start"}


def test_leaving_the_context_ends_the_run():
    with Manager(NEVER_ENDS) as manager:
        manager.start_all()
    assert manager.wait(0) == RunFinished(
        succeeded=False,
        cause="The manager was closed before the run was over.",
        was_interrupted=True,
    )


def test_close_is_idempotent_and_keeps_the_results(manual):
    with Manager(manual) as manager:
        manager.close()
        manager.close()
    assert states(manager) == {"macro": "waiting to start", "micro": "waiting to start"}
    assert manager.run_directory.is_dir()
    assert not manager.wait().succeeded
    assert not asyncio.run(manager.finished()).succeeded


def test_wait_returns_when_another_thread_closes_the_manager(manual):
    results = []
    with Manager(manual) as manager:
        thread = threading.Thread(target=lambda: results.append(manager.wait(LONG)))
        thread.start()
    thread.join(LONG)
    assert [result.succeeded for result in results] == [False]


def test_use_without_a_context_manager_raises_a_usage_error(manual):
    manager = Manager(manual)
    for use in (manager.start_all, manager.wait, manager.status, manager.stop):
        with pytest.raises(UsageError, match="as a context manager"):
            use()


def test_manager_cannot_be_used_twice(manual):
    with Manager(manual) as manager:
        manager.start_all()
        with pytest.raises(UsageError, match="called twice"):
            manager.start_all()
        with pytest.raises(UsageError, match="opened only once"):
            manager.__enter__()
    with pytest.raises(UsageError, match="has been closed"):
        manager.start_all()


def test_two_managers_run_at_the_same_time():
    with Manager(RUNS) as one, Manager(with_programs(micro=BROKEN)) as other:
        assert one.location != other.location
        assert one.run_directory != other.run_directory
        one.start_all()
        other.start_all()
        assert one.wait(LONG).succeeded
        assert not other.wait(LONG).succeeded


def test_events_are_delivered_in_order():
    events = []
    with Manager(RUNS) as manager:
        manager.subscribe(events.append)
        manager.start_all()
        manager.wait(LONG)
    assert events[-1] == RunFinished(succeeded=True)
    kinds = (InstanceStarted, InstanceRegistered, InstanceDeregistered, InstanceExited)
    of_macro = [
        type(event) for event in events if isinstance(event, kinds) and event.instance == "macro"
    ]
    assert of_macro == list(kinds)


def test_callbacks_run_on_one_named_thread(manual):
    threads = set()
    with Manager(manual) as manager:
        for _ in range(2):
            manager.subscribe(lambda _: threads.add(threading.current_thread().name))
        manager.stop()
        manager.wait(LONG)
    assert threads == {"conjoin-events"}


def test_exception_in_a_callback_is_logged_and_others_are_still_called(manual):
    events = []

    def complain(_event):
        raise ValueError("not today")

    with Manager(manual) as manager:
        manager.subscribe(complain)
        manager.subscribe(events.append)
        manager.stop()
        manager.wait(LONG)
    assert [type(event) for event in events] == [RunFinished]
    assert "ERROR" in manager.log_tail()
    assert "A subscriber raised ValueError on RunFinished: not today" in manager.log_tail()


def test_events_can_be_awaited_and_have_a_time(manual):
    async def run():
        with Manager(manual) as manager:
            events = manager.events()
            manager.stop("enough")
            return [event.to_dict() async for event in events], await manager.finished()

    begin = time.time()
    events, result = asyncio.run(asyncio.wait_for(run(), LONG))
    assert [event["event"] for event in events] == ["RunFinished"]
    assert begin - 1 <= events[0]["time"] == result.time
    with pytest.raises(RunError, match="enough"):
        result.raise_for_failure()


def test_host_that_logs_at_info_gets_no_lines_of_our_libraries(manual, caplog):
    caplog.set_level(logging.INFO)
    with Manager(manual) as manager:
        manager.stop()
        manager.wait(LONG)
    assert caplog.records == []


def test_unsubscribed_callback_receives_no_events(manual):
    events = []
    with Manager(manual) as manager:
        unsubscribe = manager.subscribe(events.append)
        unsubscribe()
        unsubscribe()
        manager.stop()
        manager.wait(LONG)
    assert events == []


def test_callback_can_close_the_manager():
    threads = set()
    with Manager(NEVER_ENDS) as manager:

        def close(event):
            if isinstance(event, InstanceStarted):
                threads.add(threading.current_thread())
                manager.close()

        manager.subscribe(close)
        manager.start_all()
        assert not manager.wait(LONG).succeeded
    # wait() returns before everything is closed.
    (closing,) = threads
    closing.join(LONG)
    assert not closing.is_alive()


def test_finished_can_be_awaited():
    async def run():
        with Manager(RUNS) as manager:
            await asyncio.to_thread(manager.start_all)
            ticks = asyncio.create_task(tick())
            result = await manager.finished()
            assert ticks.cancel()
        return result

    async def tick():
        while True:
            await asyncio.sleep(0)

    assert asyncio.run(run()) == RunFinished(succeeded=True)


def test_run_can_be_started_in_a_running_event_loop():
    async def run():
        with Manager(RUNS) as manager:
            manager.start_all()
            return await manager.finished()

    assert asyncio.run(run()).succeeded


def test_several_tasks_can_await_finished_and_be_cancelled(manual):
    async def run():
        with Manager(manual) as manager:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(manager.finished(), 0.01)
            tasks = [asyncio.create_task(manager.finished()) for _ in range(3)]
            await asyncio.sleep(0)
            tasks[0].cancel()
            manager.stop("enough")
            results = await asyncio.gather(*tasks, return_exceptions=True)
            return [*results, await manager.finished()]

    cancelled, *results = asyncio.run(run())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert [result.cause for result in results] == ["enough"] * 3


def test_closed_event_loop_does_not_prevent_the_end_of_the_run(manual):
    async def give_up(manager):
        task = asyncio.create_task(manager.finished())
        await asyncio.sleep(0)
        del task

    with Manager(manual) as manager:
        asyncio.run(give_up(manager))
        manager.stop()
        assert manager.wait(LONG) is not None


def test_status_can_be_polled_during_a_run():
    seen = set()
    with Manager(RUNS) as manager:
        manager.start_all()
        while manager.wait(0) is None:
            seen.update(status.state for status in manager.status())
    assert seen <= set(InstanceState)


def test_files_are_written_to_the_run_directory_only(folder):
    (folder / "here").mkdir()
    with Manager(RUNS, run_dir=folder / "here") as manager:
        manager.start_all()
        manager.wait(LONG)
    assert [path.name for path in folder.iterdir()] == ["here"]


def test_profiles_are_written_to_a_custom_store():
    store = InMemoryProfileStore()
    with Manager(RUNS, adapters=Adapters(profiles=store)) as manager:
        manager.start_all()
        manager.wait(LONG)
        assert not store.closed
    assert store.closed
    assert list(map(str, store.instances)) == ["macro", "micro"]
    assert all(store.events.values())
    assert not (manager.run_directory / "performance.sqlite").exists()


def test_instance_that_cannot_connect_to_a_peer_is_the_victim_of_that_peer():
    with Manager(with_programs(macro=CANNOT_CONNECT, micro=DIES_AFTER_REGISTERING)) as manager:
        manager.start_all()
        result = manager.wait(LONG)
    assert result.failed_instances[0] == "micro"
    assert "Instance 'micro' failed: it was killed by signal 9" in result.cause


def test_end_of_the_run_does_not_wait_for_the_profile(monkeypatch):
    store = InMemoryProfileStore()
    close, disk_responds = store.close, threading.Event()

    def close_when_the_disk_responds():
        assert disk_responds.wait(LONG)
        close()

    monkeypatch.setattr(store, "close", close_when_the_disk_responds)
    with Manager(RUNS, adapters=Adapters(profiles=store)) as manager:
        manager.start_all()
        assert manager.wait(LONG).succeeded
        disk_responds.set()


def test_profile_beyond_its_limit_is_a_warning():
    with Manager(RUNS.replace("steps: 3", "steps: 3\n  muscle_profile_limit: 10")) as manager:
        manager.start_all()
        result = manager.wait(LONG)
    assert result.succeeded
    (warning,) = result.warnings
    assert "the limit of 10 events was reached (setting 'muscle_profile_limit')" in warning
    assert warning in manager.log_tail()
    with closing(sqlite3.connect(manager.run_directory / "performance.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM events").fetchone() == (10,)
        (dropped,) = database.execute("SELECT sum(events) FROM conjoin_dropped_events").fetchone()
    assert f"{dropped} events were dropped" in warning


ONE_WAY = f"""\
ymmsl_version: v0.2
description: A sender, and a receiver that starts late
models:
  one_way:
    description: A sender, and a receiver that starts late
    components:
      sender: {{description: Sends, ports: {{o_i: out}}, implementation: sender}}
      receiver: {{description: Receives, ports: {{f_init: in}}, implementation: receiver}}
    conduits:
      sender.out: receiver.in
settings:
  muscle_queue_size: 0
programs:
  sender:
    description: Sends
    script: |
      #!{sys.executable}
      from entrypoints.instance import Instance, Message, Operator
      instance = Instance({{Operator.O_I: ["out"]}})
      while instance.reuse_instance():
          for number in range(5):
              following = None if number == 4 else number + 1.0
              instance.send("out", Message(float(number), following, bytes(10**6)))
  receiver:
    description: Receives
    script: |
      #!{sys.executable}
      import pathlib, time
      from entrypoints.instance import Instance, Operator
      instance = Instance({{Operator.F_INIT: ["in"]}})
      while not pathlib.Path("START").exists():
          time.sleep(0.01)
      while instance.reuse_instance():
          print(len(instance.receive("in").data))
"""


def test_status_shows_a_sender_whose_queue_is_full(folder):
    start = folder / "start"
    with Manager(ONE_WAY.replace("START", str(start))) as manager:
        manager.start_all()
        wait_until(lambda: states(manager)["sender"] == "waiting")
        waiting = manager.status()[0].waiting_for
        assert waiting == Wait("sender", "receiver", "out", is_sending=True)
        start.touch()
        assert manager.wait(LONG) == RunFinished(succeeded=True)


def test_status_names_the_port_on_which_an_instance_waits():
    slow = "import time\n" + "instance = Instance()\ntime.sleep(1000)\n"
    with Manager(with_programs(micro=slow)) as manager:
        manager.start_all()
        wait_until(lambda: states(manager)["macro"] == "waiting")
        waiting = manager.status()[0]
        assert (waiting.waiting_for.port, waiting.since > 0) == ("in", True)


def test_missing_configuration_file_is_rejected_before_anything_is_created(folder):
    with pytest.raises(ConfigurationError, match=r"nowhere\.ymmsl"):
        Manager(folder / "nowhere.ymmsl")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "None, which is a NoneType"),
        (b"x", "b'x', which is a bytes"),
        ({"a": 1}, "{'a': 1}, which is a dict"),
        ([1.0, None], r"\[1.0, None\], which is a list"),
        (("a", (1, (2, (3,)))), "which is a tuple"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_invalid_setting_value_is_rejected_with_its_key(folder, value, kind):
    made = ymmsl.load(RUNS)
    made.settings["macro.odd"] = value
    flat = YmmslConfigurationSource().load([RUNS])
    flat.settings["macro.odd"] = value
    for source in (made, flat):
        text = f"Setting 'macro.odd' has value .*{kind}, but a setting is a string, a number"
        with pytest.raises(ConfigurationError, match=text):
            Manager(source)


class Choice(enum.IntEnum):
    """An enumeration, as user programs define them."""

    SECOND = 2


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, 2), [1, 2]),
        (np.float64(3.0), 3.0),
        (np.int32(3), 3),
        (np.str_("a"), "a"),
        (np.ones((1, 2)), [[1.0, 1.0]]),
        (Choice.SECOND, 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_convertible_setting_values_are_converted(folder, value, plain):
    made = ymmsl.load(RUNS)
    made.settings["macro.odd"] = value
    found = Manager(made).configuration.settings["macro.odd"]
    assert found == plain
    assert type(found) is type(plain)


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1])
def test_number_that_cannot_be_sent_is_rejected_with_its_key(folder, value):
    made = ymmsl.load(RUNS)
    made.settings["macro.odd"] = value
    with pytest.raises(ConfigurationError, match=r"'macro\.odd' has value .* have 64 bits"):
        Manager(made)


def test_log_tail_is_available_after_the_end(manual):
    with Manager(manual) as manager:
        pass
    before = psutil.Process().open_files()
    assert manager.log_tail()
    assert psutil.Process().open_files() == before
