"""Values in the engine `embedded`: shared memory, spilling, and what passes through the head."""

import asyncio
from pathlib import Path

import pytest

from domain.runtime.errors import EngineError
from domain.runtime.hosts import HEAD
from domain.runtime.payloads import Payload
from tests.contract.task_engine_contract import PAUSE, eventually
from tests.integration.task_engine.faulty_runs import run

MEGABYTE = 2**20


def files_in(directory):
    """Return all files below a directory."""
    return [path for path in Path(directory).rglob("*") if path.is_file()]


def test_values_beyond_the_limit_are_spilled_and_read_back(tmp_path):
    async def test(run):
        payloads = [Payload(bytes([number]) * MEGABYTE) for number in range(8)]
        values = [await run.engine.put(payload) for payload in payloads[:4]]
        for payload in payloads[4:]:
            values += (await run.ask(run.first, "put", payload)).values
        usage = await run.engine.usage()
        spilled = usage[HEAD].spilled + usage[run.first].spilled
        assert 5 * MEGABYTE <= spilled <= 6 * MEGABYTE
        assert len(files_in(tmp_path)) in (5, 6)
        for value, payload in zip(values, payloads, strict=True):
            assert bytes((await run.engine.get(value)).data) == payload.data
            fetched = await run.ask(run.second, "fetch", values=[value])
            assert bytes(fetched.payload.data) == payload.data
        for value in values:
            run.engine.release(value)
        await eventually(lambda: files_in(tmp_path) == [])

    run(test, store_memory=3 * MEGABYTE, spill_directory=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_mapped_value_is_not_spilled(tmp_path):
    async def test(run):
        mapped = await run.engine.put(Payload(b"m" * MEGABYTE))
        payload = await run.engine.get(mapped)
        other = await run.engine.put(Payload(b"o" * MEGABYTE))
        assert (await run.engine.usage())[HEAD].spilled == MEGABYTE
        assert bytes(payload.data) == b"m" * MEGABYTE
        assert bytes((await run.engine.get(other)).data) == b"o" * MEGABYTE

    run(test, store_memory=MEGABYTE, spill_directory=str(tmp_path))


def test_put_fails_if_a_value_cannot_be_spilled(tmp_path):
    (tmp_path / "file").touch()

    async def test(run):
        first = await run.engine.put(Payload(b"f" * MEGABYTE))
        with pytest.raises(EngineError, match="cannot store"):
            await run.engine.put(Payload(b"s" * MEGABYTE))
        reply = await run.ask(run.first, "echo")
        assert reply.kind == "echo"
        assert bytes((await run.engine.get(first)).data) == b"f" * MEGABYTE
        run.engine.release(first)
        while (await run.engine.usage())[HEAD].stored:
            await asyncio.sleep(PAUSE)
        await run.engine.put(Payload(b"t" * MEGABYTE))

    run(test, store_memory=MEGABYTE, spill_directory=str(tmp_path / "file"))


def test_value_from_host_to_host_does_not_pass_through_the_head():
    async def test(run):
        payload = Payload(b"", (b"v" * MEGABYTE,))
        before = run.frame_bytes()
        (value,) = (await run.ask(run.first, "put", payload)).values
        reply = await run.relay(run.first, run.second, "measure", payload, values=[value])
        assert reply.fields["size"] == MEGABYTE
        # the payload is in a request of the head, but travels in shared memory too
        assert run.frame_bytes() - before < 20_000

    run(test)


def test_memory_of_released_values_is_used_again():
    async def test(run):
        for _ in range(20):
            value = await run.engine.put(Payload(b"v" * (8 * MEGABYTE)))
            run.engine.release(value)
        for _ in range(20):
            await run.ask(run.first, "echo", Payload(b"v" * (8 * MEGABYTE)))
        assert run.segment_bytes() <= 48 * MEGABYTE

    run(test)


def test_memory_lent_to_a_lost_host_is_used_again():
    async def test(run):
        for _ in range(5):
            lent = asyncio.ensure_future(run.ask(run.first, "wait", Payload(b"v" * (8 * MEGABYTE))))
            await run.ask(run.first, "echo")
            run.first = (await run.engine.replace(run.first)).uid
            await asyncio.gather(lent, return_exceptions=True)
        assert run.segment_bytes() <= 32 * MEGABYTE

    run(test)


def test_many_calls_leave_no_memory_and_no_descriptors_behind():
    async def test(run):
        for _ in range(3):
            calls = (run.ask(run.first, "echo", Payload(b"v" * 100_000)) for _ in range(200))
            await asyncio.gather(*calls)
        assert run.segment_bytes() <= 48 * MEGABYTE

    run(test)
