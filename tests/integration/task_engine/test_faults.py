"""Processes of the engine `embedded` die, stop or are attacked."""

import asyncio
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.runtime.errors import EngineError, HostFailed, HostLost
from domain.runtime.hosts import HEAD, EnginePlan, HostPlan, LossKind, SubmitOptions
from domain.runtime.payloads import Message, Payload
from entrypoints._runtime.engines import new_embedded_engine
from tests.contract.task_engine_contract import GUARD, eventually
from tests.integration.task_engine.faulty_runs import run
from tests.support.conditions import is_running, wait_until
from tests.support.engine_hosts import ScriptedHead
from tests.support.faulty_hosts import FACTORY, plan

MEGABYTE = 2**20


async def loss_of(call):
    with pytest.raises(HostLost) as caught:
        await call
    return caught.value.reason


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGABRT])
def test_signal_that_kills_a_worker_is_reported(number):
    async def test(run):
        reason = await loss_of(run.ask(run.first, "kill", signal=int(number)))
        assert (reason.kind, reason.signal) == (LossKind.KILLED, number)
        assert number.name in reason.text
        assert "last words" in reason.last_lines

    run(test)


def test_segmentation_fault_is_reported_with_the_place_in_the_code():
    async def test(run):
        reason = await loss_of(run.ask(run.first, "read_null"))
        assert reason.signal == signal.SIGSEGV
        assert any("in do_read_null" in line for line in reason.last_lines)

    run(test)


@pytest.mark.parametrize("code", [0, 3])
def test_exit_code_of_a_worker_is_reported(code):
    async def test(run):
        reason = await loss_of(run.ask(run.first, "leave", code=code))
        assert (reason.kind, reason.exit_code) == (LossKind.EXITED, code)
        assert reason.last_lines == ("last words",)

    run(test)


def test_exit_on_another_thread_ends_only_that_thread():
    async def test(run):
        await run.ask(run.first, "exit_on_thread")
        await run.ask(run.first, "echo")
        with pytest.raises(HostFailed):
            await run.ask(run.first, "exit")
        await run.ask(run.first, "echo")

    run(test)


def test_descendants_of_a_killed_worker_die_with_it():
    async def test(run):
        pids = (await run.ask(run.first, "start_processes")).fields["pids"]
        assert all(map(is_running, pids))
        await loss_of(run.ask(run.first, "kill", signal=9))
        await eventually(lambda: not any(map(is_running, pids)))
        await run.ask(run.second, "echo")

    run(test)


def test_descendants_end_when_the_engine_closes():
    pids = []

    async def test(run):
        pids.extend((await run.ask(run.first, "start_processes")).fields["pids"])

    run(test)
    wait_until(lambda: not any(map(is_running, pids)))


def test_worker_whose_watchdog_is_killed_is_lost_with_its_descendants():
    async def test(run):
        pids = (await run.ask(run.first, "start_processes")).fields["pids"]
        worker = run.hosts[0].pid
        call = asyncio.ensure_future(run.ask(run.first, "wait"))
        await run.ask(run.first, "echo")
        os.kill(parent_of(worker), signal.SIGKILL)
        assert (await loss_of(call)).signal == signal.SIGKILL
        await eventually(lambda: not any(map(is_running, [worker, *pids])))

    run(test)


def test_death_of_a_worker_whose_watchdog_is_suspended_is_reported():
    async def test(run):
        os.kill(parent_of(run.hosts[0].pid), signal.SIGSTOP)
        reason = await loss_of(run.ask(run.first, "leave", code=5))
        assert reason.exit_code == 5

    run(test)


def test_descendant_that_prints_on_does_not_block_the_head():
    async def test(run):
        await run.ask(run.first, "start_printing")
        os.kill(parent_of(run.hosts[0].pid), signal.SIGKILL)
        await eventually(lambda: run.first in run.head.reasons)
        await run.ask(run.second, "echo")

    run(test)


def test_cancelled_close_goes_on():
    async def test(run):
        closing = asyncio.ensure_future(run.engine.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        await run.engine.close()
        assert not any(is_running(host.pid) for host in run.hosts)

    run(test)


def test_suspended_worker_is_not_lost():
    async def test(run):
        os.kill(run.hosts[0].pid, signal.SIGSTOP)
        try:
            with pytest.raises(TimeoutError):
                await run.engine.call(run.first, Message("echo"), timeout=0.2)
        finally:
            os.kill(run.hosts[0].pid, signal.SIGCONT)
        await run.ask(run.first, "echo")
        assert run.head.events == []

    run(test)


def test_suspended_worker_can_be_ended_and_replaced():
    async def test(run):
        os.kill(run.hosts[0].pid, signal.SIGSTOP)
        new = await run.engine.replace(run.first)
        await run.ask(new.uid, "echo")
        assert run.head.reasons[run.first].kind is LossKind.ENDED

    run(test)


def test_suspended_worker_does_not_stop_the_engine_from_closing():
    async def test(run):
        os.kill(run.hosts[0].pid, signal.SIGSTOP)
        await run.engine.close(patience=0.2)
        assert not is_running(run.hosts[0].pid)

    run(test)


def test_worker_that_holds_the_interpreter_lock_is_not_lost():
    async def test(run):
        busy = asyncio.ensure_future(run.ask(run.first, "hold_gil", microseconds=2_000_000))
        await run.ask(run.second, "echo")
        await busy
        assert run.head.events == []

    run(test)


def test_head_that_computes_is_not_lost_and_its_messages_wait():
    async def test(run):
        call = asyncio.ensure_future(run.relay(run.first, HEAD, "echo"))
        await asyncio.sleep(0)
        ctypes.PyDLL(None).usleep(2_000_000)
        assert (await call).fields["sender"] == run.first
        await run.relay(run.second, run.first, "echo")
        assert run.head.events == []

    run(test)


def test_process_that_cannot_be_started_makes_open_fail(monkeypatch):
    async def main():
        engine = new_embedded_engine(on_error=print)
        monkeypatch.setattr(sys, "executable", "/no/such/python")
        with pytest.raises(EngineError, match="/no/such/python"):
            await engine.open(plan(), ScriptedHead(engine))

    asyncio.run(asyncio.wait_for(main(), GUARD))


def test_replacement_that_does_not_start_leaves_the_others_usable(monkeypatch):
    async def test(run):
        monkeypatch.setenv("PYTHONHOME", "/no/such/directory")
        with pytest.raises(EngineError, match="it printed"):
            await run.engine.replace(run.first)
        monkeypatch.delenv("PYTHONHOME")
        assert run.head.events == [f"lost {run.first}"]
        new = await run.engine.replace(run.first)
        await run.relay(run.second, new.uid, "echo")
        function = "tests.support.engine_hosts:double"
        for number in range(4):
            arguments = Message("", {"number": number})
            ticket = await run.engine.submit(function, arguments, SubmitOptions())
            assert (await ticket.reply()).fields["number"] == 2 * number

    run(test)


def test_error_while_the_head_stops_leaves_nothing_behind():
    async def test(run):
        async def fail():
            raise ValueError("cannot stop")

        run.head.stop = fail
        directory = run.engine.directory
        await run.engine.close()
        assert not Path(directory).exists()
        assert any("cannot stop" in text for text in run.errors)

    run(test)


def test_second_node_is_refused_and_another_engine_recommended():
    async def main():
        engine = new_embedded_engine(on_error=print)
        other = EnginePlan((HostPlan("worker", (1, 0), node=1),), FACTORY)
        with pytest.raises(EngineError, match="engine='dask'"):
            await engine.open(other, ScriptedHead(engine))

    asyncio.run(main())


def test_values_survive_the_death_of_the_worker_that_stored_them():
    async def test(run):
        payload = Payload(b"v" * MEGABYTE)
        small, large = [
            (await run.ask(run.first, "put", item)).values[0] for item in (Payload(b"x"), payload)
        ]
        await loss_of(run.ask(run.first, "kill", signal=9))
        assert (await run.engine.get(small)).data == b"x"
        fetched = await run.ask(run.second, "fetch", values=[large])
        assert bytes(fetched.payload.data) == payload.data

    run(test)


def test_mapped_data_of_a_dead_worker_stays_valid():
    async def test(run):
        reply = await run.ask(run.first, "echo", Payload(b"", (b"v" * MEGABYTE,)))
        await loss_of(run.ask(run.first, "kill", signal=9))
        assert bytes(reply.payload.buffers[0]) == b"v" * MEGABYTE

    run(test)


def test_garbage_on_the_sockets_is_ignored():
    async def test(run):
        for name in (HEAD, run.first):
            for garbage in (b"GET / HTTP/1.0\r\n\r\n", os.urandom(5000), b"\xff\x00\x00"):
                with socket.socket(socket.AF_UNIX) as stranger:
                    stranger.connect(f"{run.engine.directory}/{name}")
                    stranger.sendall(garbage)
        await run.ask(run.first, "echo")
        await run.relay(run.first, HEAD, "echo")

    run(test)


def test_cancelled_open_leaves_nothing_behind():
    async def main():
        engine = new_embedded_engine(on_error=print)
        opening = asyncio.ensure_future(
            engine.open(plan(settings=Payload(b"never start")), ScriptedHead(engine))
        )
        await eventually(lambda: engine.directory is not None)
        directory = engine.directory
        await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert not Path(directory).exists()

    asyncio.run(asyncio.wait_for(main(), GUARD))


@pytest.mark.parametrize("variable", ["TMPDIR", "XDG_RUNTIME_DIR"])
def test_directory_with_a_long_path_is_not_used_for_sockets(variable, tmp_path, monkeypatch):
    long = tmp_path / ("d" * 200)
    long.mkdir()
    monkeypatch.setenv(variable, str(long))

    async def test(run):
        assert not run.engine.directory.startswith(str(long))
        await run.ask(run.first, "echo")

    run(test)
    assert list(long.iterdir()) == []


def test_sockets_are_in_a_directory_that_others_cannot_enter():
    async def test(run):
        assert os.stat(run.engine.directory).st_mode & 0o777 == 0o700  # noqa: PTH116

    run(test)


@contextmanager
def head_process():
    """Start a head in a process of its own; yield it and what it reports."""
    command = [sys.executable, "-m", "tests.support.faulty_hosts"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as head:
        try:
            yield head, json.loads(head.stdout.readline())
        finally:
            head.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_signal_to_the_head_leaves_nothing_behind(number):
    with head_process() as (head, there):
        head.send_signal(number)
        assert head.wait() != 0
    pids = there["workers"] + there["watchdogs"] + there["descendants"]
    wait_until(lambda: not any(map(is_running, pids)))
    wait_until(lambda: not Path(there["directory"]).exists())


def test_head_killed_while_a_worker_is_suspended_leaves_nothing_behind():
    with head_process() as (head, there):
        os.kill(there["workers"][0], signal.SIGSTOP)
        head.kill()
        head.wait()
    pids = there["workers"] + there["watchdogs"] + there["descendants"]
    wait_until(lambda: not any(map(is_running, pids)))
    wait_until(lambda: not Path(there["directory"]).exists())


def parent_of(pid):
    """Return the parent of a process."""
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])
