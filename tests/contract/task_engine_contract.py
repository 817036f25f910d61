"""Contract of TaskEngine.

It makes no assumption on the order in which an engine delivers calls, and not all engines report
the loss of a host unasked.
"""

import asyncio
import pickle
import re
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from application.interfaces.task_engine import TaskEngine
from domain.runtime.errors import (
    EngineError,
    HostFailed,
    HostLost,
    Unreachable,
    Unsupported,
    ValueLost,
)
from domain.runtime.hosts import (
    HEAD,
    CancelOutcome,
    Capability,
    EnginePlan,
    Host,
    HostPlan,
    SubmitOptions,
)
from domain.runtime.payloads import NO_PAYLOAD, EngineValue, Message, Payload
from tests.support.engine_hosts import DONE, FACTORY, ScriptedHead

GUARD = 60.0
"""Seconds after which a test fails that should end by itself."""

PAUSE = 0.01
MEGABYTE = 2**20
ANY = SubmitOptions()
FUNCTIONS = "tests.support.engine_hosts"
PLAIN_VALUES = {
    "none": None,
    "flag": True,
    "number": -(2**40),
    "real": 0.1,
    "text": "ü\n",
    "bytes": b"\x00\xff",
    "list": [1, [2, "x"]],
    "map": {"a": {"b": []}},
}


def two_workers(**options) -> EnginePlan:
    """Return a plan of two workers."""
    hosts = (HostPlan("worker", (0, 0)), HostPlan("worker", (0, 1)))
    return EnginePlan(hosts, FACTORY, **options)


async def eventually(condition) -> None:
    """Wait until a condition holds, which no event announces in every engine."""
    while not condition():
        await asyncio.sleep(PAUSE)


async def get_for_ever(engine: TaskEngine, value: EngineValue) -> None:
    """Get a value again and again; processes report asynchronously that they released it."""
    while True:
        await engine.get(value)
        await asyncio.sleep(PAUSE)


class OpenEngine:
    """An engine with two workers.

    Attributes:
        engine: The engine.
        head: Its RuntimeHost in the head.
        first, second: Uids of the workers.
    """

    def __init__(self, engine: TaskEngine, head: ScriptedHead, hosts) -> None:
        self.engine = engine
        self.head = head
        self.hosts = hosts
        self.first, self.second = (host.uid for host in hosts)

    async def ask(self, host, kind, /, payload=NO_PAYLOAD, values=(), **fields) -> Message:
        """Call a host."""
        return await self.engine.call(host, Message(kind, fields, payload, tuple(values)))

    async def relay(self, through, to, kind, /, payload=NO_PAYLOAD, values=(), **fields) -> Message:
        """Have a host call another one."""
        return await self.ask(through, "relay", payload, values, to=to, kind=kind, fields=fields)


async def eventually_freed(run: OpenEngine, uid: str) -> None:
    """Wait until a host has stored a value, which is freed then."""
    while "stored" not in (await run.ask(uid, "events")).fields["events"]:
        await asyncio.sleep(PAUSE)
    while (await run.engine.usage())[uid].stored:
        await asyncio.sleep(PAUSE)


class TaskEngineContract(ABC):
    """Subclass it for each adapter."""

    @abstractmethod
    def create(self) -> TaskEngine:
        """Return a new engine."""

    def run(self, test, **options) -> None:
        """Run an asynchronous function with an open engine."""

        async def main():
            engine = self.create()
            head = ScriptedHead(engine)
            hosts = await engine.open(two_workers(**options), head)
            try:
                await test(OpenEngine(engine, head, hosts))
            finally:
                await engine.close()

        asyncio.run(asyncio.wait_for(main(), GUARD))

    def require(self, capability: Capability) -> None:
        """Skip the test if the engine lacks a capability."""
        if capability not in self.create().capabilities:
            pytest.skip(f"the engine does not have {capability.name}")

    # opening and closing

    def test_open_returns_a_new_life_of_each_planned_host(self):
        async def test(run):
            assert [host.plan for host in run.hosts] == list(two_workers().hosts)
            for host in run.hosts:
                assert re.fullmatch(re.escape(host.plan.name) + "@[0-9a-f]{8}", host.uid)

        self.run(test)

    def test_settings_reach_each_host(self):
        async def test(run):
            for uid in (run.first, run.second):
                reply = await run.ask(uid, "settings")
                assert bytes(reply.payload.data) == b"s" * 100_000

        self.run(test, settings=Payload(b"s" * 100_000))

    def test_each_host_is_informed_of_the_others(self):
        async def test(run):
            reply = await run.ask(run.first, "events")
            assert reply.fields["events"] == [f"joined {run.second}"]
            assert run.head.events == []

        self.run(test)

    def test_host_that_fails_to_start_makes_open_fail_with_its_name_and_reason(self):
        with pytest.raises(EngineError, match="no licence") as caught:
            self.run(self.never, settings=Payload(b"fail to start"))
        (uid,) = caught.value.hosts
        assert uid.startswith("worker:0:1@")

    def test_factory_that_does_not_exist_makes_open_fail(self):
        async def main():
            plan = EnginePlan((HostPlan("worker", (0, 0)),), "no_such_module:create")
            engine = self.create()
            with pytest.raises(EngineError, match="no_such_module"):
                await engine.open(plan, ScriptedHead(engine))

        asyncio.run(asyncio.wait_for(main(), GUARD))

    def test_host_that_does_not_answer_in_time_makes_open_fail(self):
        with pytest.raises(EngineError, match=r"worker:0:1@\w+ did not answer"):
            self.run(self.never, settings=Payload(b"never start"), patience=3.0)

    def test_close_stops_the_head_and_can_be_called_twice(self):
        async def test(run):
            await run.engine.close()
            await run.engine.close()
            assert run.head.events.count("stopped") == 1

        self.run(test)

    def test_call_after_close_is_unreachable_or_lost(self):
        async def test(run):
            await run.engine.close()
            with pytest.raises((Unreachable, HostLost)):
                await run.ask(run.first, "echo")

        self.run(test)

    def test_close_ends_pending_calls(self):
        async def test(run):
            call = asyncio.ensure_future(run.ask(run.first, "wait"))
            await run.ask(run.first, "echo")
            await run.engine.close()
            with pytest.raises(EngineError):
                await call

        self.run(test)

    # calls

    def test_plain_fields_and_payload_arrive_unchanged(self):
        async def test(run):
            payload = Payload(b"data", (b"first", b"", bytes(range(256)) * 1000))
            reply = await run.ask(run.first, "echo", payload, **PLAIN_VALUES)
            assert reply.fields == {**PLAIN_VALUES, "sender": HEAD}
            received = reply.payload
            assert (bytes(received.data), *map(bytes, received.buffers)) == (
                payload.data,
                *payload.buffers,
            )

        self.run(test)

    def test_received_buffers_are_read_only(self):
        async def test(run):
            payload = Payload(b"", (bytearray(10), bytearray(MEGABYTE)))
            for uid in (run.first, HEAD):
                assert (await run.ask(uid, "is_read_only", payload)).fields["all"]

        self.run(test)

    def test_changes_after_the_call_do_not_reach_the_host(self):
        async def test(run):
            buffer = bytearray(b"a" * MEGABYTE)
            for uid in (run.first, HEAD):
                buffer[:] = b"a" * MEGABYTE
                call = asyncio.ensure_future(run.ask(uid, "echo", Payload(b"", (buffer,))))
                await asyncio.sleep(0)
                buffer[:] = b"b" * MEGABYTE
                (received,) = (await call).payload.buffers
                assert bytes(received) == b"a" * MEGABYTE

        self.run(test)

    def test_payload_of_64_megabytes_makes_the_round_trip(self):
        async def test(run):
            data = bytes(range(256)) * (64 * MEGABYTE // 256)
            (received,) = (await run.ask(run.first, "echo", Payload(b"", (data,)))).payload.buffers
            assert bytes(received) == data

        self.run(test)

    def test_each_of_1000_concurrent_calls_is_executed_once(self):
        async def test(run):
            calls = (run.ask(run.first, "record", number=number) for number in range(1000))
            await asyncio.gather(*calls)
            recorded = (await run.ask(run.first, "recorded")).fields["numbers"]
            assert sorted(recorded) == list(range(1000))

        self.run(test)

    def test_calls_do_not_wait_for_each_other(self):
        async def test(run):
            waiting = [asyncio.ensure_future(run.ask(run.first, "wait")) for _ in range(10)]
            await run.ask(run.first, "open")
            await asyncio.gather(*waiting)

        self.run(test)

    def test_host_calls_another_host(self):
        async def test(run):
            payload = Payload(b"x", (b"y" * MEGABYTE,))
            reply = await run.relay(run.first, run.second, "echo", payload, number=3)
            assert (reply.fields["sender"], reply.fields["number"]) == (run.first, 3)
            assert bytes(reply.payload.buffers[0]) == payload.buffers[0]

        self.run(test)

    def test_host_calls_the_head(self):
        async def test(run):
            reply = await run.relay(run.first, HEAD, "echo")
            assert reply.fields["sender"] == run.first

        self.run(test)

    def test_process_calls_itself(self):
        async def test(run):
            assert (await run.ask(HEAD, "echo")).fields["sender"] == HEAD
            assert (await run.relay(run.first, run.first, "echo")).fields["sender"] == run.first

        self.run(test)

    @pytest.mark.parametrize("uid", [HEAD, "worker"])
    def test_cancelled_call_does_not_cancel_the_request(self, uid):
        async def test(run):
            host = HEAD if uid == HEAD else run.first
            call = asyncio.ensure_future(run.ask(host, "wait_and_record", number=7))
            await run.ask(host, "echo")
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            await run.ask(host, "open")
            while (await run.ask(host, "recorded")).fields["numbers"] != [7]:
                await asyncio.sleep(PAUSE)

        self.run(test)

    @pytest.mark.parametrize("kind", ["fail", "exit"])
    def test_exception_in_a_call_to_itself_is_reported(self, kind):
        async def test(run):
            with pytest.raises(HostFailed):
                await run.ask(HEAD, kind)
            assert (await run.relay(run.first, run.first, kind)).fields["error"] == "HostFailed"

        self.run(test)

    @pytest.mark.parametrize("kind", ["fail", "exit", "garbage"])
    def test_exception_of_a_host_is_distinct_from_its_loss(self, kind):
        async def test(run):
            with pytest.raises(HostFailed):
                await run.ask(run.first, kind, Payload(b"\x80\x05garbage"))
            assert (await run.relay(run.second, run.first, kind)).fields["error"] == "HostFailed"
            await run.ask(run.first, "echo")

        self.run(test)

    def test_exception_of_the_head_is_reported_to_its_caller(self):
        async def test(run):
            with pytest.raises(HostFailed):
                await run.ask(HEAD, "fail")
            assert (await run.relay(run.first, HEAD, "fail")).fields["error"] == "HostFailed"

        self.run(test)

    @pytest.mark.parametrize("is_head", [False, True], ids=["host", "head"])
    def test_deadline_ends_a_call_and_leaves_the_host_usable(self, is_head):
        async def test(run):
            uid = HEAD if is_head else run.first
            with pytest.raises(TimeoutError):
                await run.engine.call(uid, Message("wait"), timeout=0.05)
            await run.ask(uid, "open")
            await run.ask(uid, "echo")

        self.run(test)

    def test_cancelled_call_drops_the_reply_only(self):
        async def test(run):
            call = asyncio.ensure_future(run.ask(run.first, "wait"))
            await run.ask(run.first, "echo")
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            await run.ask(run.first, "open")
            await run.ask(run.first, "echo")

        self.run(test)

    def test_field_that_is_not_plain_blocks_neither_caller_nor_host(self):
        async def test(run):
            calls = [
                run.ask(run.first, "echo", field=object()),
                run.ask(run.first, "reply_with_object"),
            ]
            # engines without an encoding of their own may accept it
            for result in await asyncio.gather(*calls, return_exceptions=True):
                assert isinstance(result, Message | TypeError | EngineError)
            await run.ask(run.first, "echo")

        self.run(test)

    def test_host_that_never_existed_is_unreachable(self):
        async def test(run):
            with pytest.raises(Unreachable):
                await run.ask("worker:7:7@00000000", "echo")

        self.run(test)

    # loss

    def test_loss_of_an_idle_host_is_reported_to_the_head_and_the_other_hosts(self):
        self.require(Capability.NOTICES)

        async def test(run):
            await run.engine.end(run.first)
            await eventually(lambda: run.head.events == [f"lost {run.first}"])
            lost = f"lost {run.first}"
            while lost not in (await run.ask(run.second, "events")).fields["events"]:
                await asyncio.sleep(PAUSE)

        self.run(test)

    def test_call_to_a_lost_host_raises_host_lost(self):
        async def test(run):
            await run.engine.end(run.first)
            with pytest.raises(HostLost) as caught:
                await run.ask(run.first, "echo")
            assert caught.value.uid == run.first
            reply = await run.relay(run.second, run.first, "echo")
            assert (reply.kind, reply.fields["uid"]) == ("lost", run.first)

        self.run(test)

    def test_loss_ends_the_calls_of_head_and_hosts_that_wait_for_a_reply(self):
        async def test(run):
            from_head = asyncio.ensure_future(run.ask(run.first, "wait"))
            from_host = asyncio.ensure_future(run.relay(run.second, run.first, "wait"))
            await run.relay(run.second, run.first, "echo")
            await run.engine.end(run.first)
            with pytest.raises(HostLost) as caught:
                await from_head
            assert caught.value.perhaps_done
            assert (await from_host).fields["uid"] == run.first

        self.run(test)

    def test_loss_is_reported_before_pending_calls_end(self):
        self.require(Capability.NOTICES)

        async def test(run):
            from_host = asyncio.ensure_future(run.relay(run.second, run.first, "wait"))
            await run.relay(run.second, run.first, "echo")
            await run.engine.end(run.first)
            assert f"lost {run.first}" in (await from_host).fields["events"]

        self.run(test)

    def test_request_is_executed_at_most_once_when_its_host_is_lost(self, tmp_path):
        self.require(Capability.REPLACES)
        mark = tmp_path / "mark"

        async def test(run):
            call = asyncio.ensure_future(run.ask(run.first, "mark_and_wait", file=str(mark)))
            await eventually(mark.exists)
            new = await run.engine.replace(run.first)
            with pytest.raises(HostLost):
                await call
            await run.ask(new.uid, "echo")
            assert mark.read_text() == "x"

        self.run(test)

    def test_end_of_a_host_that_is_gone_is_ignored(self):
        async def test(run):
            await run.engine.end(run.first)
            await run.engine.end(run.first)
            await run.ask(run.second, "echo")

        self.run(test)

    def test_replaced_host_has_a_new_life_that_all_can_call(self):
        self.require(Capability.REPLACES)

        async def test(run):
            new = await run.engine.replace(run.first)
            assert new.uid != run.first
            assert new.uid.startswith("worker:0:0@")
            assert run.head.events == [f"lost {run.first}", f"joined {new.uid}"]
            assert (await run.relay(run.second, new.uid, "echo")).fields["sender"] == run.second
            assert (await run.relay(new.uid, run.second, "echo")).fields["sender"] == new.uid
            with pytest.raises(HostLost):
                await run.ask(run.first, "echo")
            # also from a host that has started after the loss
            assert (await run.relay(new.uid, run.first, "echo")).kind == "lost"
            joined = f"joined {new.uid}"
            while joined not in (await run.ask(run.second, "events")).fields["events"]:
                await asyncio.sleep(PAUSE)

        self.run(test)

    def test_host_is_replaced_once_if_two_callers_replace_it(self):
        self.require(Capability.REPLACES)

        async def test(run):
            both = (run.engine.replace(run.first), run.engine.replace(run.first))
            results = await asyncio.gather(*both, return_exceptions=True)
            (new,) = [result for result in results if not isinstance(result, EngineError)]
            await run.ask(new.uid, "echo")
            assert len(await run.engine.usage()) == 3

        self.run(test)

    def test_close_ends_a_host_that_is_being_replaced(self):
        self.require(Capability.REPLACES)

        async def test(run):
            replacing = asyncio.ensure_future(run.engine.replace(run.first))
            await eventually(lambda: run.head.events)
            await run.engine.close()
            (result,) = await asyncio.gather(replacing, return_exceptions=True)
            assert isinstance(result, Host | EngineError)

        self.run(test)

    # values

    @pytest.mark.parametrize("size", [0, 10, MEGABYTE])
    def test_value_arrives_unchanged_in_head_and_hosts(self, size):
        async def test(run):
            payload = Payload(b"data", (b"v" * size,))
            value = await run.engine.put(payload)
            assert value.size == payload.size
            received = await run.engine.get(value)
            fetched = (await run.ask(run.first, "fetch", values=[value])).payload
            for item in (received, fetched):
                assert bytes(item.data) == b"data"
                assert bytes(item.buffers[0]) == payload.buffers[0]

        self.run(test)

    def test_changes_after_put_do_not_change_the_value(self):
        async def test(run):
            buffer = bytearray(b"a" * MEGABYTE)
            value = await run.engine.put(Payload(b"", (buffer,)))
            buffer[:] = b"b" * MEGABYTE
            (received,) = (await run.engine.get(value)).buffers
            assert bytes(received) == b"a" * MEGABYTE
            assert memoryview(received).readonly

        self.run(test)

    def test_value_is_picklable(self):
        async def test(run):
            value = await run.engine.put(Payload(b"x"))
            again = pickle.loads(pickle.dumps(value))
            assert (await run.engine.get(again)).data == b"x"

        self.run(test)

    def test_value_of_a_host_is_read_by_another_host(self):
        async def test(run):
            payload = Payload(b"", (b"v" * MEGABYTE,))
            (value,) = (await run.ask(run.first, "put", payload)).values
            fetched = (await run.ask(run.second, "fetch", values=[value])).payload
            assert bytes(fetched.buffers[0]) == payload.buffers[0]

        self.run(test)

    @pytest.mark.parametrize("size", [10, MEGABYTE])
    def test_value_outlives_the_release_of_its_sender_while_in_flight(self, size):
        async def test(run):
            value = await run.engine.put(Payload(b"v" * size))
            call = asyncio.ensure_future(run.ask(run.first, "keep", values=[value]))
            await asyncio.sleep(0)
            run.engine.release(value)
            await call
            fetched = (await run.ask(run.first, "fetch")).payload
            assert bytes(fetched.data) == b"v" * size

        self.run(test)

    def test_value_that_nothing_retains_is_freed(self):
        async def test(run):
            value = await run.engine.put(Payload(b"v" * MEGABYTE))
            await run.ask(run.first, "keep", values=[value])
            run.engine.release(value)
            await run.engine.get(value)
            await run.ask(run.first, "release")
            with pytest.raises(ValueLost):
                await get_for_ever(run.engine, value)

        self.run(test)

    def test_value_in_a_reply_that_no_caller_waits_for_is_freed(self):
        async def test(run):
            call = run.engine.call(
                run.first, Message("wait_and_put", {}, Payload(b"v" * MEGABYTE)), timeout=0.05
            )
            with pytest.raises(TimeoutError):
                await call
            await run.ask(run.first, "open")
            await eventually_freed(run, run.first)

        self.run(test)

    def test_value_retained_twice_is_released_twice(self):
        async def test(run):
            value = await run.engine.put(Payload(b"x"))
            run.engine.retain(value)
            run.engine.release(value)
            assert (await run.engine.get(value)).data == b"x"
            run.engine.release(value)
            with pytest.raises(ValueLost):
                await run.engine.get(value)
            run.engine.release(value)

        self.run(test)

    def test_received_buffer_stays_valid_after_release(self):
        async def test(run):
            value = await run.engine.put(Payload(b"", (b"a" * MEGABYTE,)))
            (received,) = (await run.engine.get(value)).buffers
            run.engine.release(value)
            for _ in range(3):
                other = await run.engine.put(Payload(b"", (b"b" * MEGABYTE,)))
                run.engine.release(other)
            assert bytes(received) == b"a" * MEGABYTE

        self.run(test)

    def test_value_that_only_a_lost_host_held_is_lost(self):
        async def test(run):
            (value,) = (await run.ask(run.first, "put", Payload(b"x"))).values
            await run.ask(run.second, "keep", values=[value])
            run.engine.release(value)
            await run.engine.end(run.second)
            with pytest.raises(ValueLost):
                await get_for_ever(run.engine, value)

        self.run(test)

    def test_value_that_was_spilled_on_request_can_be_read(self):
        self.require(Capability.SPILLS)

        async def test(run):
            payload = Payload(b"s" * MEGABYTE)
            value = await run.engine.put(payload)
            assert await run.engine.spill(1) == MEGABYTE
            assert (await run.engine.usage())[HEAD].spilled == MEGABYTE
            assert bytes((await run.engine.get(value)).data) == payload.data
            assert await run.engine.spill(MEGABYTE) == 0

        self.run(test)

    def test_spilling_without_the_capability_is_unsupported(self):
        async def test(run):
            if Capability.SPILLS in run.engine.capabilities:
                pytest.skip("the engine has SPILLS")
            with pytest.raises(Unsupported):
                await run.engine.spill(1)

        self.run(test)

    # submitted functions

    def test_submit_without_places_is_unsupported(self):
        if Capability.PLACES in self.create().capabilities:
            pytest.skip("the engine has PLACES")

        async def test(run):
            with pytest.raises(Unsupported):
                await run.engine.submit(f"{FUNCTIONS}:double", Message("", {"number": 2}), ANY)

        self.run(test)

    @pytest.mark.parametrize("function", ["double", "double_slowly"])
    def test_submitted_function_returns_its_reply_any_number_of_times(self, function):
        self.require(Capability.PLACES)

        async def test(run):
            arguments = Message("", {"number": 21})
            ticket = await run.engine.submit(f"{FUNCTIONS}:{function}", arguments, ANY)
            for _ in range(2):
                assert (await ticket.reply()).fields["number"] == 42
            assert await run.engine.cancel(ticket) is CancelOutcome.WAS_DONE

        self.run(test)

    def test_exception_of_a_submitted_function_is_reported(self):
        self.require(Capability.PLACES)

        async def test(run):
            ticket = await run.engine.submit(f"{FUNCTIONS}:raise_error", Message(""), ANY)
            with pytest.raises(HostFailed, match="submitted"):
                await ticket.reply()

        self.run(test)

    def test_arguments_that_cannot_be_sent_end_the_submission(self):
        self.require(Capability.PLACES)

        async def test(run):
            arguments = Message("", {"field": object()})
            ticket = await run.engine.submit(f"{FUNCTIONS}:double", arguments, ANY)
            with pytest.raises((TypeError, EngineError)):
                await ticket.reply()

        self.run(test)

    def test_submission_of_an_unknown_function_is_an_error(self):
        self.require(Capability.PLACES)

        async def test(run):
            with pytest.raises(EngineError, match="no_such_function"):
                await self.submit_and_wait(run, "no_such_function")

        self.run(test)

    def test_submitted_function_runs_on_one_of_the_given_hosts(self, tmp_path):
        self.require(Capability.PLACES)

        async def test(run):
            mark = tmp_path / "mark"
            ticket = await run.engine.submit(
                f"{FUNCTIONS}:wait_for_ever",
                Message("", {"mark": str(mark)}),
                SubmitOptions(hosts=(run.second,)),
            )
            await eventually(mark.exists)
            await run.engine.end(run.second)
            with pytest.raises(HostLost) as caught:
                await ticket.reply()
            assert caught.value.uid == run.second

        self.run(test)

    def test_cancelled_coroutine_is_interrupted(self, tmp_path):
        self.require(Capability.PLACES)

        async def test(run):
            mark = tmp_path / "mark"
            arguments = Message("", {"mark": str(mark)})
            ticket = await run.engine.submit(f"{FUNCTIONS}:wait_for_ever", arguments, ANY)
            await eventually(mark.exists)
            assert await run.engine.cancel(ticket) is CancelOutcome.INTERRUPTED
            with pytest.raises(asyncio.CancelledError):
                await ticket.reply()

        self.run(test)

    def test_cancelled_function_on_a_thread_goes_on(self, tmp_path):
        self.require(Capability.PLACES)

        async def test(run):
            ticket = await self.blocked(run, tmp_path, "a")
            assert await run.engine.cancel(ticket) is CancelOutcome.GOES_ON
            with pytest.raises(asyncio.CancelledError):
                await ticket.reply()
            Path(tmp_path / "until").touch()

        self.run(test)

    def test_queued_function_that_is_cancelled_never_runs(self, tmp_path):
        self.require(Capability.PLACES)

        async def test(run):
            running = [await self.blocked(run, tmp_path, name) for name in ("a", "b")]
            mark = tmp_path / "queued"
            fields = {"mark": str(mark), "until": str(tmp_path / "until")}
            function = f"{FUNCTIONS}:wait_for_file"
            queued = await run.engine.submit(function, Message("", fields), ANY)
            assert await run.engine.cancel(queued) is CancelOutcome.NEVER_RAN
            with pytest.raises(asyncio.CancelledError):
                await queued.reply()
            Path(tmp_path / "until").touch()
            for ticket in running:
                await ticket.reply()
            assert not mark.exists()

        self.run(test)

    # observation

    def test_usage_lists_the_head_and_each_host(self):
        async def test(run):
            usage = await run.engine.usage()
            assert set(usage) == {HEAD, run.first, run.second}
            assert all(uid == item.uid and item.rss > 0 for uid, item in usage.items())

        self.run(test)

    def test_usage_counts_stored_bytes(self):
        async def test(run):
            value = await run.engine.put(Payload(b"v" * MEGABYTE))
            assert (await run.engine.usage())[HEAD].stored >= MEGABYTE
            run.engine.release(value)
            assert (await run.engine.usage())[HEAD].stored == 0

        self.run(test)

    def test_printed_lines_arrive_at_the_head(self):
        self.require(Capability.LINES)

        async def test(run):
            await run.ask(run.first, "print", text="one\ntwo", stream="stdout")
            await run.ask(run.first, "print", text="three", stream="stderr")
            expected = {("stdout", "one"), ("stdout", "two"), ("stderr", "three")}
            await eventually(lambda: len(run.head.lines) >= 3)
            assert set(run.head.lines) == {(run.first, *item) for item in expected}

        self.run(test)

    async def submit_and_wait(self, run, function: str) -> None:
        """Submit a function, and wait for its reply."""
        await (await run.engine.submit(f"{FUNCTIONS}:{function}", DONE, ANY)).reply()

    async def never(self, _run) -> None:
        """Fail: `open` should have failed."""
        raise AssertionError

    async def blocked(self, run, folder: Path, name: str):
        """Return the ticket of a function that runs until a file exists."""
        mark = folder / name
        fields = {"mark": str(mark), "until": str(folder / "until")}
        ticket = await run.engine.submit(f"{FUNCTIONS}:wait_for_file", Message("", fields), ANY)
        await eventually(mark.exists)
        return ticket
