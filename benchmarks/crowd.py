"""Measures the manager while many instances register, get their peers, and deregister at once.

One process simulates all instances, and speaks MUSCLE3's protocol to either manager, so that only
the manager is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgpack
import psutil

from benchmarks.sides import Side, both_sides
from benchmarks.table import Row, in_s

WORD = struct.Struct("<Q")
GIVE_UP = 150.0


def rows() -> Iterator[Row]:
    """Yield the results."""
    theirs, ours = both_sides()
    for count in (250, 1000, 5000):
        # the time until MUSCLE3's manager listens grows faster than the square of the count
        first = _measure(theirs, count) if count <= 1000 else Measured(GIVE_UP, GIVE_UP, math.nan)
        second = _measure(ours, count)
        yield Row(f"the manager listens, {count} instances", first.up, second.up, _or_more)
        yield Row(f"{count} instances at once", first.took, second.took, _or_more)
        yield Row(
            f"memory of the manager, {count} instances",
            first.memory,
            second.memory,
            lambda x: "-" if math.isnan(x) else f"{x / 1e6:.0f} MB",
        )


class Measured(NamedTuple):
    """The measurements of a manager.

    Attributes:
        up: Seconds until it listened.
        took: Seconds from then until all instances were done.
        memory: Its peak memory use in bytes.
    """

    up: float
    took: float
    memory: float


def _or_more(seconds: float) -> str:
    return f"> {GIVE_UP:.0f} s" if seconds >= GIVE_UP else in_s(seconds)


def _configuration(count: int) -> str:
    return f"""
ymmsl_version: v0.2
models:
  crowd:
    description: Many
    components:
      macro:
        description: One
        ports: {{o_i: out, s: in}}
        implementation: by_hand
      micro:
        description: Many
        ports: {{f_init: init, o_f: final}}
        implementation: by_hand
        multiplicity: {count - 1}
      keeper:
        ports: {{}}
        description: Keeps MUSCLE3's manager running, which exits without a process
        implementation: keeper
    conduits:
      macro.out: micro.init
      micro.final: macro.in
programs:
  by_hand:
    description: Simulated by this benchmark
    execution_model: manual
  keeper:
    description: Does nothing until the benchmark is over
    executable: sleep
    args: ["1000"]
"""


def _measure(side: Side, count: int) -> Measured:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "run").mkdir()
        (folder / "model.ymmsl").write_text(_configuration(count))
        location = folder / "location"
        command = [*side.manager, "--start-all", "--run-dir", str(folder / "run")]
        command += ["--location-file", str(location), str(folder / "model.ymmsl")]
        with (folder / "output").open("w") as output:
            manager = subprocess.Popen(
                command, stdout=output, stderr=output, cwd=folder, start_new_session=True
            )
        try:
            return asyncio.run(_play(manager, location, count))
        finally:
            # the whole process group: processes that MUSCLE3's manager started would outlive it
            os.killpg(manager.pid, signal.SIGKILL)
            manager.wait()


async def _play(manager: subprocess.Popen[bytes], location: Path, count: int) -> Measured:
    begun = time.perf_counter()
    while not location.exists() or not location.read_text():
        if time.perf_counter() - begun > GIVE_UP:
            return Measured(GIVE_UP, GIVE_UP, math.nan)
        await asyncio.sleep(0.05)
    up = time.perf_counter() - begun
    host, port = location.read_text().split(",")[0].removeprefix("tcp:").rsplit(":", 1)
    names = ["macro", *(f"micro[{number}]" for number in range(count - 1))]
    failures: list[Exception] = []
    start = time.perf_counter()

    async def play(name: str) -> None:
        try:
            await _live(name, host, int(port))
        except (OSError, EOFError) as error:
            failures.append(error)

    peak = asyncio.create_task(_watch_memory(manager.pid))
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.gather(*map(play, names)), GIVE_UP)
    took = time.perf_counter() - start
    peak.cancel()
    memory = psutil.Process(manager.pid).memory_info().rss if manager.poll() is None else 0
    if failures:
        print(f"    {len(failures)} connections failed, the first: {failures[0]!r}")
    return Measured(up, took, max(memory, _PEAK.pop(manager.pid, 0)))


_PEAK: dict[int, int] = {}


async def _watch_memory(pid: int) -> None:
    process = psutil.Process(pid)
    while process.is_running():
        try:
            _PEAK[pid] = max(_PEAK.get(pid, 0), process.memory_info().rss)
        except psutil.NoSuchProcess:
            return
        await asyncio.sleep(0.1)


async def _live(name: str, host: str, port: int) -> None:
    """Send the requests of an instance, from registering to deregistering."""
    reader, writer = await _connect(host, port)
    number = 0

    async def ask(*request: object) -> list[object]:
        nonlocal number
        number += 1
        body = msgpack.packb(request)
        writer.write(WORD.pack(number) + WORD.pack(len(body)) + body)
        length = WORD.unpack(await reader.readexactly(8))[0]
        answer: list[object] = msgpack.unpackb(await reader.readexactly(length))
        return answer

    writer.write(WORD.pack(0))
    await reader.readexactly(8)
    ports = (
        [["out", "O_I"], ["in", "S"]] if name == "macro" else [["init", "F_INIT"], ["final", "O_F"]]
    )
    await ask(1, name, ["tcp:127.0.0.1:1"], ports, "0.11.0")
    pause = 0.1
    while (await ask(2, name))[0] == 2:
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 5.0)
    await ask(4)
    await ask(3, name)
    writer.write(WORD.pack(0))
    writer.close()


async def _connect(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    pause = 0.5
    while True:
        try:
            return await asyncio.open_connection(host, port)
        except OSError:
            if pause > 10:
                raise
            await asyncio.sleep(pause)
            pause *= 1.26
