"""Measures the engine `embedded` of the task runtime, beside what it is built on.

The floors are: two interpreters that import asyncio; a ping-pong between two Unix sockets; copying
memory. They are measured at the same time, because other load on the machine affects both.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from benchmarks.programs.idle_host import IdleHost
from benchmarks.table import Row, in_ms, in_s, in_us
from domain.runtime.hosts import EnginePlan, HostPlan
from domain.runtime.payloads import Message, Payload
from entrypoints._runtime.engines import new_embedded_engine

COLUMNS = ("floor", "engine `embedded`")
SIZE = 64 * 2**20
CALLS = 1000
REPETITIONS = 5
PLAN = EnginePlan(
    tuple(HostPlan("worker", (0, index)) for index in range(2)),
    "benchmarks.programs.idle_host:IdleHost",
)
PONG = """
import socket, sys
sock = socket.socket(fileno=int(sys.argv[1]))
while data := sock.recv(1):
    sock.send(data)
"""


def rows() -> Iterator[Row]:
    """Yield the results."""
    yield from asyncio.run(_measure())


async def _measure() -> list[Row]:
    begin = time.perf_counter()
    _start_interpreters()
    floor_of_start = time.perf_counter() - begin
    engine = new_embedded_engine(on_error=print)
    begin = time.perf_counter()
    hosts = await engine.open(PLAN, IdleHost())
    start = time.perf_counter() - begin
    uids = [host.uid for host in hosts]
    try:
        memory = sum(map(_proportional_set_size, _descendants()))
        cpu = await _idle_cpu([host.pid or 0 for host in hosts])
        empty = Message("empty")
        floors, trips, throughputs, puts, gets, copies = [], [], [], [], [], []
        for _ in range(REPETITIONS):
            floors.append(_ping_pong())
            trips.append(await _per_call(lambda: engine.call(uids[0], empty)))
            throughputs.append(await _concurrent(engine, uids))
            copies.append(_copy())
            put, get = await _store(engine)
            puts.append(put)
            gets.append(get)
        large = Payload(b"", (bytes(SIZE),))
        echoes = [await _seconds(engine.call(uids[0], Message("", {}, large))) for _ in range(4)]
    finally:
        await engine.close()
    return [
        Row("start until two workers have answered", floor_of_start, start, in_s),
        Row("empty call, round trip", min(floors), min(trips), in_us),
        Row("calls/s, 1000 in flight, 2 workers", 0, 1 / min(throughputs), lambda x: f"{x:.0f}"),
        Row("put of 64 MB", min(copies), min(puts), in_ms),
        Row("get of 64 MB", 0, min(gets), in_us),
        Row("call with 64 MB as argument and as result", 2 * min(copies), min(echoes), in_ms),
        Row("memory of all processes but the head (PSS)", 0, memory, lambda x: f"{x / 1e6:.0f} MB"),
        Row("CPU of an idle worker", 0, cpu, lambda x: f"{x:.2f} %"),
    ]


def _start_interpreters() -> None:
    command = [sys.executable, "-c", "import asyncio, msgpack"]
    processes = [subprocess.Popen(command) for _ in range(2)]
    for process in processes:
        process.wait()


def _ping_pong() -> float:
    own, other = socket.socketpair()
    command = [sys.executable, "-c", PONG, str(other.fileno())]
    with other, subprocess.Popen(command, pass_fds=[other.fileno()]) as process:
        other.close()
        with own:
            own.send(b"x")
            own.recv(1)
            begin = time.perf_counter()
            for _ in range(CALLS):
                own.send(b"x")
                own.recv(1)
            seconds = time.perf_counter() - begin
        process.wait()
    return seconds / CALLS


async def _per_call(call: Callable[[], Awaitable[object]]) -> float:
    begin = time.perf_counter()
    for _ in range(CALLS):
        await call()
    return (time.perf_counter() - begin) / CALLS


async def _concurrent(engine, uids: list[str]) -> float:
    begin = time.perf_counter()
    calls = (engine.call(uids[number % 2], Message("empty")) for number in range(CALLS))
    await asyncio.gather(*calls)
    return (time.perf_counter() - begin) / CALLS


def _copy() -> float:
    source, target = bytes(SIZE), bytearray(SIZE)
    begin = time.perf_counter()
    target[:] = source
    return time.perf_counter() - begin


async def _store(engine) -> tuple[float, float]:
    payload = Payload(b"", (bytes(SIZE),))
    begin = time.perf_counter()
    value = await engine.put(payload)
    middle = time.perf_counter()
    received = await engine.get(value)
    end = time.perf_counter()
    del received
    engine.release(value)
    await asyncio.sleep(0)  # the mapping ends in the next turn
    return middle - begin, end - middle


async def _seconds(call: Awaitable[object]) -> float:
    begin = time.perf_counter()
    reply = await call
    seconds = time.perf_counter() - begin
    del reply
    await asyncio.sleep(0.05)  # the memory is returned by a notice
    return seconds


async def _idle_cpu(pids: list[int]) -> float:
    before = sum(map(_cpu_seconds, pids))
    await asyncio.sleep(5)
    return 100 * (sum(map(_cpu_seconds, pids)) - before) / 5 / len(pids)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _descendants() -> list[int]:
    found = [os.getpid()]
    for parent in found:
        for thread in Path(f"/proc/{parent}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found[1:]


def _proportional_set_size(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    line = next(line for line in lines if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024
