"""The other end of a stream, byte by byte."""

import socket

from adapters.tcp.frame_reader import FrameReader
from adapters.tcp.incoming_stream import StreamConnection
from adapters.wire import greeting, stream
from adapters.wire.frames import ByteQueue
from adapters.wire.reconnection import DEFAULT_RETRIES, ConnectionState, RetryPolicy
from adapters.wire.stream_receiver import StreamReceiver
from domain.coupling.messages import PeerMessage
from domain.coupling.settings import Settings

SECRET = "the secret"
CLIENT_NONCE = b"c" * greeting.NONCE_SIZE
SERVER_NONCE = b"n" * greeting.NONCE_SIZE
WORD = 8


def new_receiver(*, retries: RetryPolicy = DEFAULT_RETRIES) -> StreamReceiver:
    return StreamReceiver(sender="macro", receiver="micro", secret=SECRET, retries=retries)


def connect_receiver(
    receiver: StreamReceiver, *, now: float = 0.0, is_resumable: bool = True
) -> tuple[str, int]:
    """Open the stream at the receiver; return its hello."""
    receiver.connected(now=now, nonce=CLIENT_NONCE, is_resumable=is_resumable)
    introduction = greeting.Introduction(
        "instance micro", "instance macro", greeting.Purpose.STREAM
    )
    greeting_hello = greeting.client_hello(CLIENT_NONCE, introduction)
    assert receiver.data_to_send() == greeting_hello
    receiver.received(greeting.server_answer(SECRET, greeting_hello, SERVER_NONCE))
    assert receiver.state is ConnectionState.OPEN
    sent = receiver.data_to_send()
    finish, hello = sent[: greeting.FINISH_SIZE], sent[greeting.FINISH_SIZE :]
    greeting.check_client_finish(SECRET, greeting_hello, SERVER_NONCE, finish)
    assert int.from_bytes(hello[:WORD], "little") == len(hello) - WORD
    return stream.decode_hello(hello[WORD:])


class PieceCutter:
    """Passes bytes to a receiver in pieces of the requested sizes, as a driver does."""

    def __init__(self, receiver: StreamReceiver) -> None:
        self._receiver = receiver
        self._queue = ByteQueue()

    def put(self, data: bytes) -> list[PeerMessage]:
        """Add bytes; return the messages completed by them."""
        self._queue.put(data)
        messages = []
        while (piece := self._queue.take(self._receiver.wanted)) is not None:
            buffer = bytearray(piece)
            in_place = self._receiver.in_place
            if self._receiver.received(memoryview(buffer)):
                arrival = self._receiver.take_frame()
                if arrival is not None:
                    queue, message = arrival
                    queue.append((message, (0, 0, 0)))
                    messages.append(message)
            if not in_place:
                buffer[:] = b"\xff" * len(buffer)  # a driver reuses its memory as well
        return messages


def message(data: object = "x", number: int = 0) -> PeerMessage:
    return PeerMessage(0.0, None, data, Settings(), None, number, ())


def frame(data: object = "x", channel: int = 0, number: int = 0) -> bytes:
    """Return the bytes of a message."""
    return b"".join(map(bytes, stream.encode_message(channel, message(data, number))))


class ConnectedStream(StreamConnection):
    """An open connection from `macro` to `micro`, without reconnection.

    Args:
        sock: Delivers frames.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.stream = new_receiver()
        connect_receiver(self.stream, is_resumable=False)
        self._socket = sock
        self._reader = FrameReader(sock)
