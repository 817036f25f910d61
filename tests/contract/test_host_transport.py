"""Contract of HostTransport."""

import asyncio
import os
import socket
import stat
import tempfile
from abc import ABC, abstractmethod

import pytest

from adapters.unix_sockets.host_transport import UnixHostTransport
from application.interfaces.host_transport import HostTransport

GUARD = 30.0


class Inbox:
    """Collects frames."""

    def __init__(self):
        self.frames = []
        self._changed = asyncio.Event()

    def receive(self, sender, frame):
        self.frames.append((sender, frame))
        self._changed.set()

    async def wait_for(self, count):
        while len(self.frames) < count:
            self._changed.clear()
            await self._changed.wait()


class HostTransportContract(ABC):
    """Subclass it for each adapter."""

    @abstractmethod
    def create(self, directory: str) -> HostTransport:
        """Return a transport of the run with this directory."""

    @pytest.fixture
    def directory(self):
        with tempfile.TemporaryDirectory() as path:
            yield path

    def run(self, test):
        """Run an asynchronous test."""
        asyncio.run(asyncio.wait_for(test(), GUARD))

    def test_frames_arrive_in_order_with_their_sender(self, directory):
        async def test():
            inbox = Inbox()
            sender, receiver = self.create(directory), self.create(directory)
            sender.open("a", Inbox().receive)
            receiver.open("worker:0:1@12345678", inbox.receive)
            frames = [b"%d" % number for number in range(5000)]
            for frame in frames:
                sender.send("worker:0:1@12345678", frame)
            await inbox.wait_for(5000)
            assert inbox.frames == [("a", frame) for frame in frames]
            sender.close()
            receiver.close()

        self.run(test)

    def test_frames_wait_for_a_receiver_that_opens_later(self, directory):
        async def test():
            inbox = Inbox()
            sender, receiver = self.create(directory), self.create(directory)
            sender.open("a", Inbox().receive)
            sender.send("b", b"early")
            await asyncio.sleep(0)
            receiver.open("b", inbox.receive)
            await inbox.wait_for(1)
            sender.close()
            receiver.close()

        self.run(test)

    def test_large_frame_arrives(self, directory):
        async def test():
            inbox = Inbox()
            sender, receiver = self.create(directory), self.create(directory)
            sender.open("a", Inbox().receive)
            receiver.open("b", inbox.receive)
            sender.send("b", bytes(10**7))
            await inbox.wait_for(1)
            assert len(inbox.frames[0][1]) == 10**7
            sender.close()
            receiver.close()

        self.run(test)

    def test_close_sends_what_is_queued(self, directory):
        async def test():
            inbox = Inbox()
            sender, receiver = self.create(directory), self.create(directory)
            sender.open("a", Inbox().receive)
            receiver.open("b", inbox.receive)
            sender.send("b", b"last")
            sender.close()
            await inbox.wait_for(1)
            receiver.close()

        self.run(test)

    def test_close_does_not_wait_for_a_receiver_that_is_forgotten(self, directory):
        async def test():
            sender = self.create(directory)
            sender.open("a", Inbox().receive)
            sender.send("never opened", b"x")
            await asyncio.sleep(0)
            sender.forget("never opened")
            sender.forget("unknown")
            sender.close()
            sender.close()

        self.run(test)

    def test_frames_for_a_receiver_that_does_not_read_are_queued(self, directory):
        async def test():
            inbox = Inbox()
            sender, receiver = self.create(directory), self.create(directory)
            receiver.open("b", inbox.receive)
            sender.open("a", Inbox().receive)
            for number in range(100):
                # both are on one loop, so the receiver cannot read meanwhile
                sender.send("b", bytes([number]) * 100_000)
            await inbox.wait_for(100)
            assert [frame[0] for _, frame in inbox.frames] == list(range(100))
            assert all(len(frame) == 100_000 for _, frame in inbox.frames)
            sender.close()
            receiver.close()

        self.run(test)

    def test_frames_to_a_receiver_that_is_gone_are_dropped(self, directory):
        async def test():
            inbox = Inbox()
            sender, receiver = self.create(directory), self.create(directory)
            receiver.open("b", inbox.receive)
            sender.open("a", Inbox().receive)
            sender.send("b", b"x")
            await inbox.wait_for(1)
            receiver.close()
            for _ in range(100):
                sender.send("b", bytes(100_000))
                await asyncio.sleep(0)
            sender.forget("b")
            sender.close()

        self.run(test)

    def test_address_that_cannot_be_used_is_an_error(self, directory):
        async def test():
            transport = self.create(directory + "/missing")
            with pytest.raises(OSError, match="cannot bind"):
                transport.open("a", Inbox().receive)

        self.run(test)

    def test_garbage_on_a_socket_is_ignored(self, directory):
        async def test():
            inbox = Inbox()
            sender, receiver = self.create(directory), self.create(directory)
            receiver.open("b", inbox.receive)
            with socket.socket(socket.AF_UNIX) as stranger:
                stranger.connect(f"{directory}/b")
                stranger.sendall(os.urandom(10_000))
                sender.open("a", Inbox().receive)
                sender.send("b", b"x")
                # ZeroMQ may take garbage for frames of an old version of its protocol
                while ("a", b"x") not in inbox.frames:
                    await inbox.wait_for(len(inbox.frames) + 1)
            sender.close()
            receiver.close()

        self.run(test)

    def test_socket_is_removed_at_close(self, directory):
        async def test():
            transport = self.create(directory)
            transport.open("a", Inbox().receive)
            assert stat.S_ISSOCK(os.stat(f"{directory}/a").st_mode)  # noqa: PTH116
            transport.close()
            assert os.listdir(directory) == []  # noqa: PTH208

        self.run(test)


class TestUnixHostTransport(HostTransportContract):
    def create(self, directory):
        return UnixHostTransport(directory)
