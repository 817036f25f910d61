"""Opens the engine `embedded` with faulty workers, and counts what passes through the head."""

import asyncio
import os

from adapters.embedded.engine import EmbeddedTaskEngine
from adapters.local_agents.orphans import kill_marked_processes
from adapters.segments.segment_pool import MemfdSegmentPool
from adapters.unix_sockets.host_transport import UnixHostTransport
from tests.contract.task_engine_contract import GUARD, OpenEngine
from tests.support.engine_hosts import ScriptedHead
from tests.support.faulty_hosts import plan


class CountingTransport:
    """Counts the bytes of the frames of a process."""

    def __init__(self, transport):
        self._transport = transport
        self.bytes = 0

    def open(self, uid, receive):
        def count(sender, frame):
            self.bytes += len(frame)
            receive(sender, frame)

        self._transport.open(uid, count)

    def send(self, uid, frame):
        self.bytes += len(frame)
        self._transport.send(uid, frame)

    def forget(self, uid):
        self._transport.forget(uid)

    def close(self):
        self._transport.close()


def run(test, *, guard=GUARD, **options):
    """Run an asynchronous function with an open engine of faulty workers."""
    transports = []
    errors = []

    def new_transport(directory):
        transports.append(CountingTransport(UnixHostTransport(directory)))
        return transports[0]

    async def main():
        engine = EmbeddedTaskEngine(
            transports=new_transport,
            segments=lambda path: MemfdSegmentPool(name="head", spill_directory=path),
            store_memory=2**30,
            kill_marked=kill_marked_processes,
            on_error=errors.append,
        )
        head = ScriptedHead(engine)
        hosts = await engine.open(plan(**options), head)
        opened = OpenEngine(engine, head, hosts)
        opened.errors = errors
        opened.frame_bytes = lambda: transports[0].bytes
        opened.segment_bytes = segment_bytes
        try:
            await test(opened)
        finally:
            await engine.close()

    asyncio.run(asyncio.wait_for(main(), guard))


def segment_bytes():
    """Return the size of all segments that this process has open, with or without a mapping."""
    sizes = {}
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        path = f"/proc/self/fd/{name}"
        try:
            if "conjoin-segment" in os.readlink(path):  # noqa: PTH115
                status = os.stat(path)  # noqa: PTH116
                sizes[status.st_ino] = status.st_size
        except OSError:
            continue
    return sum(sizes.values())
