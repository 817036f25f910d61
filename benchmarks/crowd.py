"""Many instances that register, get peers and settings, and deregister, all at once.

They are played by one process that speaks MUSCLE3's protocol to either manager, so that it is the
manager that is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgpack
import psutil

from benchmarks.sides import Side, both_sides
from benchmarks.table import Row, in_s

WORD = struct.Struct("<Q")
GIVE_UP = 150.0


def rows() -> Iterator[Row]:
    """Yield what was measured."""
    theirs, ours = both_sides()
    for count in (1000, 5000):
        seconds, memory = [], []
        for side in (theirs, ours):
            took, peak = _measure(side, count)
            seconds.append(took)
            memory.append(peak)
        yield Row(f"{count} instances at once", *seconds, _or_more)
        yield Row(
            f"memory of the manager, {count} instances", *memory, lambda x: f"{x / 1e6:.0f} MB"
        )


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
    conduits:
      macro.out: micro.init
      micro.final: macro.in
programs:
  by_hand:
    description: Played by this benchmark
    execution_model: manual
"""


def _measure(side: Side, count: int) -> tuple[float, float]:
    """Return seconds for all instances, and the manager's memory in bytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "run").mkdir()
        (folder / "model.ymmsl").write_text(_configuration(count))
        location = folder / "location"
        command = [*side.manager, "--start-all", "--run-dir", str(folder / "run")]
        command += ["--location-file", str(location), str(folder / "model.ymmsl")]
        with (folder / "output").open("w") as output:
            manager = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
        try:
            return asyncio.run(_play(manager, location, count))
        finally:
            manager.kill()
            manager.wait()


async def _play(
    manager: subprocess.Popen[bytes], location: Path, count: int
) -> tuple[float, float]:
    begun = time.perf_counter()
    while not location.exists() or not location.read_text():
        if time.perf_counter() - begun > GIVE_UP:
            return GIVE_UP, float(psutil.Process(manager.pid).memory_info().rss)
        await asyncio.sleep(0.05)
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
    return took, max(memory, _PEAK.pop(manager.pid, 0))


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
    """Do what an instance does, from registering to deregistering."""
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


if __name__ == "__main__":
    os.nice(0)
    for row in rows():
        print(row, flush=True)
